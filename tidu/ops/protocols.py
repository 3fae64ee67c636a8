"""Tensors among Python's and NumPy's own: numbers, lists, arrays, copies, pickles."""

from __future__ import annotations

import numpy as np

from ..autograd.node import LEAF
from ..autograd.public import PUBLIC
from ..errors import noted
from ..tensor import Tensor
from .python_data import warn_of_history

_ONE_ELEMENT = "only one element tensors can be converted to Python scalars"


def method(function):
    """Installs a function as Tensor's method of that name."""
    setattr(Tensor, function.__name__, function)
    return function


def detach(input):
    """The same memory, outside the graph: `Tensor.detach`.

    >>> import tidu
    >>> x = tidu.ones(2, requires_grad=True)
    >>> tidu.detach(x * 2).requires_grad
    False
    """
    return input.detach()


PUBLIC["detach"] = detach


# Python functions, element by element: slow, and outside of the graph


def _check_plain(self, name, function):
    if self.requires_grad:
        raise RuntimeError(
            f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead."
        )
    if not callable(function):
        raise TypeError(
            f"{name}(): argument 'callable' must be a function, not {type(function).__name__}"
        )


@method
def apply_(self, callable):
    """Replaces each element by what `callable` returns for it.

    >>> import tidu
    >>> tidu.tensor([1, 2]).apply_(lambda n: n * 10)
    tensor([10, 20])
    """
    _check_plain(self, "apply_", callable)
    values = [callable(value) for value in self.flatten().tolist()]
    return self.copy_(self.new_tensor(values).view(self.shape))


@method
def map_(self, tensor, callable):
    """Replaces each element by what `callable` returns for it and the one of `tensor`.

    >>> import tidu
    >>> tidu.tensor([1, 2]).map_(tidu.tensor([3, 4]), lambda a, b: a * b)
    tensor([3, 8])
    """
    _check_plain(self, "map_", callable)
    others = tensor.expand_as(self).flatten().tolist()
    values = [callable(a, b) for a, b in zip(self.flatten().tolist(), others)]
    return self.copy_(self.new_tensor(values).view(self.shape))


# Numbers


@method
def item(self):
    """The only element, as a Python number; RuntimeError if there is not exactly one.

    >>> import tidu
    >>> tidu.tensor([2.5]).item()
    2.5
    """
    array = self._array
    if array.size != 1:
        raise noted(
            RuntimeError(f"a Tensor with {array.size} elements cannot be converted to Scalar"),
            f"The shape is {list(array.shape)}. All elements: .tolist(); one: x[0]; their .mean().",
        )
    return array.item()


@method
def tolist(self):
    """The elements as nested lists of Python numbers; one number if there is no dimension.

    >>> import tidu
    >>> tidu.tensor([[1, 2]]).tolist()
    [[1, 2]]
    """
    return self._array.tolist()


@method
def __bool__(self):
    array = self._array
    if array.size != 1:
        many = "more than one value" if array.size else "no values"
        raise noted(
            RuntimeError(f"Boolean value of Tensor with {many} is ambiguous"),
            f"The shape is {list(array.shape)}. Ask for .all() or .any() of it; the elementwise "
            "`and`, `or`, `not` are &, | and ~.",
        )
    return bool(array.item())


def _number(self):
    if self._array.size != 1:
        raise ValueError(_ONE_ELEMENT)
    return self._array.item()


def _real_number(self, kind):
    value = _number(self)
    if type(value) is complex:
        if value.imag:
            raise RuntimeError(f"value cannot be converted to type {kind} without overflow")
        value = value.real
    return value


@method
def __float__(self):
    warn_of_history(self)
    return float(_real_number(self, "double"))


@method
def __int__(self):
    return int(_real_number(self, "int64_t"))


@method
def __complex__(self):
    warn_of_history(self)
    return complex(_number(self))


@method
def __index__(self):
    array = self._array
    if array.size != 1 or array.dtype.kind not in "iub":
        raise TypeError("only integer tensors of a single element can be converted to an index")
    return int(array.item())


@method
def __reversed__(self):
    """The tensor flipped along all dimensions."""
    return self.flip(tuple(range(self._array.ndim))) if self._array.ndim else self


# NumPy


@method
def numpy(self, *, force=False):
    """The elements as an ndarray that shares this tensor's memory.

    A tensor that requires a gradient raises RuntimeError unless `force`, which detaches it.

    >>> import tidu
    >>> x = tidu.zeros(2)
    >>> x.numpy()[0] = 1
    >>> x
    tensor([1., 0.])
    """
    if self.requires_grad and not force:
        raise RuntimeError(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
        )
    return self._array.view()  # the caller may reshape his, in place


@method
def __array__(self, dtype=None, copy=None):
    array = numpy(self)
    if copy:
        return array.astype(array.dtype if dtype is None else dtype)
    if dtype is None or dtype == array.dtype:
        return array
    if copy is False:
        raise ValueError("Unable to avoid copy while creating an array as requested.")
    return array.astype(dtype)


@method
def __array_wrap__(self, array, context=None, return_scalar=False):
    """A tensor of what NumPy made from this one (bool becomes uint8, as in PyTorch)."""
    array = np.asarray(array)
    return Tensor._wrap(array.astype(np.uint8) if array.dtype == bool else array)


# DLPack


@method
def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
    """The memory as a DLPack capsule, for other libraries to share.

    Raises BufferError for a tensor that requires a gradient.
    """
    if self.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if stream is not None and stream != -1:
        raise AssertionError("stream should be None on cpu.")
    options = {"max_version": max_version, "dl_device": dl_device, "copy": copy}
    return self._array.__dlpack__(**{k: v for k, v in options.items() if v is not None})


@method
def __dlpack_device__(self):
    return self._array.__dlpack_device__()


def from_dlpack(ext_tensor, *, device=None, copy=None):
    """A tensor that shares the memory of another library's array, through DLPack.

    >>> import numpy, tidu
    >>> tidu.from_dlpack(numpy.arange(3))
    tensor([0, 1, 2])
    """
    from .from_data import checked, writable

    if not hasattr(ext_tensor, "__dlpack__"):
        if type(ext_tensor).__name__ != "PyCapsule":
            raise RuntimeError(
                "from_dlpack received an invalid capsule. Note that DLTensor capsules can be "
                "consumed only once, so you might have already constructed a tensor from it once."
            )
        ext_tensor = _Capsule(ext_tensor)
    array = np.from_dlpack(ext_tensor)
    tensor = Tensor._wrap(writable(checked(array)))
    return tensor.clone() if copy else tensor


class _Capsule:
    """A bare DLPack capsule in the form that NumPy takes: an object that hands it out."""

    def __init__(self, capsule):
        self.capsule = capsule

    def __dlpack__(self, **options):
        return self.capsule

    def __dlpack_device__(self):
        return 1, 0


def to_dlpack(tensor):
    """The memory of a tensor as a DLPack capsule.

    >>> import tidu
    >>> tidu.from_dlpack(tidu.to_dlpack(tidu.arange(3)))
    tensor([0, 1, 2])
    """
    return tensor.__dlpack__()


PUBLIC["from_dlpack"], PUBLIC["to_dlpack"] = from_dlpack, to_dlpack


# Copies and pickles


def _users_state(tensor):
    """The attributes that the user gave a tensor; tidu's own have a default in the class."""
    return {k: v for k, v in tensor.__dict__.items() if k not in Tensor.__dict__}


@method
def __reduce_ex__(self, protocol):
    """Pickles the whole storage and the tensor's place in it, so that views still share memory."""
    from ..storage import rebuild

    if self._hooks:
        _warn_of_hooks(self)
    return rebuild, (
        type(self),
        self.untyped_storage(),
        self.dtype.name,
        self.storage_offset(),
        self._array.shape,
        self.stride(),
        self.requires_grad,
        _users_state(self),
    )


def _warn_of_hooks(tensor):
    import warnings

    for hook in tensor._hooks.values():
        warnings.warn(
            f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, you "
            "can decorate the function with @torch.utils.hooks.unserializable_hook to suppress "
            "this warning",
            stacklevel=3,
        )


@method
def __copy__(self):
    result = self.detach().as_subclass(type(self)) if type(self) is not Tensor else self.detach()
    if self.requires_grad:
        result._node = LEAF
    result.__dict__.update(_users_state(self))
    return result


@method
def __deepcopy__(self, memo):
    """A leaf with a copy of the memory (one copy for all views of it within one deepcopy)."""
    if not self.is_leaf:
        raise noted(
            RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol at the moment.  If you were attempting to deepcopy a module, this may be "
                "because of a torch.nn.utils.weight_norm usage, see "
                "https://github.com/pytorch/pytorch/pull/103001"
            ),
            "Copy its detach(), or keep its place in the graph with clone().",
        )
    found = memo.get(id(self))
    if found is not None:
        return found
    from copy import deepcopy

    from ..storage import rebuild

    result = memo[id(self)] = rebuild(
        type(self),
        deepcopy(self.untyped_storage(), memo),
        self.dtype.name,
        self.storage_offset(),
        self._array.shape,
        self.stride(),
        self.requires_grad,
        deepcopy(_users_state(self), memo),
    )
    if self._grad is not None:
        result._grad = deepcopy(self._grad, memo)
    return result


@method
def as_subclass(self, cls):
    """This tensor, with its memory and its place in the graph, as one of a derived class.

    >>> import tidu
    >>> class Named(tidu.Tensor):
    ...     name = "weights"
    >>> tidu.ones(2).as_subclass(Named).name
    'weights'
    """
    result = object.__new__(cls)
    result._array, result._node = self._array, self._node
    result._view, result._counter = self._view, self._counter
    return result


def _make_subclass(cls, data, require_grad=False):
    """A leaf of a class derived from Tensor, on the memory of `data`."""
    result = data.detach().as_subclass(cls)
    result._node = LEAF if require_grad else None
    return result


Tensor._make_subclass = staticmethod(_make_subclass)
