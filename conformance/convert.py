"""Values and functions of torch turned into the subject's, and results of both into plain data."""

from __future__ import annotations

import dis
import functools
import types
from dataclasses import dataclass, field

import numpy as np

from .bridge import from_array, seed, strides, to_array
from .libraries import Missing, Untranslatable, as_torch_says, lookup, subject, torch

_TESTING = "torch.testing"


# ------------------------------------------------------------------ values


def array_of(tensor) -> np.ndarray:
    """A copy of a torch tensor's memory as an ndarray with the same shape and strides."""
    if tensor.layout is not torch.strided or tensor.device.type != "cpu":
        raise Untranslatable(f"{tensor.layout} on {tensor.device}")
    tensor = tensor.detach().resolve_conj().resolve_neg()
    if tensor.numel() == 0:
        return np.empty(tuple(tensor.shape), _numpy_dtype(tensor.dtype))
    dtype = _numpy_dtype(tensor.dtype)
    flat = torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage()).numpy().copy()
    strides = tuple(step * dtype.itemsize for step in tensor.stride())
    offset = tensor.storage_offset() * dtype.itemsize
    return np.ndarray(tuple(tensor.shape), dtype, flat, offset, strides)


def _numpy_dtype(dtype) -> np.dtype:
    try:
        return torch.empty(0, dtype=dtype).numpy().dtype
    except TypeError as error:
        raise Untranslatable(str(dtype)) from error


class Translator:
    """Rebuilds values for one library; the same tensor seen twice becomes one tensor."""

    def __init__(self, library):
        self.library = library
        self.tensors: dict[int, tuple] = {}
        self.leaves: list = []  # the tensors that require a gradient, in order of appearance

    def __call__(self, value):
        if isinstance(value, torch.Tensor):
            return self.tensor(value)
        if isinstance(value, torch.Size):
            return self.library.Size(value)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*map(self, value))
        if isinstance(value, (list, tuple, set)):
            return type(value)(map(self, value))
        if isinstance(value, dict):
            return {key: self(item) for key, item in value.items()}
        if isinstance(value, slice):
            return slice(self(value.start), self(value.stop), self(value.step))
        if self.library is torch:
            return value
        if isinstance(value, torch.nn.Module):
            raise Untranslatable(f"a built {type(value).__name__}")
        if isinstance(value, (torch.dtype, torch.layout, torch.memory_format)):
            return lookup(str(value).removeprefix("torch."), self.library)
        if isinstance(value, torch.device):
            return self.library.device(str(value))
        if isinstance(value, torch.Generator):
            return self.library.Generator().manual_seed(value.initial_seed())
        if callable(value) and not type(value).__module__.startswith(_TESTING):
            return counterpart(value)
        return value

    def tensor(self, value):
        if id(value) not in self.tensors:
            made = from_array(self.library, array_of(value))
            if value.requires_grad:
                made.requires_grad_(True)
                self.leaves.append(made)
            if isinstance(value, torch.nn.Parameter):
                made = self.library.nn.Parameter(made, requires_grad=value.requires_grad)
                self.leaves[-1:] = [made] if value.requires_grad else []
            self.tensors[id(value)] = (made, value)  # `value` is kept, so that its id stays its own
        return self.tensors[id(value)][0]


# ------------------------------------------------------------------ functions


def counterpart(function):
    """The subject's function for one of torch's; functions of torch's tests are rebuilt."""
    module = getattr(function, "__module__", None) or ""
    if isinstance(function, types.FunctionType) and module.startswith(_TESTING):
        return _rebuilt(function)
    if isinstance(function, functools.partial):
        return functools.partial(counterpart(function.func), *function.args, **function.keywords)
    if not (module.startswith("torch") or isinstance(function, _DESCRIPTORS)):
        return function
    return lookup(name_of(function))


_DESCRIPTORS = (types.MethodDescriptorType, types.WrapperDescriptorType)


def name_of(function) -> str:
    """A function's public place below ``torch``, such as ``nn.functional.relu``."""
    if isinstance(function, _DESCRIPTORS):
        return f"Tensor.{function.__name__}"
    name = torch.overrides.resolve_name(function)
    if name is None:
        owner = getattr(function, "__module__", "torch") or "torch"
        name = f"{owner}.{getattr(function, '__qualname__', repr(function))}"
    return name.removeprefix("torch.").replace("masked._ops.", "masked.")


class _Namespace:
    """A module of the subject in which a name that is not there raises `Missing`."""

    def __init__(self, path: str):
        self._path = path

    def __getattr__(self, name):
        path = f"{self._path}.{name}".lstrip(".")
        if path == "testing":  # the tests' own helpers, not what is tested
            return torch.testing
        found = lookup(path)
        return _Namespace(path) if isinstance(found, types.ModuleType) else found


_rebuilt_functions: dict[types.FunctionType, types.FunctionType] = {}


def _rebuilt(function: types.FunctionType):
    """A function of torch's tests, with the subject where it says ``torch``."""
    if function.__name__ == "wrapper_set_seed":
        return _with_seed
    if function not in _rebuilt_functions:
        names = _names_in(function.__code__)
        space = {key: value for key, value in function.__globals__.items() if key not in names}
        closure = tuple(types.CellType() for _ in function.__closure__ or ())
        made = types.FunctionType(
            function.__code__, space, function.__name__, function.__defaults__, closure
        )
        _rebuilt_functions[function] = made  # before what follows, for functions that recur
        made.__kwdefaults__ = _replaced(function.__kwdefaults__)
        made.__defaults__ = _replaced(function.__defaults__)
        for cell, original in zip(closure, function.__closure__ or (), strict=True):
            cell.cell_contents = _replaced(original.cell_contents)
        for name in names & function.__globals__.keys():
            space[name] = _replaced(function.__globals__[name])
    return _rebuilt_functions[function]


def _names_in(code: types.CodeType) -> set[str]:
    own = {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
    inner = (_names_in(const) for const in code.co_consts if isinstance(const, types.CodeType))
    return own.union(*inner)


def _replaced(value):
    if isinstance(value, types.ModuleType):
        if value.__name__.partition(".")[0] == "torch":
            return _Namespace(value.__name__.removeprefix("torch").lstrip("."))
        return value
    if isinstance(value, type) and not _is_torch_type(value):
        return value
    try:
        return Translator(subject)(value)
    except Missing as error:
        return _raiser(error)


def _is_torch_type(kind: type) -> bool:
    return kind.__module__.startswith("torch") and not kind.__module__.startswith(_TESTING)


def _raiser(error):
    def missing(*args, **kwargs):
        raise error

    return missing


def _with_seed(function, *args, **kwargs):
    seed(subject, 42)
    return function(*args, **kwargs)


# ------------------------------------------------------------------ results


@dataclass
class Plain:
    """A tensor as plain data."""

    array: np.ndarray
    dtype: str
    strides: tuple
    requires_grad: bool
    node: str | None
    memory: np.ndarray = field(repr=False)


def plain(value):
    """A result of either library with tensors as `Plain` and library objects as their names."""
    if value is None or isinstance(value, (bool, int, float, complex, np.ndarray, Plain)):
        return value
    if isinstance(value, (torch.Tensor, subject.Tensor)):
        return _plain_tensor(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return as_torch_says(str(value))


def _plain_tensor(tensor) -> Plain:
    if isinstance(tensor, torch.Tensor) and tensor.layout is not torch.strided:
        raise Untranslatable(str(tensor.layout))
    array = to_array(tensor)
    node = tensor.grad_fn
    return Plain(
        array=array.copy(),
        dtype=str(tensor.dtype).partition(".")[2],
        strides=strides(tensor),
        requires_grad=tensor.requires_grad,
        node=None if node is None else node.name(),
        memory=array,
    )
