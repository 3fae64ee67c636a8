"""Optimizer: parameter groups, state, hooks; what every optimizer shares.

A subclass states its formula once, as a function on lists of arrays (`sgd_step`, `adam_step`, ...)
that changes the parameters' memory in place. It is reached through the kernel table, where a native
kernel updates all parameters in one call (csrc/optim.cpp), and knows nothing of tensors or groups.
"""

from __future__ import annotations

import copy
import functools
import warnings
from collections import OrderedDict, defaultdict
from itertools import chain

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..autograd.grad_mode import enable_grad, recording_variable
from ..autograd.hooks import RemovableHandle
from ..backend.quiet import IGNORE, loud, quiet
from ..backend.table import FORWARDS
from ..naming import typename
from ..tensor import Tensor

required = object()

_global_pre_hooks: OrderedDict = OrderedDict()
_global_post_hooks: OrderedDict = OrderedDict()


def formula(function):
    """Enters an update formula into the kernel table under its own name."""
    FORWARDS[function.__name__] = function
    return function


def register_optimizer_step_pre_hook(hook):
    """Calls `hook(optimizer, args, kwargs)` before every optimizer's step.

    Returns a handle, whose `remove()` takes the hook out again. A pair (args, kwargs) that the hook
    returns takes the place of the step's arguments.

    >>> import tidu
    >>> from tidu.optim.optimizer import register_optimizer_step_pre_hook
    >>> def announce(optimizer, args, kwargs):
    ...     print("a step of", type(optimizer).__name__)
    >>> handle = register_optimizer_step_pre_hook(announce)
    >>> tidu.optim.SGD([tidu.zeros(1)]).step()
    a step of SGD
    >>> handle.remove()
    """
    handle = RemovableHandle(_global_pre_hooks)
    _global_pre_hooks[handle.id] = hook
    return handle


def register_optimizer_step_post_hook(hook):
    """Calls `hook(optimizer, args, kwargs)` after every optimizer's step.

    Returns a handle, whose `remove()` takes the hook out again.

    >>> import tidu
    >>> from tidu.optim.optimizer import register_optimizer_step_post_hook
    >>> def announce(optimizer, args, kwargs):
    ...     print("done:", type(optimizer).__name__)
    >>> handle = register_optimizer_step_post_hook(announce)
    >>> tidu.optim.SGD([tidu.zeros(1)]).step()
    done: SGD
    >>> handle.remove()
    """
    handle = RemovableHandle(_global_post_hooks)
    _global_post_hooks[handle.id] = hook
    return handle


class Optimizer:
    """Base class of all optimizers.

    `params`: an iterable of tensors, of (name, tensor) pairs, or of dicts with "params" and options
    of their own; `defaults`: the options of groups that do not give them.

    >>> import tidu
    >>> class SignSGD(tidu.optim.Optimizer):
    ...     @tidu.no_grad()
    ...     def step(self):
    ...         for group in self.param_groups:
    ...             for p in group["params"]:
    ...                 p -= group["lr"] * p.grad.sign()
    >>> p = tidu.nn.Parameter(tidu.tensor([1.0, -1.0]))
    >>> (p * p).sum().backward()
    >>> SignSGD([p], {"lr": 0.25}).step()
    >>> p.data
    tensor([ 0.7500, -0.7500])
    """

    def __init__(self, params, defaults):
        self.defaults = defaults
        self._optimizer_step_pre_hooks = OrderedDict()
        self._optimizer_step_post_hooks = OrderedDict()
        self._optimizer_state_dict_pre_hooks = OrderedDict()
        self._optimizer_state_dict_post_hooks = OrderedDict()
        self._optimizer_load_state_dict_pre_hooks = OrderedDict()
        self._optimizer_load_state_dict_post_hooks = OrderedDict()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got torch.{params.dtype.title}Tensor"
            )
        self.state: defaultdict[Tensor, dict] = defaultdict(dict)
        self.param_groups = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _with_hooks(cls.step)  # type: ignore[method-assign]

    def __getstate__(self):
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state):
        self.__dict__.update(state)
        for name in (
            "_optimizer_step_pre_hooks", "_optimizer_step_post_hooks",
            "_optimizer_state_dict_pre_hooks", "_optimizer_state_dict_post_hooks",
            "_optimizer_load_state_dict_pre_hooks", "_optimizer_load_state_dict_post_hooks",
        ):  # fmt: skip
            self.__dict__.setdefault(name, OrderedDict())

    def __repr__(self):
        text = type(self).__name__ + " ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n"
            for key in sorted(group):
                if key != "params":
                    text += f"    {key}: {group[key]}\n"
        return text + ")"

    def step(self, closure=None):
        """One update of the parameters; every optimizer defines it."""
        raise NotImplementedError

    def zero_grad(self, set_to_none=True):
        """Forgets the gradients of all parameters (or sets them to zero)."""
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is not None:
                    if set_to_none:
                        p._grad = None
                    else:
                        p._grad = p._grad.detach()
                        p._grad.zero_()

    def add_param_group(self, param_group):
        """Adds a group of parameters, with options of its own where it gives any."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, Tensor):
            params = [params]
        elif isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering "
                "of tensors in sets will change between runs. Please use a list instead."
            )
        params = list(params)
        names = None
        if params and all(isinstance(p, tuple) for p in params):
            names, params = [n for n, _ in params], [p for _, p in params]
        elif any(isinstance(p, tuple) for p in params):
            raise ValueError(
                "all optimizer params should be with/without names. Some param names are missing"
            )
        for p in params:
            _check_parameter(p)
        group = {**param_group, "params": params}
        if names is not None:
            group["param_names"] = names
        for name, default in self.defaults.items():
            if default is required and name not in group:
                raise ValueError(
                    f"parameter group didn't specify a value of required optimization parameter {name}"
                )
            group.setdefault(name, default)
        if len({id(p) for p in params}) != len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this "
                "will cause an error; see github.com/pytorch/pytorch/issues/40967 for more "
                "information",
                stacklevel=3,
            )
        if self.param_groups and ("param_names" in group) != ("param_names" in self.param_groups[0]):
            missing = "without" if "param_names" not in group else "with"
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{missing} names to the optimizer"
            )
        held = {id(p) for g in self.param_groups for p in g["params"]}
        if not held.isdisjoint(id(p) for p in params):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(group)

    # State

    def state_dict(self):
        """The state and the options of all groups, with parameters as numbers in their order."""
        for hook in list(self._optimizer_state_dict_pre_hooks.values()):
            hook(self)
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            packed = {k: v for k, v in group.items() if k != "params"}
            for p in group["params"]:
                numbers.setdefault(id(p), len(numbers))
            packed["params"] = [numbers[id(p)] for p in group["params"]]
            groups.append(packed)
        state = {
            numbers[id(k)] if isinstance(k, Tensor) else k: v for k, v in self.state.items()
        }
        packed = {"state": state, "param_groups": groups}
        for hook in list(self._optimizer_state_dict_post_hooks.values()):
            packed = hook(self, packed) or packed
        return packed

    def load_state_dict(self, state_dict):
        """Takes over what `state_dict` gave, by the order of the parameters."""
        state_dict = state_dict.copy()
        for hook in list(self._optimizer_load_state_dict_pre_hooks.values()):
            state_dict = hook(self, state_dict) or state_dict
        groups, saved = self.param_groups, copy.deepcopy(state_dict["param_groups"])
        if len(groups) != len(saved):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(g["params"]) != len(s["params"]) for g, s in zip(groups, saved)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of "
                "optimizer's group"
            )
        by_number = dict(
            zip(
                chain.from_iterable(g["params"] for g in saved),
                chain.from_iterable(g["params"] for g in groups),
            )
        )
        state: defaultdict = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in by_number:
                state[by_number[key]] = _adapt(by_number[key], value)
            else:
                state[key] = value
        merged = []
        for group, new in zip(groups, saved):
            new["params"] = group["params"]
            if "param_names" in group and "param_names" not in new:
                new["param_names"] = group["param_names"]
            merged.append(new)
        self.__setstate__({"state": state, "param_groups": merged})
        for hook in list(self._optimizer_load_state_dict_post_hooks.values()):
            hook(self)

    # Hooks

    def _add_hook(self, table, hook, prepend=False):
        handle = RemovableHandle(table)
        table[handle.id] = hook
        if prepend:
            table.move_to_end(handle.id, last=False)
        return handle

    def register_step_pre_hook(self, hook):
        """Calls `hook(optimizer, args, kwargs)` before each step."""
        return self._add_hook(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook):
        """Calls `hook(optimizer, args, kwargs)` after each step."""
        return self._add_hook(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook, prepend=False):
        """Calls `hook(optimizer)` before `state_dict`."""
        return self._add_hook(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook, prepend=False):
        """Calls `hook(optimizer, state_dict)` after `state_dict`; it may return another."""
        return self._add_hook(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook, prepend=False):
        """Calls `hook(optimizer, state_dict)` before loading; it may return another."""
        return self._add_hook(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook, prepend=False):
        """Calls `hook(optimizer)` after loading."""
        return self._add_hook(self._optimizer_load_state_dict_post_hooks, hook, prepend)

    # For subclasses

    def _gather(self, group):
        """The parameters of a group that have a gradient."""
        params = [p for p in group["params"] if p._grad is not None]
        if params and group["differentiable"]:
            raise NotImplementedError(
                f"tidu has no {type(self).__name__}(differentiable=True) yet: the update is not recorded"
            )
        return params

    def _states(self, params, group):
        """The state of each parameter, begun where it is empty."""
        states = [self.state[p] for p in params]
        for p, state in zip(params, states):
            if not state:
                self._begin(state, p._array, group)
        return states

    def _begin(self, state, array, group):
        """Puts into the empty `state` of a parameter what the first step needs."""



def check_flags(foreach, fused=None, differentiable=False):
    """PyTorch's refusals of combinations; tidu has one implementation, whatever is asked for."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def check_lr(lr):
    """PyTorch's conditions for a learning rate: at least 0, and one number if it is a tensor."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    if not 0.0 <= lr:  # noqa: SIM300  (the order is visible in the TypeError of a None)
        raise ValueError(f"Invalid learning rate: {lr}")


def check_betas(betas):
    """PyTorch's conditions for the decay rates of running averages."""
    for i in (0, 1):
        if not 0.0 <= betas[i] < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {betas[i]}")


def check_not_negative(**options):
    """PyTorch's error for an option below 0; the keyword is its name there, `_` for a space."""
    for name, value in options.items():
        if not 0.0 <= value:  # noqa: SIM300
            raise ValueError(f"Invalid {name} value: {value}")


_NUMBERS = frozenset({float, int, bool})


def number(value):
    """A Python number from a number, of NumPy's too, or a one-element tensor."""
    if type(value) in _NUMBERS:  # nearly always
        return value
    return value.item() if isinstance(value, (Tensor, np.generic)) else value


def arrays(tensors):
    """Their memory."""
    return [t._array for t in tensors]


def gradients(params):
    """The memory of the gradients of tensors that have one."""
    return [p._grad._array for p in params]


def held(states, name):
    """The memory of one entry of each parameter's state."""
    return [state[name]._array for state in states]


def zeros(array):
    """A state that begins at zero."""
    return Tensor._wrap(np.zeros_like(array))


def as_real(*arrays):
    """Complex arrays as their real and imaginary parts, which count as parameters of their own."""
    return [
        a
        if a is None or a.dtype.kind != "c"
        else as_strided(a.real, (*a.shape, 2), (*a.strides, a.itemsize // 2))
        for a in arrays
    ]


def run_closure(closure):
    """Computes the loss anew, with recording on; None without a closure."""
    if closure is None:
        return None
    with enable_grad():
        return closure()


def _with_hooks(step):
    """`step` outside the graph, with the hooks before and after."""
    if getattr(step, "hooked", False):
        return step

    @functools.wraps(step)
    def wrapper(self, *args, **kwargs):
        args = (self, *args)  # as PyTorch's hooks see them
        for hook in [*_global_pre_hooks.values(), *self._optimizer_step_pre_hooks.values()]:
            changed = hook(self, args, kwargs)
            if changed is not None:
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise RuntimeError(
                        f"{step} must return None or a tuple of (new_args, new_kwargs), but got "
                        f"{changed}."
                    )
                args, kwargs = changed
        settings = quiet(IGNORE)
        recording = recording_variable.set(0)
        try:
            result = step(*args, **kwargs)
        finally:
            recording_variable.reset(recording)
            loud(settings)
        for hook in [*self._optimizer_step_post_hooks.values(), *_global_post_hooks.values()]:
            hook(self, args, kwargs)
        return result

    wrapper.hooked = True  # type: ignore[attr-defined]
    return wrapper


def _check_parameter(p):
    if not isinstance(p, Tensor):
        raise TypeError(
            f"optimizer can only optimize Tensors, but one of the params is {typename(p)}"
        )
    if not (p.is_leaf or p._retains):
        error = ValueError("can't optimize a non-leaf Tensor")
        error.add_note(
            "This tensor is a result: give the optimizer what it was computed from, the tensors "
            "made with requires_grad=True (or model.parameters())."
        )
        raise error


def _adapt(p, value, key=None):
    """Loaded state in the parameter's dtype; the count of steps keeps its own."""
    if isinstance(value, Tensor):
        if key != "step" and p.dtype.is_floating_point:
            return value.to(p.dtype)
        return value.clone() if key == "step" else value
    if isinstance(value, dict):
        return {k: _adapt(p, v, key=k) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_adapt(p, v) for v in value)
    return value
