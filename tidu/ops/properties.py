"""Questions about a tensor's form: its sizes and strides, its dtype, its memory."""

from __future__ import annotations

import math

from .. import dtypes, formats
from ..autograd.public import PUBLIC
from ..device import check as check_device
from ..errors import class_name
from ..size import Size
from ..tensor import Tensor

_new_tuple = tuple.__new__


def query(*, public=False):
    """Installs a function of a tensor as its method, and as a function of the package too."""

    def declare(function):
        name = function.__name__
        setattr(Tensor, name, function)
        if public:

            def call(input):
                if not isinstance(input, Tensor):
                    raise TypeError(
                        f"{name}(): argument 'input' (position 1) must be Tensor, not "
                        f"{class_name(input)}"
                    )
                return function(input)

            call.__name__ = call.__qualname__ = name
            call.__doc__, call.__module__ = function.__doc__, function.__module__
            PUBLIC[name] = call
        return function

    return declare


# Sizes and strides


@query()
def size(self, dim=None):
    """The sizes of all dimensions, or of dimension `dim`.

    >>> import tidu
    >>> tidu.ones(2, 3).size(-1)
    3
    """
    shape = self._array.shape
    if dim is None:
        return _new_tuple(Size, shape)
    try:
        return shape[dim]
    except (IndexError, TypeError):
        return shape[_dim(self, dim, "size")]


@query()
def stride(self, dim=None):
    """How many elements lie between neighbours along each dimension, or along `dim`.

    >>> import tidu
    >>> tidu.ones(2, 3).stride()
    (3, 1)
    """
    array = self._array
    itemsize = array.itemsize
    if array.size:
        strides = tuple([s // itemsize for s in array.strides])
        if 0 in strides:
            strides = _of_new_dims(array.shape, strides)
    else:
        strides = _dense_strides(array.shape)  # NumPy keeps none for an array without elements
    return strides if dim is None else strides[_dim(self, dim, "stride")]


def _of_new_dims(shape, strides):
    """NumPy gives a new dimension of size 1 the stride 0, PyTorch that of all behind it."""
    found = list(strides)
    for d in reversed(range(len(found))):
        if shape[d] == 1 and not found[d]:
            found[d] = shape[d + 1] * found[d + 1] if d + 1 < len(found) else 1
    return tuple(found)


def _dense_strides(shape):
    return tuple([math.prod(max(n, 1) for n in shape[i + 1 :]) for i in range(len(shape))])


def _dim(tensor, dim, name):
    """A dimension's number, checked; 0 and up."""
    if isinstance(dim, Tensor) or not hasattr(dim, "__index__"):
        raise TypeError(
            f"{name}(): argument 'dim' (position 1) must be int, not {type(dim).__name__}"
        )
    ndim = tensor._array.ndim
    if ndim == 0:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    if not -ndim <= dim < ndim:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got "
            f"{dim})"
        )
    return dim % ndim


@query()
def dim(self):
    """The number of dimensions.

    >>> import tidu
    >>> tidu.ones(2, 3).dim()
    2
    """
    return self._array.ndim


@query(public=True)
def numel(self):
    """The number of elements.

    >>> import tidu
    >>> tidu.numel(tidu.ones(2, 3))
    6
    """
    return self._array.size


Tensor.ndimension = dim
Tensor.nelement = numel


@query()
def element_size(self):
    """The number of bytes of one element.

    >>> import tidu
    >>> tidu.tensor([1.0]).element_size()
    4
    """
    return self._array.itemsize


@query()
def is_contiguous(self, memory_format=formats.contiguous_format):
    """Whether the elements lie in memory in this order without gaps.

    >>> import tidu
    >>> tidu.ones(2, 3).t().is_contiguous()
    False
    """
    if memory_format is not formats.contiguous_format:
        formats.check(memory_format, "is_contiguous")
    return formats.is_contiguous(self._array, memory_format)


@query(public=True)
def is_same_size(self, other):
    """Whether another tensor has the same shape.

    >>> import tidu
    >>> tidu.ones(2, 3).is_same_size(tidu.ones(3, 2))
    False
    """
    return self._array.shape == other._array.shape


def _is_same_size(input, other):
    """Whether two tensors have the same shape.

    >>> import tidu
    >>> tidu.is_same_size(tidu.ones(2, 3), tidu.ones(3, 2))
    False
    """
    return input._array.shape == other._array.shape


PUBLIC["is_same_size"] = _is_same_size
_is_same_size.__name__ = "is_same_size"


@query()
def is_set_to(self, tensor):
    """Whether another tensor is the same part of the same memory, in the same shape and strides.

    >>> import tidu
    >>> x = tidu.ones(2)
    >>> x.is_set_to(x.view(2)), x.is_set_to(x[:1])
    (True, False)
    """
    here, there = self._array, tensor._array
    return (here.__array_interface__["data"], here.shape, here.strides) == (
        there.__array_interface__["data"], there.shape, there.strides
    )  # fmt: skip


# Dtypes


def result_type(tensor=None, other=None, *, scalar=None, scalar1=None, scalar2=None):
    """The dtype of an operation on two tensors, a tensor and a number, or two numbers.

    >>> import tidu
    >>> tidu.result_type(tidu.tensor([1, 2]), 1.5)
    tidu.float32
    """
    if scalar is not None and other is None:
        tensor, other = scalar, tensor
    elif scalar1 is not None:
        tensor, other = scalar1, scalar2
    kinds = [isinstance(v, (Tensor, int, float, complex)) for v in (tensor, other)]
    if not all(kinds):
        raise _no_result_type(tensor, other)
    operands = [v._array if isinstance(v, Tensor) else v for v in (tensor, other)]
    return dtypes.of(dtypes.result(*operands))


PUBLIC["result_type"] = result_type


def _no_result_type(*values):
    forms = "Tensor tensor, Tensor other", "Number scalar, Tensor tensor", \
        "Tensor tensor, Number other", "Number scalar1, Number scalar2"  # fmt: skip
    given = ", ".join(map(class_name, values))
    lines = []
    for form in forms:
        marked = [
            "Tensor" if part[0] == "T" and isinstance(value, Tensor) else f"!{class_name(value)}!"
            for part, value in zip(form.split(", "), values)
        ]
        lines.append(
            f" * ({form})\n      didn't match because some of the arguments have invalid types: "
            f"({', '.join(marked)})\n"
        )
    return TypeError(
        f"result_type() received an invalid combination of arguments - got ({given}), but expected "
        "one of:\n" + "".join(lines)
    )


@query(public=True)
def is_floating_point(self):
    """Whether the elements are real floating-point numbers.

    >>> import tidu
    >>> tidu.is_floating_point(tidu.tensor(1.5)), tidu.is_floating_point(tidu.tensor(1))
    (True, False)
    """
    return self._array.dtype.kind == "f"


@query(public=True)
def is_complex(self):
    """Whether the elements are complex numbers.

    >>> import tidu
    >>> tidu.is_complex(tidu.tensor([1j]))
    True
    """
    return self._array.dtype.kind == "c"


@query(public=True)
def is_signed(self):
    """Whether the dtype has negative numbers.

    >>> import tidu
    >>> tidu.is_signed(tidu.tensor([1], dtype=tidu.uint8))
    False
    """
    return self._array.dtype.kind not in "bu"


@query(public=True)
def is_nonzero(self):
    """Whether the only element is not zero; raises RuntimeError if there are none or several.

    >>> import tidu
    >>> tidu.is_nonzero(tidu.tensor([0.5]))
    True
    """
    return bool(self)


def _is_inference(input):
    """Whether a tensor was made inside `inference_mode`.

    >>> import tidu
    >>> tidu.is_inference(tidu.ones(1))
    False
    """
    return input.is_inference()


_is_inference.__name__ = _is_inference.__qualname__ = "is_inference"
PUBLIC["is_inference"] = _is_inference


@query(public=True)
def is_conj(self):
    """Whether the elements are conjugated on reading: never, conjugation computes them.

    >>> import tidu
    >>> tidu.is_conj(tidu.tensor([1.0]))
    False
    """
    return False


@query(public=True)
def is_neg(self):
    """Whether the elements are negated on reading: never, negation computes them.

    >>> import tidu
    >>> tidu.is_neg(tidu.tensor([1.0]))
    False
    """
    return False


@query(public=True)
def resolve_conj(self):
    """The tensor itself: it holds its elements as they are.

    >>> import tidu
    >>> tidu.resolve_conj(tidu.tensor([1 + 2j]).conj())
    tensor([1.-2.j])
    """
    return self


@query(public=True)
def resolve_neg(self):
    """The tensor itself: it holds its elements as they are.

    >>> import tidu
    >>> tidu.resolve_neg(-tidu.tensor([1.0]))
    tensor([-1.])
    """
    return self


def is_tensor(obj):
    """Whether an object is a tensor.

    >>> import tidu
    >>> tidu.is_tensor(tidu.ones(2)), tidu.is_tensor([1, 1])
    (True, False)
    """
    return isinstance(obj, Tensor)


PUBLIC["is_tensor"] = is_tensor


# Memory


@query()
def data_ptr(self):
    """The address of the first element (0 if there are none).

    >>> import tidu
    >>> x = tidu.arange(3)
    >>> x[1:].data_ptr() - x.data_ptr()
    8
    """
    array = self._array
    return array.__array_interface__["data"][0] if array.size else 0


@query()
def storage_offset(self):
    """How many elements lie in the memory before this tensor's first one.

    >>> import tidu
    >>> tidu.arange(6)[2:].storage_offset()
    2
    """
    from ..storage import offset_of

    return offset_of(self._array)


@query()
def untyped_storage(self):
    """The memory that this tensor shares with its views, as bytes.

    >>> import tidu
    >>> x = tidu.arange(3)
    >>> x[1:].untyped_storage().nbytes()
    24
    """
    from ..storage import storage_of

    return storage_of(self._array)


@query()
def storage(self):
    """The memory that this tensor shares with its views, as elements (use `untyped_storage`)."""
    from ..storage import TypedStorage, warn_deprecated

    warn_deprecated()
    return TypedStorage(self.untyped_storage(), self.dtype)


@query()
def is_pinned(self, device=None):
    """Whether the memory is page-locked for a GPU: never on the CPU.

    >>> import tidu
    >>> tidu.ones(2).is_pinned()
    False
    """
    return False


@query()
def is_shared(self):
    """Whether the memory is shared with other processes.

    >>> import tidu
    >>> tidu.ones(2).is_shared()
    False
    """
    return False


@query()
def get_device(input):
    """The number of the GPU that holds the memory; -1 on the CPU.

    >>> import tidu
    >>> tidu.get_device(tidu.ones(1))
    -1
    """
    return -1


PUBLIC["get_device"] = get_device


@query()
def dense_dim(self):
    """The number of dense dimensions: all.

    >>> import tidu
    >>> tidu.ones(2, 3).dense_dim()
    2
    """
    return self._array.ndim


@query()
def sparse_dim(self):
    """The number of sparse dimensions: none.

    >>> import tidu
    >>> tidu.ones(2, 3).sparse_dim()
    0
    """
    return 0


@query()
def cpu(self, memory_format=formats.preserve_format):
    """This tensor in the CPU's memory: itself.

    >>> import tidu
    >>> x = tidu.ones(2)
    >>> x.cpu() is x
    True
    """
    return self.to("cpu", memory_format=memory_format)


@query()
def cuda(self, device=None, non_blocking=False, memory_format=formats.preserve_format):
    """A copy on a GPU; raises AssertionError, since tidu has no CUDA backend yet."""
    return self.to(check_device("cuda" if device is None else device))


@query()
def pin_memory(self, device=None):
    """A copy in page-locked memory; raises RuntimeError where there is no accelerator."""
    raise RuntimeError("Cannot access accelerator device when none is available.")


def _constant(value, doc):
    return property(lambda self: value, doc=doc)


Tensor.itemsize = property(element_size, doc="The number of bytes of one element.")
Tensor.nbytes = property(
    lambda self: self._array.nbytes, doc="The number of bytes of all elements."
)
Tensor.layout = _constant(formats.strided, "How elements are kept: `tidu.strided`.")
Tensor.is_cpu = _constant(True, "Whether the memory is the CPU's.")
_OTHER_KINDS = "cuda sparse sparse_csr quantized mkldnn mps meta xpu nested vulkan ipu maia mtia"
for _kind in _OTHER_KINDS.split():
    setattr(
        Tensor, f"is_{_kind}", _constant(False, f"Whether this is a tensor of kind {_kind}: no.")
    )
