"""The arguments of public functions: their names, and PyTorch's errors for those that do not fit.

Nothing here runs for a call with positional arguments that succeeds. When one fails with a
TypeError or an AttributeError, `explain` looks whether the arguments were at fault.
"""

from __future__ import annotations

import re

from .. import dtypes
from ..tensor import Tensor

# Other names for parameters: NumPy's, which every function takes, and those of some aliases.
_OTHER_NAMES = {
    "axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input", "x2": "other",
    "axis0": "dim0", "axis1": "dim1",
    "indices": "indices_or_sections", "sections": "indices_or_sections",
    "tensor_indices_or_sections": "indices_or_sections", "split_size": "split_size_or_sections",
    "test_element": "test_elements", "element": "elements", "input2": "L",
}  # fmt: skip

# What PyTorch's messages call the type of a parameter, if neither its default nor an annotation says.
_INTS = frozenset("dim dim0 dim1 diagonal offset n k start length chunks num_classes groups".split())
_SIZES = frozenset("dims shifts size sizes shape split_sizes kernel_size".split())
_TENSORS = frozenset("input other tensor1 tensor2 vec1 vec2 mat1 mat2 batch1 batch2 mask".split())


def rename(kwargs, names):
    """Keywords, other names replaced by those that the function has."""
    return {
        _OTHER_NAMES[key] if key not in names and _OTHER_NAMES.get(key) in names else key: value
        for key, value in kwargs.items()
    }


def bind(op, title, is_method, args, kwargs):
    """The positional arguments for an operation that is called with keywords, too."""
    names = op.public_params
    count = len(args)
    values = [*args]
    kwargs = rename(kwargs, names)
    if "dtype" in kwargs:
        kwargs["dtype"] = dtypes.plain(kwargs["dtype"])
    for name, inner in zip(names[count:], op.params[count:]):
        if name in kwargs:
            values.append(kwargs.pop(name))
        elif inner in op.defaults:
            values.append(op.defaults[inner])
        else:
            raise _arity(_Form(title, op, is_method), args, kwargs)
    if kwargs or count > len(names):
        raise _arity(_Form(title, op, is_method), args, kwargs)
    return tuple(values)


class _Form:
    """A public function's parameters, as its caller sees them."""

    def __init__(self, title, source, is_method):
        self.title, self.is_method = title, is_method
        if hasattr(source, "public_params"):  # a declared operation
            inner, names, keyword_only = source.params, source.public_params, source.n_keyword_only
            defaults = source.defaults
            self.variable, self.keywords = False, source.keywords
            self.tensors = {names[i] for i in source.tensors if i not in source.lists}
            self.lists = {names[i] for i in source.lists}
            takes_numbers = source.promote and not source.strict
            self.numbers = {names[i] for i in source.promoted if i} if takes_numbers else set()
        else:
            code = source.__code__
            keyword_only = code.co_kwonlyargcount
            inner = names = code.co_varnames[: code.co_argcount + keyword_only]
            values = source.__defaults__ or ()
            defaults = dict(zip(names[code.co_argcount - len(values) : code.co_argcount], values))
            defaults.update(source.__kwdefaults__ or {})
            self.variable, self.keywords = bool(code.co_flags & 4), frozenset()
            self.tensors = {*names[:is_method], *(_TENSORS & set(names))}
            self.lists = {"tensors"} & set(names)
            self.numbers = self.tensors - set(names[:1])
        self.names = names
        self.positional = names[: len(names) - keyword_only]
        self.defaults = {n: defaults[i] for n, i in zip(names, inner) if i in defaults}

    def wanted(self, name):
        """What PyTorch says an argument must be, and whether a value is that."""
        default = self.defaults.get(name)
        if name in self.tensors:
            kinds = (Tensor, int, float, complex) if name in self.numbers else Tensor
            return "Tensor", lambda v: isinstance(v, kinds) or (v is None and name in self.defaults)
        if name in self.lists:
            return "tuple of Tensors", lambda v: isinstance(v, (tuple, list))
        if name == "dtype":
            return "torch.dtype", lambda v: v is None or isinstance(v, dtypes.dtype)
        if name in _SIZES:
            return "tuple of ints", lambda v: not isinstance(v, (str, float, complex, dict))
        if name == "keepdim":
            return "bool", lambda v: isinstance(v, bool)
        if isinstance(default, bool):
            return "bool", lambda v: not isinstance(v, (str, float, complex, dict, tuple, list))
        if name in _INTS or isinstance(default, int):
            return "int", lambda v: not isinstance(v, (str, float, complex, dict))
        if isinstance(default, float):
            return "float", lambda v: not isinstance(v, (str, dict, tuple, list))
        return None


def explain(error, title, source, is_method, args, kwargs):
    """PyTorch's error for a call that failed with `error`, if that is a better one; else None."""
    text = str(error)
    if "invalid combination" in text:
        return None
    form = _Form(title, source, is_method)
    if isinstance(error, AttributeError):
        form.numbers = set()  # a number was taken for a tensor
    return _arity(form, args, kwargs) or _kind(form, args, kwargs) or _titled(error, text, title)


def _titled(error, text, title):
    """An in-place form or an alias fails under its own name."""
    found = re.match(r"(\w+)\(", text)
    if found and found[1] == title.rstrip("_") and found[1] != title:
        return type(error)(title + text[found.end() - 1 :])
    return None


def _arity(form, args, kwargs):
    skip = form.is_method
    names, count = form.positional[skip:], len(args) - skip
    required = [n for n in form.names[skip:] if n not in form.defaults]
    title = form.title
    if not form.names[1:] and form.is_method and not form.variable and (count or kwargs):
        given = f"no arguments ({count} given)" if count else "no keyword arguments"
        return TypeError(f"TensorBase.{title}() takes {given}")
    if count > len(names) and not form.variable:
        least = sum(n not in form.defaults for n in names)
        many = f"{len(names)}" if least == len(names) else f"from {least} to {len(names)}"
        plural = "" if many == "1" else "s"
        were = "was" if count == 1 else "were"
        return TypeError(
            f"{title}() takes {many} positional argument{plural} but {count} {were} given"
        )
    kwargs = rename(kwargs, form.names)
    missing = [n for n in required if n not in kwargs and n not in names[: max(count, 0)]]
    if missing:
        listed = ", ".join(f'"{n}"' for n in missing)
        return TypeError(f"{title}() missing {len(missing)} required positional arguments: {listed}")
    for key in kwargs:
        if key not in form.names and key not in form.keywords:
            return TypeError(f"{title}() got an unexpected keyword argument '{key}'")
        if key in names[: max(count, 0)]:
            return TypeError(f"{title}() got multiple values for argument '{key}'")
    return None


def _kind(form, args, kwargs):
    from ..errors import class_name

    given = [(name, i + 1 - form.is_method, args[i]) for i, name in enumerate(form.names[: len(args)])]
    given += [(name, None, value) for name, value in rename(kwargs, form.names).items()]
    for name, position, value in given:
        wanted = form.wanted(name)
        if wanted is not None and not wanted[1](value):
            where = "" if position is None else f" (position {position})"
            return TypeError(
                f"{form.title}(): argument '{name}'{where} must be {wanted[0]}, not {class_name(value)}"
            )
    return None
