"""Module hooks: the user's functions around `forward`, `backward`, `state_dict` and registration.

A module without hooks is called directly; `Module.__call__` looks at `_has_hooks` and at
`any_global` only.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import Any

from ...autograd.hooks import RemovableHandle
from ...tensor import Tensor

# The tables of a module, by the name of its attribute.
_TABLES = (
    "_backward_pre_hooks", "_backward_hooks", "_forward_hooks", "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called", "_forward_pre_hooks", "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks", "_state_dict_hooks_public", "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks", "_load_state_dict_pre_hooks_with_module",
    "_load_state_dict_post_hooks",
)  # fmt: skip

any_global = False
global_forward_pre: OrderedDict = OrderedDict()
global_forward: OrderedDict = OrderedDict()
global_forward_always: dict = {}
global_forward_with_kwargs: dict = {}
global_backward_pre: OrderedDict = OrderedDict()
global_backward: OrderedDict = OrderedDict()
global_old_backward: OrderedDict = OrderedDict()
global_registration: dict[str, OrderedDict] = {
    kind: OrderedDict() for kind in ("parameter", "buffer", "module")
}


def empty_tables():
    """A fresh module's hook tables."""
    tables: dict[str, Any] = {name: OrderedDict() for name in _TABLES}
    tables["_is_full_backward_hook"] = None
    tables["_has_hooks"] = False
    return tables


def initialise(state):
    """Gives a module's `__dict__` its (shared, empty) tables; they become its own when used."""
    state.update(empty_tables())


# Calling


def call(module, args, kwargs):
    """`module.forward(*args, **kwargs)` with everything that hangs on it."""
    backward_hooks = module._backward_hooks  # the name in the error, if __init__ was not called
    finished: set = set()
    try:
        return _call(module, args, kwargs, backward_hooks, finished)
    except Exception:
        _call_always(module, args, kwargs, finished)
        raise


def _call(module, args, kwargs, backward_hooks, finished):
    args, kwargs = _before_forward(module, args, kwargs)
    full_backward = module._is_full_backward_hook
    pre = [*global_backward_pre.values(), *module._backward_pre_hooks.values()]
    full = [*global_backward.values()]
    if full_backward:
        full += backward_hooks.values()
    around = None
    if pre or full:
        around = _BackwardHooks(module, full, pre)
        args = around.inputs(args)
    result = module.forward(*args, **kwargs)
    for key, hook in [*global_forward.items(), *module._forward_hooks.items()]:
        finished.add(key)
        if key in module._forward_hooks_with_kwargs or key in global_forward_with_kwargs:
            changed = hook(module, args, kwargs, result)
        else:
            changed = hook(module, args, result)
        if changed is not None:
            result = changed
    if around is not None:
        if not isinstance(result, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of "
                f"Tensors but received {type(result)}",
                stacklevel=3,
            )
        else:
            result = around.outputs(result)
    old = [*global_old_backward.values()]
    if full_backward is False:
        old += backward_hooks.values()
    if old:
        _old_backward_hooks(module, old, args, result)
    return result


def _before_forward(module, args, kwargs):
    for key, hook in [*global_forward_pre.items(), *module._forward_pre_hooks.items()]:
        if key in module._forward_pre_hooks_with_kwargs:
            changed = hook(module, args, kwargs)
            if changed is not None:
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise RuntimeError(
                        "forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {changed}."
                    )
                args, kwargs = changed
        else:
            changed = hook(module, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
    return args, kwargs


def _call_always(module, args, kwargs, finished):
    """After an error: the hooks that asked to be called all the same."""
    always = {**module._forward_hooks_always_called, **global_forward_always}
    for key, hook in [*global_forward.items(), *module._forward_hooks.items()]:
        if key in always and key not in finished:
            try:
                if key in module._forward_hooks_with_kwargs or key in global_forward_with_kwargs:
                    hook(module, args, kwargs, None)
                else:
                    hook(module, args, None)
            except Exception as error:
                warnings.warn(
                    "module forward hook with ``always_call=True`` raised an exception that was "
                    f"silenced as another error was raised in forward: {error!s}",
                    stacklevel=2,
                )


class _BackwardHooks:
    """Full backward hooks: they see the gradients of a module's inputs and of its outputs.

    Inputs and outputs pass through an identity each, whose node knows when its gradient is there.
    """

    def __init__(self, module, hooks, pre_hooks):
        self.module, self.hooks, self.pre_hooks = module, hooks, pre_hooks
        self.grad_outputs: tuple | None = None
        self.n_inputs = 0
        self.input_positions: list[int] = []
        self.inputs_like: list[tuple] = []

    def inputs(self, args):
        positions = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        self.n_inputs = len(args)
        self.input_positions = positions
        if not any(args[i].requires_grad for i in positions):
            self.input_positions = []
            return args
        passed, node = _pass_through([args[i] for i in positions])
        node.register_hook(self._inputs_done)
        self.inputs_like = [(args[i].shape, args[i].dtype) for i in positions]
        args = list(args)
        for i, t in zip(positions, passed):
            args[i] = t
        return tuple(args)

    def outputs(self, result):
        parts = (result,) if isinstance(result, Tensor) else result
        positions = [i for i, a in enumerate(parts) if isinstance(a, Tensor)]
        if not any(parts[i].requires_grad for i in positions):
            return result
        passed, node = _pass_through([parts[i] for i in positions])
        node.register_prehook(lambda grads: self._outputs_ready(grads, positions, len(parts)))
        parts = list(parts)
        for i, t in zip(positions, passed):
            parts[i] = t
        return parts[0] if isinstance(result, Tensor) else tuple(parts)

    def _outputs_ready(self, grads, positions, n):
        found = [None] * n
        for i, g in zip(positions, grads):
            found[i] = g
        full: tuple = tuple(found)
        for hook in self.pre_hooks:
            changed = hook(self.module, full)
            if changed is not None:
                changed = changed if isinstance(changed, tuple) else (changed,)
                if len(changed) != len(full):
                    raise RuntimeError(
                        "Backward pre hook returned an invalid number of grad_output, "
                        f"got {len(changed)}, but expected {len(full)}"
                    )
                full = changed
        self.grad_outputs = full
        if not self.input_positions:
            # No input needs a gradient: there is no later moment to wait for.
            if self.hooks:
                warnings.warn(
                    "Full backward hook is firing when gradients are computed with respect to module "
                    "outputs since no inputs require gradients. See "
                    "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
                    "#torch.nn.Module.register_full_backward_hook for more details.",
                    stacklevel=5,
                )
            for hook in self.hooks:
                changed = hook(self.module, (None,) * self.n_inputs, full)
                if changed is not None and not all(c is None for c in changed):
                    raise RuntimeError(
                        "Backward hook for Modules where no input requires gradient should always "
                        "return None or None for all gradients."
                    )
        return tuple(full[i] for i in positions)

    def _inputs_done(self, grad_inputs, _):
        from ...ops.creation import zeros

        if self.grad_outputs is None:  # no gradient of the outputs was seen
            return None
        found: list = [None] * self.n_inputs
        for i, g, (shape, dtype) in zip(self.input_positions, grad_inputs, self.inputs_like):
            # As in PyTorch, hooks see zeros for a tensor that no gradient reached.
            found[i] = zeros(shape, dtype=dtype) if g is None else g
        full = tuple(found)
        for hook in self.hooks:
            changed = hook(self.module, full, self.grad_outputs)
            if changed is not None:
                changed = changed if isinstance(changed, tuple) else (changed,)
                if len(changed) != len(full):
                    raise RuntimeError(
                        "Backward hook returned an invalid number of grad_input, "
                        f"got {len(changed)}, but expected {len(full)}"
                    )
                full = changed
        self.grad_outputs = None
        return tuple(full[i] for i in self.input_positions)


def _pass_through(tensors):
    """The tensors behind an identity, and its node."""
    from ...autograd.function import Function

    class BackwardHookFunction(Function):
        @staticmethod
        def forward(ctx, *inputs):
            ctx.mark_non_differentiable(*[t for t in inputs if not t.requires_grad])
            return inputs

        @staticmethod
        def backward(ctx, *grads):
            return grads

    passed = BackwardHookFunction.apply(*tensors)
    node = next(t.grad_fn for t in passed if t.grad_fn is not None)
    return passed, node


def _old_backward_hooks(module, hooks, args, result):
    """The deprecated form: the hook sits on the node of the first output."""
    outputs = result
    first = result
    while not isinstance(first, Tensor):
        first = next(iter(first.values() if isinstance(first, dict) else first))
    node = first.grad_fn
    if node is not None:
        for hook in hooks:
            node.register_hook(lambda gi, go, hook=hook: hook(module, gi, go))
        _warn_of_old_hooks(args, outputs, node)


def _warn_of_old_hooks(args, outputs, node):
    """PyTorch's warnings where the deprecated hooks miss gradients."""
    outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
    advice = " Please use register_full_backward_hook to get the documented behavior."
    if not _all_tensors(outputs):
        when = "on a Module that does not return a single Tensor or a tuple of Tensors"
        missing = "of the grad_output"
    elif not _all_tensors(args):
        when = "on a Module that does not take as input a single Tensor or a tuple of Tensors"
        missing = "of the grad_input"
    elif len({t.grad_fn for t in outputs if t.grad_fn is not None}) > 1:
        when, missing = "when outputs are generated by different autograd Nodes", "grad_output"
    elif {t.grad_fn for t in args if t.grad_fn is not None} != {n for n, _ in node.next_functions}:
        when, missing = "when the forward contains multiple autograd Nodes", "grad_input"
    else:
        return
    hooks = "non-full backward hooks" if when.startswith("on") else "a non-full backward hook"
    warnings.warn(
        f"Using {hooks} {when} is deprecated and will be removed in future versions. This hook will be "
        f"missing some {missing}.{advice}",
        FutureWarning,
        stacklevel=5,
    )


def _all_tensors(values):
    return isinstance(values, tuple) and all(isinstance(t, Tensor) for t in values)


# Registration


def _add(module, table, hook, prepend=False, **flags):
    """Enters a hook in a module's table; `flags` name the tables that note its options."""
    module._has_hooks = True
    entries = getattr(module, table)
    extra = [getattr(module, name) for name, wanted in flags.items() if wanted]
    handle = RemovableHandle(entries, extra_dict=extra or None)
    entries[handle.id] = hook
    for noted in extra:
        noted[handle.id] = True
    if prepend:
        entries.move_to_end(handle.id, last=False)
    return handle


def register_forward_pre_hook(self, hook, *, prepend=False, with_kwargs=False):
    """Calls `hook(module, args)` (or with `kwargs`) before `forward`; it may return new ones."""
    return _add(
        self, "_forward_pre_hooks", hook, prepend, _forward_pre_hooks_with_kwargs=with_kwargs
    )


def register_forward_hook(self, hook, *, prepend=False, with_kwargs=False, always_call=False):
    """Calls `hook(module, args, output)` after `forward`; it may return another output.

    `always_call`: also when `forward` raised.
    """
    return _add(
        self, "_forward_hooks", hook, prepend,
        _forward_hooks_with_kwargs=with_kwargs, _forward_hooks_always_called=always_call,
    )  # fmt: skip


def register_full_backward_pre_hook(self, hook, prepend=False):
    """Calls `hook(module, grad_output)` before the module's gradients are computed."""
    return _add(self, "_backward_pre_hooks", hook, prepend)


def register_full_backward_hook(self, hook, prepend=False):
    """Calls `hook(module, grad_input, grad_output)` once the inputs' gradients are known."""
    if self._is_full_backward_hook is False:
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks on a single Module. "
            "Please use only one of them."
        )
    self._is_full_backward_hook = True
    return _add(self, "_backward_hooks", hook, prepend)


def register_backward_hook(self, hook):
    """The deprecated form of `register_full_backward_hook`."""
    if self._is_full_backward_hook is True:
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks on a single Module. "
            "Please use only one of them."
        )
    self._is_full_backward_hook = False
    return _add(self, "_backward_hooks", hook)


def register_state_dict_pre_hook(self, hook):
    """Calls `hook(module, prefix, keep_vars)` before `state_dict` collects."""
    return _add(self, "_state_dict_pre_hooks", hook)


def register_state_dict_post_hook(self, hook):
    """Calls `hook(module, state_dict, prefix, local_metadata)` after `state_dict` collected."""
    return _add(self, "_state_dict_hooks", hook, _state_dict_hooks_public=True)


def _register_state_dict_hook(self, hook):
    """The older form, whose hook may return another state_dict."""
    return _add(self, "_state_dict_hooks", hook)


def register_load_state_dict_pre_hook(self, hook):
    """Calls `hook(module, state_dict, prefix, ...)` before this module loads its values."""
    return _register_load_state_dict_pre_hook(self, hook, with_module=True)


def _register_load_state_dict_pre_hook(self, hook, with_module=False):
    """The older form, whose hook does not get the module unless it asks for it."""
    return _add(
        self, "_load_state_dict_pre_hooks", hook, _load_state_dict_pre_hooks_with_module=with_module
    )


def register_load_state_dict_post_hook(self, hook):
    """Calls `hook(module, incompatible_keys)` after `load_state_dict`."""
    return _add(self, "_load_state_dict_post_hooks", hook)


_METHODS = (
    register_forward_pre_hook, register_forward_hook, register_full_backward_pre_hook,
    register_full_backward_hook, register_backward_hook, register_state_dict_pre_hook,
    register_state_dict_post_hook, _register_state_dict_hook, register_load_state_dict_pre_hook,
    _register_load_state_dict_pre_hook, register_load_state_dict_post_hook,
)  # fmt: skip


def install(cls):
    """Gives Module its methods that register hooks."""
    for method in _METHODS:
        setattr(cls, method.__name__, method)


# Hooks of all modules

_ONE_KIND_FOR_ALL = (
    "Cannot use both regular backward hooks and full backward hooks as a global Module hook. "
    "Please use only one of them."
)


def _add_global(table, hook, *, flags=()):
    global any_global
    handle = RemovableHandle(table, extra_dict=list(flags) or None)
    table[handle.id] = hook
    for noted in flags:
        noted[handle.id] = True
    any_global = True  # stays on: looking at empty tables costs little
    return handle


def register_module_forward_pre_hook(hook):
    """Calls `hook(module, args)` before the forward of every module."""
    return _add_global(global_forward_pre, hook)


def register_module_forward_hook(hook, *, with_kwargs=False, always_call=False):
    """Calls `hook(module, args, output)` after the forward of every module."""
    flags = [global_forward_with_kwargs] * with_kwargs + [global_forward_always] * always_call
    return _add_global(global_forward, hook, flags=flags)


def register_module_full_backward_pre_hook(hook):
    """Calls `hook(module, grad_output)` before the backward of every module."""
    return _add_global(global_backward_pre, hook)


def register_module_full_backward_hook(hook):
    """Calls `hook(module, grad_input, grad_output)` after the backward of every module."""
    if global_old_backward:
        raise RuntimeError(_ONE_KIND_FOR_ALL)
    return _add_global(global_backward, hook)


def register_module_backward_hook(hook):
    """The deprecated form of `register_module_full_backward_hook`."""
    if global_backward:
        raise RuntimeError(_ONE_KIND_FOR_ALL)
    return _add_global(global_old_backward, hook)


def register_module_parameter_registration_hook(hook):
    """Calls `hook(module, name, param)` whenever a parameter is registered."""
    return _add_global(global_registration["parameter"], hook)


def register_module_buffer_registration_hook(hook):
    """Calls `hook(module, name, buffer)` whenever a buffer is registered."""
    return _add_global(global_registration["buffer"], hook)


def register_module_module_registration_hook(hook):
    """Calls `hook(module, name, submodule)` whenever a submodule is registered."""
    return _add_global(global_registration["module"], hook)
