"""Views of all elements: other shapes and orders of the same memory.

Views of a part of the elements (select, narrow, diagonal, ...) are in `slicing.py`.
"""

from __future__ import annotations

import math
from operator import index as as_int

import numpy as np

from .. import dtypes
from ..autograd.op import Array, op
from ..autograd.public import composite
from ..autograd.usual import usual
from ..backend.table import FORWARDS
from ..tensor import Tensor

# Dimensions and sizes as PyTorch reads them


def axis_of(dim, ndim):
    """`dim`, from the end if negative, as an axis; PyTorch's error if there is none such."""
    low = ndim or 1
    if -low <= dim < low:
        return dim + low if dim < 0 else dim
    raise IndexError(
        f"Dimension out of range (expected to be in range of [{-low}, {low - 1}], but got {dim})"
    )


def axes_of(dims, ndim):
    """Several dimensions as a tuple of axes, each at most once."""
    axes = []
    for dim in dims:
        axis = axis_of(dim, ndim)
        if axis in axes:
            raise RuntimeError(f"dim {axis} appears multiple times in the list of dims")
        axes.append(axis)
    return tuple(axes)


def sizes_of(name, argument, size):
    """A size argument (a tuple, a list or one number) as a tuple of ints."""
    if type(size) is not tuple:
        if not isinstance(size, (tuple, list)):
            try:
                return (as_int(size),)
            except TypeError:
                raise TypeError(
                    f"{name}(): argument '{argument}' (position 1) must be tuple of ints, "
                    f"not {type(size).__name__}"
                ) from None
        size = tuple(size)
    for i, n in enumerate(size):
        if type(n) is not int:
            try:
                size = (*size[:i], as_int(n), *size[i + 1 :])
            except TypeError:
                raise TypeError(
                    f"{name}(): argument '{argument}' failed to unpack the object at pos {i + 1} "
                    f'with error "type must be tuple of ints,but got {type(n).__name__}"'
                ) from None
    return size


def bad_shape(shape, size):
    """PyTorch's error for `size` elements that do not fill `shape`."""
    shape = list(shape)
    for i, n in enumerate(shape):
        if n < -1:
            return RuntimeError(f"invalid shape dimension {n} at index {i} of shape {shape}")
    if shape.count(-1) > 1:
        return RuntimeError("only one dimension can be inferred")
    if -1 in shape and math.prod(n for n in shape if n != -1) == size == 0:
        return RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {shape} because the unspecified "
            "dimension size -1 can be any value and is ambiguous"
        )
    return RuntimeError(f"shape '{shape}' is invalid for input of size {size}")


def _checked_sizes(name, shape, size):
    shape = sizes_of(name, "shape" if name == "reshape" else "size", shape)
    if shape and min(shape) < -1:  # NumPy takes any negative number for -1
        raise bad_shape(shape, size)
    return shape


def _is_view(array, of):
    """Whether `array`, made by `of.reshape`, shares its memory."""
    return array.base is of or (array.base is not None and array.base is of.base) or not of.size


# Shapes


@op(view=True, public=False, method=False, names={"x": "self"})
def view(k, x: Array, size):
    """The elements in another shape: memory is shared if the strides allow it."""
    try:
        return x.reshape(size)
    except ValueError:
        raise bad_shape(size, x.size) from None


view.vjp(x=lambda k, g, x_shape: k.reshape(g, x_shape))


@op(public=False, method=False, node="UnsafeViewBackward0")
def unsafe_view(k, x: Array, size):
    """The elements in another shape, where the memory is nobody else's."""
    return x.reshape(size)


unsafe_view.vjp(x=lambda k, g, x_shape: k.reshape(g, x_shape))


@op(view=True, public=False, method=False)
def reshape_alias(k, x: Array, size):
    """The same as `view`: PyTorch's name for it when `reshape` finds gaps that allow the shape."""
    return x.reshape(size)


reshape_alias.vjp(x=lambda k, g, x_shape: k.reshape(g, x_shape))


@op(view=True, public=False, method=False)
def view_dtype(k, x: Array, dtype):
    """The bytes read as another dtype. No gradient flows through it."""
    wanted = dtype.numpy
    ratio = x.itemsize, wanted.itemsize
    if ratio[0] == ratio[1]:
        return x.view(wanted)
    names = f"to view {dtypes.of(x).title} as {dtype.title} (different element sizes)"
    if x.ndim == 0:
        raise RuntimeError(f"self.dim() cannot be 0 {names}")
    if ratio[0] < ratio[1]:
        factor = ratio[1] // ratio[0]
        if x.shape[-1] % factor:
            raise RuntimeError(
                f"self.size(-1) must be divisible by {factor} {names}, but got {x.shape[-1]}"
            )
    if x.strides[-1] != x.itemsize and x.size > 1:
        raise RuntimeError(
            f"self.stride(-1) must be 1 {names}, but got {x.strides[-1] // x.itemsize}"
        )
    return x.view(wanted)


def _view_method(self, *shape, dtype=None, size=None):
    """The same memory in another shape, or, given a dtype, with its bytes read as that dtype.

    One size may be -1: it is inferred. If the memory's layout does not allow the shape, use
    `reshape`, which copies then.

    >>> import tidu
    >>> tidu.arange(6).view(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    if len(shape) == 1 and not isinstance(shape[0], int):
        shape = dtypes.plain(shape[0])
        if isinstance(shape, dtypes.dtype):
            shape, dtype = (), shape
    elif not shape and size is not None:
        shape = size
    elif not shape and dtype is None:
        raise TypeError(
            "view() received an invalid combination of arguments - got (), but expected one of:\n"
            " * (torch.dtype dtype)\n * (tuple of ints size)\n"
        )
    if dtype is not None:
        return view_dtype.op.apply(self, dtypes.plain(dtype))
    array = self._array
    shape = _checked_sizes("view", shape, array.size)
    if not array.flags.c_contiguous:
        try:
            shared = _is_view(array.reshape(shape), array)
        except ValueError:
            raise bad_shape(shape, array.size) from None
        if not shared:
            raise _incompatible(array, shape)
    return view.op.apply(self, shape)


def _incompatible(array, shape):
    error = RuntimeError(
        "view size is not compatible with input tensor's size and stride (at least one dimension "
        "spans across two contiguous subspaces). Use .reshape(...) instead."
    )
    strides = [n // array.itemsize for n in array.strides]
    error.add_note(f"A tensor of shape {list(array.shape)} and strides {strides} as {list(shape)}.")
    return error


_view_method.__name__ = _view_method.__qualname__ = "view"
Tensor.view = usual(view.op, _view_method, spread=True, lowers="view")


@composite(method=True, varargs=True, out=False, lowers_to=view.op)
def reshape(input, shape):
    """The elements in another shape: a view if the memory's layout allows it, else a copy.

    One size may be -1: it is inferred from the number of elements.

    >>> import tidu
    >>> tidu.arange(6).reshape(3, 2).shape
    tidu.Size([3, 2])
    """
    array = input._array
    shape = _checked_sizes("reshape", shape, array.size)
    if array.flags.c_contiguous:
        return view.op.apply(input, shape)
    try:
        other = array.reshape(shape)
    except ValueError:
        raise bad_shape(shape, array.size) from None
    if _is_view(other, array):
        return reshape_alias.op.apply(input, shape)
    return unsafe_view.op.apply(input.contiguous(), shape)


FORWARDS["reshape"] = FORWARDS["view"]


@composite(public=False, method=True, out=False, lowers_to=view.op)
def view_as(input, other):
    """`x.view(other.shape)`."""
    return input.view(other._array.shape)


@composite(public=False, method=True, out=False)
def reshape_as(input, other):
    """`x.reshape(other.shape)`.

    >>> import tidu
    >>> tidu.arange(4).reshape_as(tidu.zeros(2, 2))
    tensor([[0, 1],
            [2, 3]])
    """
    return reshape(input, other._array.shape)


@composite(method=True, out=False, lowers_to=view.op)
def flatten(input, start_dim=0, end_dim=-1):
    """The dimensions from `start_dim` to `end_dim` (including it) joined into one.

    >>> import tidu
    >>> tidu.ones(2, 3, 4).flatten(1).shape
    tidu.Size([2, 12])
    """
    shape = input._array.shape
    if type(start_dim) is not int or type(end_dim) is not int:
        _int_argument("flatten", "start_dim", 1, start_dim)
        _int_argument("flatten", "end_dim", 2, end_dim)
    start, end = axis_of(start_dim, len(shape)), axis_of(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshape(input, (1,))
    if start == end:
        return input
    return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


def _int_argument(function, name, position, value):
    if not hasattr(value, "__index__"):
        raise TypeError(
            f"{function}(): argument '{name}' (position {position}) must be int, "
            f"not {type(value).__name__}"
        )


@composite(method=True, out=False)
def ravel(input):
    """The elements as one dimension.

    >>> import tidu
    >>> tidu.ravel(tidu.tensor([[1, 2], [3, 4]]))
    tensor([1, 2, 3, 4])
    """
    return reshape(input, (-1,)) if input._array.size else reshape(input, (0,))


@composite(method=True, out=False)
def unflatten(input, dim, sizes):
    """The dimension `dim` split into several of `sizes`, of which one may be -1.

    >>> import tidu
    >>> tidu.ones(2, 12).unflatten(1, (3, -1)).shape
    tidu.Size([2, 3, 4])
    """
    shape = input._array.shape
    axis = axis_of(dim, len(shape))
    sizes = sizes_of("unflatten", "sizes", sizes)
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    n = shape[axis] if shape else 1
    given = math.prod(s for s in sizes if s != -1)
    if sizes.count(-1) > 1:
        raise RuntimeError("unflatten got an unexpected error:\nonly one dimension can be inferred")
    if given != n if -1 not in sizes else (given == 0 or n % given):
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {axis} "
            f"({n}) in the input tensor"
        )
    sizes = tuple(n // given if s == -1 else s for s in sizes)
    return input.view((*shape[:axis], *sizes, *shape[axis + 1 :]))


@composite(public=False, method=True, out=False, varargs=True)
def sum_to_size(input, size):
    """The tensor summed over what `expand` to its shape would repeat: the opposite of it.

    >>> import tidu
    >>> tidu.ones(2, 3).sum_to_size(1, 3)
    tensor([[2., 2., 2.]])
    """
    size, have = sizes_of("sum_to_size", "size", size), tuple(input.shape)
    extra = len(have) - len(size)
    if extra < 0 or any(want not in (1, n) for want, n in zip(size, have[extra:])):
        raise RuntimeError(f"size {{{list(size)}}} is not expandable to size {{{list(have)}}}.")
    if size == have:
        return input
    dims = [i for i, n in enumerate(have) if i < extra or (size[i - extra] == 1 and n != 1)]
    if not size:
        return input.sum()
    return input.sum(dims, True).view(size) if extra else input.sum(dims, True)


# Order of dimensions


@op(view=True, names={"x": "input"}, aliases=("swapaxes", "swapdims"))
def transpose(k, x: Array, dim0, dim1):
    """A view with the dimensions `dim0` and `dim1` exchanged.

    >>> import tidu
    >>> tidu.ones(2, 3, 4).transpose(0, 2).shape
    tidu.Size([4, 3, 2])
    """
    a, b = axis_of(dim0, x.ndim), axis_of(dim1, x.ndim)
    return x.swapaxes(a, b) if x.ndim else x[...]


transpose.vjp(x=lambda k, g, dim0, dim1: k.transpose(g, dim0, dim1))


@op(view=True, varargs=True)
def permute(k, x: Array, dims):
    """A view with its dimensions in the order `dims`.

    >>> import tidu
    >>> tidu.ones(2, 3, 4).permute(2, 0, 1).shape
    tidu.Size([4, 2, 3])
    """
    dims = sizes_of("permute", "dims", dims)
    if len(dims) != x.ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length of the desired ordering of dimensions i.e. input.dim() = {x.ndim} is not "
            f"equal to len(dims) = {len(dims)}"
        )
    axes = [axis_of(d, x.ndim) for d in dims]
    if len(set(axes)) != len(axes):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return x.transpose(axes)


permute.vjp(x=lambda k, g, dims: k.permute(g, _inverse(dims)))


def _inverse(dims):
    axes = [d % len(dims) for d in dims] if dims else []
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


@op(view=True)
def t(k, x: Array):
    """A matrix transposed; tensors with fewer dimensions stay as they are.

    >>> import tidu
    >>> tidu.t(tidu.tensor([[1, 2], [3, 4]]))
    tensor([[1, 3],
            [2, 4]])
    """
    if x.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {x.ndim}D")
    return x.T


t.vjp(x=lambda k, g: k.t(g))


@composite(method=True, out=False, aliases=("moveaxis",))
def movedim(input, source, destination):
    """A view with the dimensions `source` at the places `destination`, the others in order.

    >>> import tidu
    >>> tidu.ones(2, 3, 4).movedim(0, -1).shape
    tidu.Size([3, 4, 2])
    """
    source, destination = ((d,) if isinstance(d, int) else tuple(d) for d in (source, destination))
    if len(source) != len(destination):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(source)} dims) should "
            f"contain the same number of dims as destination ({list(destination)} dims)"
        )
    ndim = input._array.ndim
    from_axes = [axis_of(d, ndim) for d in source]
    to_axes = [axis_of(d, ndim) for d in destination]
    for name, axes, given in (
        ("source", from_axes, source),
        ("destination", to_axes, destination),
    ):
        if len(set(axes)) != len(axes):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({list(given)})")
    if not ndim:
        return view.op.apply(input, ())
    order = [i for i in range(ndim) if i not in from_axes]
    for to, from_ in sorted(zip(to_axes, from_axes)):
        order.insert(to, from_)
    return permute(input, tuple(order))


def _conjugated(x):
    return x.conj() if x._array.dtype.kind == "c" else x


def _warn_0d(name, advice="This function is the identity in these cases."):
    import warnings

    warnings.warn(f"{name} is deprecated on 0-D tensors. {advice}", stacklevel=3)


def _transposed(x, name, conjugate=False):
    ndim = x._array.ndim
    if ndim < 2:
        raise RuntimeError(
            f"tensor.{name} is only supported on matrices or batches of matrices. "
            f"Got {ndim}-D tensor."
        )
    y = transpose.op.apply(x, -2, -1)
    return _conjugated(y) if conjugate else y


@composite(method=True, out=False)
def adjoint(input):
    """The last two dimensions exchanged, and complex numbers conjugated.

    >>> import tidu
    >>> tidu.adjoint(tidu.tensor([[1j, 2.0]]))
    tensor([[0.-1.j],
            [2.-0.j]])
    """
    if input._array.ndim == 0:
        _warn_0d("adjoint()", "Consider using x.conj().")
        return _conjugated(input)
    return _transposed(input, "adjoint()", conjugate=True)


def _T(self):
    """The dimensions in reverse order."""
    ndim = self._array.ndim
    if ndim == 0:
        _warn_0d("Tensor.T")
    elif ndim != 2:
        import warnings

        warnings.warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is "
            "deprecated and it will throw an error in a future release. Consider `x.mT` to "
            "transpose batches of matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to "
            "reverse the dimensions of a tensor.",
            stacklevel=2,
        )
    return permute.op.apply(self, tuple(range(ndim - 1, -1, -1)))


def _mT(self):
    """The last two dimensions exchanged."""
    if self._array.ndim == 0:
        _warn_0d("Tensor.mT")
        return self
    return _transposed(self, "mT")


def _mH(self):
    """The last two dimensions exchanged, and complex numbers conjugated."""
    return adjoint(self) if self._array.ndim == 0 else _transposed(self, "mH", conjugate=True)


def _H(self):
    """A matrix transposed, and complex numbers conjugated."""
    ndim = self._array.ndim
    if ndim == 0:
        _warn_0d("Tensor.H", "Consider using x.conj().")
        return _conjugated(self)
    if ndim != 2:
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {ndim}-D tensor."
            + (" For batches of matrices, consider using tensor.mH" if ndim > 2 else "")
        )
    return _transposed(self, "H", conjugate=True)


Tensor.T = property(usual(permute.op, _T, lowers="T"))
Tensor.mT = property(usual(transpose.op, _mT, lowers="mT"))
Tensor.H, Tensor.mH = property(_H), property(_mH)


# Dimensions of size 1 and repeated elements


def _squeezed_axes(x, dim):
    if dim is None:
        return tuple(i for i, n in enumerate(x.shape) if n == 1)
    axes = (axis_of(dim, x.ndim),) if isinstance(dim, int) else axes_of(dim, x.ndim)
    return tuple(a for a in axes if x.ndim and x.shape[a] == 1)


def _squeeze_node(x, dim):
    return f"SqueezeBackward{0 if dim is None else 1 if isinstance(dim, int) else 2}"


@op(view=True, node=_squeeze_node)
def squeeze(k, x: Array, dim=None):
    """A view without the dimensions of size 1: all of them, or only those in `dim`.

    >>> import tidu
    >>> tidu.ones(1, 3, 1).squeeze().shape, tidu.ones(1, 3, 1).squeeze(0).shape
    (tidu.Size([3]), tidu.Size([3, 1]))
    """
    return x.squeeze(_squeezed_axes(x, dim))


squeeze.vjp(x=lambda k, g, x_shape: k.reshape(g, x_shape))


@op(view=True)
def unsqueeze(k, x: Array, dim):
    """A view with a dimension of size 1 inserted at `dim`.

    >>> import tidu
    >>> tidu.ones(3).unsqueeze(0).shape, tidu.ones(3).unsqueeze(-1).shape
    (tidu.Size([1, 3]), tidu.Size([3, 1]))
    """
    axis = axis_of(dim, x.ndim + 1)
    return x[(*(slice(None),) * axis, None)] if axis else x[None]


unsqueeze.vjp(x=lambda k, g, x_shape: k.reshape(g, x_shape))


def expanded_shape(x, size):
    """The shape that `expand` gives an array, where -1 keeps a size; PyTorch's errors."""
    lead = len(size) - x.ndim
    if lead < 0:
        kind = dtypes.of(x).title
        raise RuntimeError(
            f"expand(torch.{kind}Tensor{{{list(x.shape)}}}, size={list(size)}): the number of "
            f"sizes provided ({len(size)}) must be greater or equal to the number of dimensions "
            f"in the tensor ({x.ndim})"
        )
    shape = []
    for i, n in enumerate(size):
        have = x.shape[i - lead] if i >= lead else 1
        if n == -1:
            if i < lead:
                raise RuntimeError(
                    f"The expanded size of the tensor ({n}) isn't allowed in a leading, "
                    f"non-existing dimension {i}"
                )
            n = have
        elif n != have and (have != 1 or n < 0):
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({have}) at "
                f"non-singleton dimension {i}.  Target sizes: {list(size)}.  "
                f"Tensor sizes: {list(x.shape)}"
            )
        shape.append(n)
    return tuple(shape)


def restride(x, shape, strides):
    """A writable view of an array's memory with other sizes and strides (in bytes)."""
    if x.flags.c_contiguous:
        return np.ndarray(shape, x.dtype, x, 0, strides)  # four times faster than as_strided
    return np.lib.stride_tricks.as_strided(x, shape, strides)


@op(view=True, varargs=True)
def expand(k, x: Array, size, *, implicit=False):
    """A view in which dimensions of size 1, and new leading ones, are repeated without copying.

    -1 keeps a size. Clone the result before writing to it: its elements share memory.

    >>> import tidu
    >>> tidu.tensor([[1], [2]]).expand(-1, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    shape = x.shape
    if type(size) is not tuple:
        size = sizes_of("expand", "size", size)
    if size == shape:
        return x[...]
    size = expanded_shape(x, size)
    lead = len(size) - len(shape)
    steps = x.strides
    strides = (0,) * lead + tuple(
        [steps[i] if n == size[lead + i] else 0 for i, n in enumerate(shape)]
    )
    return restride(x, size, strides)


expand.vjp(x=lambda g: g)


@composite(public=False, method=True, out=False, lowers_to=expand.op)
def expand_as(input, other):
    """`x.expand(other.shape)`.

    >>> import tidu
    >>> tidu.tensor([1, 2]).expand_as(tidu.zeros(2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    return expand.op.apply(input, other._array.shape)


@composite(method=True, out=False, varargs=False)
def broadcast_to(input, size):
    """`input.expand(size)`.

    >>> import tidu
    >>> tidu.broadcast_to(tidu.tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    return expand.op.apply(input, sizes_of("broadcast_to", "size", size))


@composite(out=False)
def broadcast_tensors(*tensors):
    """Views of the tensors, expanded to one common shape.

    >>> import tidu
    >>> x, y = tidu.broadcast_tensors(tidu.ones(3, 1), tidu.ones(4))
    >>> x.shape, y.shape
    (tidu.Size([3, 4]), tidu.Size([3, 4]))
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    shape = common_shape(tensors)
    return tuple(t if t._array.shape == shape else expand.op.apply(t, shape) for t in tensors)


def common_shape(tensors):
    """The shape that the tensors broadcast to."""
    from ..errors import broadcast_error

    try:
        return np.broadcast_shapes(*[t._array.shape for t in tensors])
    except ValueError:
        raise broadcast_error(tensors) from None


@composite(out=False)
def broadcast_shapes(*shapes):
    """The shape that tensors of these shapes broadcast to; nothing is allocated.

    >>> import tidu
    >>> tidu.broadcast_shapes((2, 1), (3,))
    tidu.Size([2, 3])
    """
    from ..size import Size

    sizes = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    found = [1] * max(map(len, sizes), default=0)
    for index, shape in enumerate(sizes):
        for i in range(-1, -len(shape) - 1, -1):
            n = shape[i]
            if n < 0:
                raise ValueError("Attempting to broadcast a dimension with negative length!")
            if n == 1 or n == found[i]:
                continue
            if found[i] != 1:
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {n} at {i}! Mismatching "
                    f"argument at index {index} had {shape}; but expected shape should be "
                    f"broadcastable to {found}"
                )
            found[i] = n
    return Size(found)


@composite(public=True, out=False)
def atleast_1d(*tensors):
    """The tensors with at least one dimension (views); one tensor alone gives one tensor.

    >>> import tidu
    >>> tidu.atleast_1d(tidu.tensor(5))
    tensor([5])
    """
    return _each(tensors, lambda x: x if x._array.ndim else reshape(x, (1,)))


@composite(public=True, out=False)
def atleast_2d(*tensors):
    """The tensors with at least two dimensions, new ones first (views).

    >>> import tidu
    >>> tidu.atleast_2d(tidu.tensor([1, 2]))
    tensor([[1, 2]])
    """

    def two(x):
        ndim = x._array.ndim
        return x if ndim > 1 else unsqueeze(x, 0) if ndim else reshape(x, (1, 1))

    return _each(tensors, two)


@composite(public=True, out=False)
def atleast_3d(*tensors):
    """The tensors with at least three dimensions: (N) becomes (1, N, 1), (M, N) (M, N, 1).

    >>> import tidu
    >>> tidu.atleast_3d(tidu.ones(2)).shape
    tidu.Size([1, 2, 1])
    """

    def three(x):
        ndim = x._array.ndim
        if ndim == 0:
            return reshape(x, (1, 1, 1))
        x = unsqueeze(x, 0) if ndim == 1 else x
        return unsqueeze(x, -1) if ndim < 3 else x

    return _each(tensors, three)


def _each(tensors, function):
    if len(tensors) == 1:
        if isinstance(tensors[0], Tensor):
            return function(tensors[0])
        tensors = tensors[0]
    return tuple(function(x) for x in tensors)


# In-place forms: the tensor itself gets another shape, its memory stays.


def reshaped_in_place(name, function, node=None):
    """Installs `x.<name>()`: what `function` views of x becomes x."""
    from ..autograd.inplace import check_writable

    def method(self, *args, **kwargs):
        from ..autograd.grad_mode import mode

        if mode.enabled:
            check_writable(self, False)
        result = function(self, *args, **kwargs)
        self._bump(name)
        self._array, self._node = result._array, result._node
        if self._view is not None:
            self._view = result._view
        if node is not None and self._node is not None:
            self._node.__class__ = _node_class(node, result._node)
        return self

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"In-place version of `{name[:-1]}`: the memory stays where it is."
    setattr(Tensor, name, method)


_in_place_nodes: dict = {}


def _node_class(names, node):
    """PyTorch numbers the nodes of in-place forms separately."""
    name = names.get(type(node).__name__, type(node).__name__)
    found = _in_place_nodes.get(name)
    if found is None:
        found = _in_place_nodes[name] = type(name, type(node).__bases__, {"op": node.op})
    return found


_squeezes = {f"SqueezeBackward{i}": f"SqueezeBackward{i + 3}" for i in range(3)}
_transposes = {"TransposeBackward0": "TransposeBackward1"}
reshaped_in_place("squeeze_", squeeze, _squeezes)
reshaped_in_place("unsqueeze_", unsqueeze, {"UnsqueezeBackward0": "UnsqueezeBackward1"})
reshaped_in_place("t_", t, {"TBackward0": "TBackward1"})
for _name in ("transpose_", "swapaxes_", "swapdims_"):
    reshaped_in_place(_name, transpose, _transposes)
