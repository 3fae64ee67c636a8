"""What `Module.state_dict` and `load_state_dict` do, and how `Module.to` reads its arguments."""

from __future__ import annotations

from collections import OrderedDict, namedtuple

from ...autograd.grad_mode import no_grad
from ...tensor import Tensor
from ..parameter import Parameter

EXTRA = "_extra_state"


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    __slots__ = ()

    def __repr__(self):
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


def _has_extra(module, method):
    from .module import Module

    return getattr(type(module), method) is not getattr(Module, method)


def state_dict(module, args, destination, prefix, keep_vars):
    """Collects the values of `module` and all below it into one OrderedDict."""
    if args:
        import warnings

        warnings.warn(
            "Positional args are being deprecated, use kwargs instead. Refer to "
            "https://pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.state_dict"
            " for details.",
            FutureWarning,
            stacklevel=3,
        )
        destination = args[0] if destination is None else destination
        if len(args) > 1 and prefix == "":
            prefix = args[1]
        if len(args) > 2 and keep_vars is False:
            keep_vars = args[2]
    if destination is None:
        destination = OrderedDict()
        destination._metadata = OrderedDict()
    local = {"version": module._version}
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix[:-1]] = local
    for hook in module._state_dict_pre_hooks.values():
        hook(module, prefix, keep_vars)
    module._save_to_state_dict(destination, prefix, keep_vars)
    for name, child in module._modules.items():
        if child is not None:
            child.state_dict(destination=destination, prefix=prefix + name + ".", keep_vars=keep_vars)
    for key, hook in module._state_dict_hooks.items():
        result = hook(module, destination, prefix, local)
        if result is not None:
            if key in module._state_dict_hooks_public:
                raise RuntimeError("state_dict post-hook must return None")
            destination = result
    return destination


def save_own(module, destination, prefix, keep_vars):
    """Puts one module's own values into `destination`."""
    for name, value in module._parameters.items():
        if value is not None:
            destination[prefix + name] = value if keep_vars else value.detach()
    for name, value in module._buffers.items():
        if value is not None and name not in module._non_persistent_buffers_set:
            destination[prefix + name] = value if keep_vars else value.detach()
    if _has_extra(module, "get_extra_state"):
        destination[prefix + EXTRA] = module.get_extra_state()


def load_state_dict(module, values, strict, assign):
    """Copies `values` into `module` and all below it; see `Module.load_state_dict`."""
    from collections.abc import Mapping

    if not isinstance(values, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(values)}.")
    missing: list[str] = []
    unexpected: list[str] = []
    errors: list[str] = []
    metadata = getattr(values, "_metadata", None)
    values = OrderedDict(values)
    if metadata is not None:
        values._metadata = metadata

    def load(module, values, prefix):
        local = {} if metadata is None else metadata.get(prefix[:-1], {})
        if assign:
            local["assign_to_params_buffers"] = True
        module._load_from_state_dict(values, prefix, local, True, missing, unexpected, errors)
        for name, child in module._modules.items():
            if child is not None:
                below = prefix + name + "."
                load(child, {k: v for k, v in values.items() if k.startswith(below)}, below)
        keys = _IncompatibleKeys(missing, unexpected)
        for hook in module._load_state_dict_post_hooks.values():
            if hook(module, keys) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to "
                    "return new values, if incompatible_keys need to be modified, it should be done "
                    "inplace."
                )

    load(module, values, "")
    if strict:
        if unexpected:
            names = ", ".join(f'"{k}"' for k in unexpected)
            errors.insert(0, f"Unexpected key(s) in state_dict: {names}. ")
        if missing:
            names = ", ".join(f'"{k}"' for k in missing)
            errors.insert(0, f"Missing key(s) in state_dict: {names}. ")
    if errors:
        listed = "\n\t".join(errors)
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t{listed}")
    return _IncompatibleKeys(missing, unexpected)


def load_own(module, values, prefix, local, strict, missing, unexpected, errors):
    """Copies one module's own values out of `values`; what does not fit goes to the lists."""
    for key, hook in module._load_state_dict_pre_hooks.items():
        of_module = (module,) if key in module._load_state_dict_pre_hooks_with_module else ()
        hook(*of_module, values, prefix, local, strict, missing, unexpected, errors)
    persistent = {
        k: v for k, v in module._buffers.items() if k not in module._non_persistent_buffers_set
    }
    own = {k: v for k, v in [*module._parameters.items(), *persistent.items()] if v is not None}
    assign = local.get("assign_to_params_buffers", False)
    for name, target in own.items():
        key = prefix + name
        if key in values:
            _load_one(module, name, key, target, values[key], assign, errors)
        elif strict:
            missing.append(key)
    extra = prefix + EXTRA
    if _has_extra(module, "set_extra_state"):
        if extra in values:
            module.set_extra_state(values[extra])
        elif strict:
            missing.append(extra)
    elif strict and extra in values:
        unexpected.append(extra)
    if strict:
        for key in values:
            if key.startswith(prefix) and key != extra:
                rest = key[len(prefix) :].split(".", 1)
                if len(rest) > 1:
                    if rest[0] not in module._modules:
                        unexpected.append(key)
                elif rest[0] not in own:
                    unexpected.append(key)


def _load_one(module, name, key, target, value, assign, errors):
    if not isinstance(value, Tensor):
        errors.append(
            f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object '
            f"from checkpoint but received {type(value)}"
        )
        return
    if target._array.shape == () and value._array.shape == (1,):
        value = value[0]  # files from PyTorch 0.3 have scalars so
    if value._array.shape != target._array.shape:
        errors.append(
            f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, the "
            f"shape in current model is {target.shape}."
        )
        return
    try:
        with no_grad():
            if not assign:
                target.copy_(value)
            elif isinstance(target, Parameter):
                taken = value if isinstance(value, Parameter) else Parameter(value, target.requires_grad)
                setattr(module, name, taken.requires_grad_(target.requires_grad))
            else:
                setattr(module, name, value)
    except Exception as error:
        errors.append(
            f'While copying the parameter named "{key}", whose dimensions in the model are '
            f"{target.size()} and whose dimensions in the checkpoint are {value.size()}, an "
            f"exception occurred : {error.args}."
        )
