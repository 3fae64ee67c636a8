"""Views of a part of the elements: select, narrow, split, unbind, diagonal, as_strided, unfold.

All of them have one gradient, `embed`: zeros, with the gradient of the part where the part lies.
`basic_index` is the view that select, narrow, slices and plain indexing share.
"""

from __future__ import annotations

import builtins
from itertools import pairwise

import numpy as np

from ..autograd.op import Array, op
from ..autograd.public import composite
from .shape import _int_argument, axis_of, reshape, reshaped_in_place, restride, sizes_of

ALL = builtins.slice(None)


@op(public=False, method=False)
def embed(k, x: Array, shape, view, args):
    """Zeros of `shape`, with `x` where the operation `view` with `args` would look."""
    full = k.xp.zeros(shape, x.dtype)
    getattr(k, view)(full, *args)[...] = x
    return full


embed.vjp(x=lambda k, g, view, args: getattr(k, view)(g, *args))


def _scatter_node(x, src, view, args):
    name = "Diagonal" if view == "diagonal" else view_name(args[0], x._array.shape)
    return f"{name}ScatterBackward0"


@op(public=False, method=False, node=_scatter_node)
def replace_part(k, x: Array, src: Array | None, view, args):
    """A copy of `x` with `src` (or zeros, for None) where the operation `view` would look."""
    full = k.xp.array(x, order="C")
    _write(getattr(k, view)(full, *args), src)
    return full


def _write(part, src):
    if src is None:
        part[...] = 0
    elif src.shape != part.shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. "
            f"src size = {list(src.shape)}, slice size = {list(part.shape)}"
        )
    else:
        part[...] = src


replace_part.vjp(
    x=lambda k, g, view, args: k.replace_part(g, None, view, args),
    src=lambda k, g, view, args: getattr(k, view)(g, *args),
)


# Plain indexing


def covers(item, n):
    """Whether a slice takes all of a dimension of size `n`: PyTorch makes no view for it."""
    if item.step is not None and item.step != 1:
        return False
    return item.start in (None, 0) and (item.stop is None or item.stop >= n)


def view_name(index, shape):
    """What PyTorch's node of the last step of an index (a tuple or a slice) is called."""
    if type(index) is builtins.slice:
        return "Slice"
    dim = len(shape)
    for i in reversed(index):
        if i is None:
            return "Unsqueeze"
        if type(i) is builtins.slice:
            dim -= 1
            if not covers(i, shape[dim]):
                return "Slice"
        elif i is Ellipsis:
            before = index[: index.index(i)]
            dim = sum(j is not None for j in before)
        else:
            return "Select"
    return "Alias"


def _basic_index(name, node):
    def forward(k, x: Array, index):
        return x[index]

    forward.__doc__ = """`x[index]` for an index of ints, slices, None and an ellipsis: a view.

    Without an ellipsis NumPy gives a number, not an array of no dimensions.
    """
    declared = op(name=name, view=True, public=False, method=False, node=node)(forward)
    declared.vjp(x=lambda k, g, x_shape, index: k.embed(g, x_shape, "basic_index", (index,)))
    return declared


def _index_node(x, index):
    return view_name(index, x._array.shape) + "Backward0"


# One operation under several names, which are PyTorch's nodes: so a call need not find the name.
basic_index = _basic_index("basic_index", _index_node)
select_index = _basic_index("select_index", "SelectBackward0")
slice_index = _basic_index("slice_index", "SliceBackward0")


def part(x, axis, which):
    """`x` indexed in one dimension only."""
    found = slice_index if type(which) is builtins.slice else select_index
    return found.op.apply(x, (*(ALL,) * axis, which, ...) if axis else (which, ...))


@composite(method=True, out=False, lowers_to=select_index.op)
def select(input, dim, index):
    """The elements at `index` in the dimension `dim`, which goes: a view.

    >>> import tidu
    >>> tidu.arange(6).view(2, 3).select(1, 2)
    tensor([2, 5])
    """
    return part(input, *_select(input._array.shape, dim, index))


def _select(shape, dim, index):
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    axis = axis_of(dim, len(shape))
    index = index.__index__()
    if not -shape[axis] <= index < shape[axis]:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(shape)} "
            f"at dimension {axis}"
        )
    return axis, index


@composite(method=True, out=False, lowers_to=slice_index.op)
def narrow(input, dim, start, length):
    """`length` elements of the dimension `dim`, from `start` on: a view.

    >>> import tidu
    >>> tidu.arange(5).narrow(0, 1, 3)
    tensor([1, 2, 3])
    """
    shape = input._array.shape
    if not shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    length = length.__index__()
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    axis = axis_of(dim, len(shape))
    if hasattr(start, "_array") and (start._array.ndim or start._array.dtype.kind not in "iu"):
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    n, start = shape[axis], start.__index__()
    if not -n <= start <= n:
        raise IndexError(
            f"start out of range (expected to be in range of [{-n}, {n}], but got {start})"
        )
    start += n if start < 0 else 0
    if start + length > n:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({n}).")
    return part(input, axis, builtins.slice(start, start + length))


def _slice(shape, dim, start, end, step):
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    return axis_of(dim, len(shape)), builtins.slice(start, end, step)


@composite(method=True)
def select_scatter(input, src, dim, index):
    """A copy of `input` in which `src` is at `index` of the dimension `dim`.

    >>> import tidu
    >>> tidu.select_scatter(tidu.zeros(2, 2), tidu.ones(2), 0, 1)
    tensor([[0., 0.],
            [1., 1.]])
    """
    return _replaced(input, src, *_select(input._array.shape, dim, index))


@composite(method=True)
def slice_scatter(input, src, dim=0, start=None, end=None, step=1):
    """A copy of `input` in which `src` is the slice `start:end:step` of the dimension `dim`.

    >>> import tidu
    >>> tidu.slice_scatter(tidu.zeros(4), tidu.ones(2), start=1, end=3)
    tensor([0., 1., 1., 0.])
    """
    return _replaced(input, src, *_slice(input._array.shape, dim, start, end, step))


def _replaced(x, src, axis, which):
    return replace_part.op.apply(x, src, "basic_index", ((*(ALL,) * axis, which, ...),))


@composite(method=True)
def diagonal_scatter(input, src, offset=0, dim1=0, dim2=1):
    """A copy of `input` in which `src` is the diagonal that `diagonal` would show.

    >>> import tidu
    >>> tidu.diagonal_scatter(tidu.zeros(2, 2), tidu.tensor([1.0, 2.0]))
    tensor([[1., 0.],
            [0., 2.]])
    """
    return replace_part.op.apply(input, src, "diagonal", (offset, dim1, dim2))


# Several parts at once


@op(view=True, outputs=(), public=False, method=False, node="SplitBackward0")
def split_equally(k, x: Array, size, axis):
    """Views of `size` elements each (the last may have fewer) along a dimension."""
    n = x.shape[axis]
    head = (ALL,) * axis
    return [x[(*head, builtins.slice(i, i + size))] for i in range(0, max(n, 1), max(size, 1))]


split_equally.vjp(x=lambda k, g, axis: k.cat(g, axis))


@op(view=True, outputs=(), public=False, method=False, node="SplitWithSizesBackward0")
def split_unequally(k, x: Array, sizes, axis):
    """Views of the given sizes along a dimension."""
    head, found, start = (ALL,) * axis, [], 0
    for n in sizes:
        found.append(x[(*head, builtins.slice(start, start + n))])
        start += n
    return found


split_unequally.vjp(x=lambda k, g, axis: k.cat(g, axis))


@composite(method=True, out=False, lowers_to=split_equally.op)
def split(tensor, split_size_or_sections, dim=0):
    """Views of the parts along `dim`: of equal size (the last may be smaller), or of given sizes.

    >>> import tidu
    >>> [part.tolist() for part in tidu.arange(5).split(2)]
    [[0, 1], [2, 3], [4]]
    >>> [part.tolist() for part in tidu.arange(5).split([1, 4])]
    [[0], [1, 2, 3, 4]]
    """
    if isinstance(split_size_or_sections, (tuple, list)):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    size = _split_size(split_size_or_sections)
    shape = tensor._array.shape
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    axis = axis_of(dim, len(shape))
    if size == 0 and shape[axis]:
        raise RuntimeError(
            "split_size can only be 0 if dimension size is 0, but got dimension size of "
            f"{shape[axis]}"
        )
    return split_equally.op.apply(tensor, size, axis)


def _split_size(size):
    try:
        return size.__index__()
    except AttributeError:
        raise TypeError(
            "split_with_sizes(): argument 'split_sizes' (position 2) must be tuple of ints, "
            f"not {type(size).__name__}"
        ) from None


@composite(method=True, out=False)
def split_with_sizes(input, split_sizes, dim=0):
    """Views of the parts of the given sizes along `dim`.

    >>> import tidu
    >>> tidu.arange(3).split_with_sizes([1, 2])
    (tensor([0]), tensor([1, 2]))
    """
    shape = input._array.shape
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    axis = axis_of(dim, len(shape))
    sizes = sizes_of("split_with_sizes", "split_sizes", split_sizes)
    if sizes and min(sizes) < 0:
        raise RuntimeError(
            "split_with_sizes expects split_sizes have only non-negative entries, but got "
            f"split_sizes={list(sizes)}"
        )
    if sum(sizes) != shape[axis]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {shape[axis]} (input tensor's "
            f"size at dimension {axis}), but got split_sizes={list(sizes)}"
        )
    return split_unequally.op.apply(input, sizes, axis)


@composite(method=True, out=False, lowers_to=split_equally.op)
def chunk(input, chunks, dim=0):
    """Views of at most `chunks` parts of equal size along `dim` (the last may be smaller).

    >>> import tidu
    >>> [part.tolist() for part in tidu.arange(5).chunk(2)]
    [[0, 1, 2], [3, 4]]
    """
    _int_argument("chunk", "chunks", 1, chunks)
    shape = input._array.shape
    if not shape:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    n = shape[axis_of(dim, len(shape))]
    if n == 0:
        return split_with_sizes(input, (0,) * chunks, dim)
    return split(input, -(-n // chunks), dim)


@composite(method=True, out=False)
def tensor_split(input, indices_or_sections, dim=0):
    """Views of the parts along `dim`: that many nearly equal ones, or cut before given indices.

    >>> import tidu
    >>> [part.tolist() for part in tidu.arange(5).tensor_split(2)]
    [[0, 1, 2], [3, 4]]
    >>> [part.tolist() for part in tidu.arange(5).tensor_split((1, 3))]
    [[0], [1, 2], [3, 4]]
    """
    shape = input._array.shape
    if not shape:
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    axis = axis_of(dim, len(shape))
    n, cuts = shape[axis], indices_or_sections
    if hasattr(cuts, "_array"):
        cuts = cuts.tolist()
    if not isinstance(cuts, (tuple, list)):
        sections = cuts.__index__()
        if sections <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {sections}")
        small, larger = divmod(n, sections)
        cuts = [i * small + min(i, larger) for i in range(1, sections)]
    bounds = [0, *(int(c) for c in cuts), n]
    parts = []
    for start, end in pairwise(bounds):
        start, end, _ = builtins.slice(start, end).indices(n)
        parts.append(part(input, axis, builtins.slice(start, max(start, end))))
    return tuple(parts)


def _split_along(name, dim, ndim, shape, example):
    def function(input, indices_or_sections):
        have = input._array.ndim
        if have < ndim:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {ndim} dimension, but got a tensor "
                f"with {have} dimensions!"
            )
        axis = 0 if have == 1 else dim
        sections = indices_or_sections
        if isinstance(sections, int):
            n = input._array.shape[axis]
            if sections <= 0 or n % sections:
                raise RuntimeError(
                    f"torch.{name} attempted to split along dimension {axis}, but the size of the "
                    f"dimension {n} is not divisible by the split_size {sections}!"
                )
        return tensor_split(input, sections, axis)

    function.__name__ = name
    function.__doc__ = f"""`tensor_split` along dimension {dim}, into equal parts or before indices.

    RuntimeError for fewer than {ndim} dimensions, or if a number of parts does not divide the size.

    >>> import tidu
    >>> [part.tolist() for part in tidu.arange(4).reshape({shape}).{name}(2)]
    {example}
    """
    return composite(method=True, out=False)(function)


hsplit = _split_along("hsplit", 1, 1, "2, 2", "[[[0], [2]], [[1], [3]]]")
vsplit = _split_along("vsplit", 0, 2, "2, 2", "[[[0, 1]], [[2, 3]]]")
dsplit = _split_along("dsplit", 2, 3, "1, 2, 2", "[[[[0], [2]]], [[[1], [3]]]]")


@op(view=True, outputs=(), names={"x": "input"})
def unbind(k, x: Array, dim=0):
    """Views of all slices along `dim`, without that dimension.

    >>> import tidu
    >>> tidu.arange(4).view(2, 2).unbind()
    (tensor([0, 1]), tensor([2, 3]))
    """
    if not x.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    axis = axis_of(dim, x.ndim)
    head = (ALL,) * axis
    return [x[(*head, i, ...)] for i in range(x.shape[axis])]


unbind.vjp(x=lambda k, g, dim: k.stack(g, dim))


# Diagonals


def _diagonal_axes(ndim, dim1, dim2):
    first, second = axis_of(dim1, ndim), axis_of(dim2, ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return first, second


@op(view=True)
def diagonal(k, x: Array, offset=0, dim1=0, dim2=1):
    """A view of the diagonal of the matrices in `dim1` and `dim2`, as a last dimension.

    `offset`: how far above (or, if negative, below) the main diagonal.

    >>> import tidu
    >>> tidu.arange(6).view(2, 3).diagonal(1)
    tensor([1, 5])
    """
    first, second = _diagonal_axes(x.ndim, dim1, dim2)
    rows, columns = x.shape[first], x.shape[second]
    n = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    keep = [i for i in range(x.ndim) if i not in (first, second)]
    start = [ALL] * x.ndim
    if n:
        start[second if offset >= 0 else first] = builtins.slice(abs(offset), None)
    x = x[tuple(start)]
    shape = (*[x.shape[i] for i in keep], n)
    strides = (*[x.strides[i] for i in keep], x.strides[first] + x.strides[second])
    if not n:
        return x.transpose(*keep, first, second)[..., 0, :0] if rows else k.xp.empty(shape, x.dtype)
    return restride(x, shape, strides)


diagonal.vjp(
    x=lambda k, g, x_shape, offset, dim1, dim2: k.embed(
        g, x_shape, "diagonal", (offset, dim1, dim2)
    )
)


@op(method=False, node="DiagonalBackward0_copy")
def diagonal_copy(k, x: Array, offset=0, dim1=0, dim2=1):
    """A copy of what `diagonal` shows.

    >>> import tidu
    >>> tidu.diagonal_copy(tidu.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    return k.diagonal(x, offset, dim1, dim2).copy()


diagonal_copy.vjp(
    x=lambda k, g, x_shape, offset, dim1, dim2: k.embed(
        g, x_shape, "diagonal", (offset, dim1, dim2)
    )
)


@op()
def diag_embed(k, x: Array, offset=0, dim1=-2, dim2=-1):
    """Matrices (in the dimensions `dim1` and `dim2`) whose diagonals are the last dimension.

    >>> import tidu
    >>> tidu.tensor([1, 2]).diag_embed()
    tensor([[1, 0],
            [0, 2]])
    """
    ndim = x.ndim + 1
    first, second = _diagonal_axes(ndim, dim1, dim2)
    n = x.shape[-1] + abs(offset)
    shape = list(x.shape[:-1])
    for axis in sorted((first, second)):
        shape.insert(axis, n)
    return k.embed(x, tuple(shape), "diagonal", (offset, first, second))


diag_embed.vjp(x=lambda k, g, offset, dim1, dim2: k.diagonal(g, offset, dim1, dim2))


@composite(method=True)
def diag(input, diagonal=0):
    """Of a vector: the matrix that has it as its diagonal. Of a matrix: a copy of its diagonal.

    >>> import tidu
    >>> tidu.diag(tidu.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    ndim = input._array.ndim
    if ndim == 1:
        return diag_embed.op.apply(input, diagonal)
    if ndim != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")
    return diagonal_copy.op.apply(input, diagonal)


@composite(method=True, out=False)
def diagflat(input, offset=0):
    """The matrix that has all elements of `input` as its diagonal.

    >>> import tidu
    >>> tidu.diagflat(tidu.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    return diag_embed.op.apply(reshape(input, (-1,)), offset)


# Memory read with other strides


def storage_of(array):
    """The ndarray that owns an array's memory, flat, and the array's offset there in elements."""
    from ..storage import root

    owner = root(array)
    flat = np.lib.stride_tricks.as_strided(owner, (owner.size,), (owner.itemsize,))
    flat = flat.view(array.dtype)
    start = owner.__array_interface__["data"][0]
    return flat, (array.__array_interface__["data"][0] - start) // array.itemsize


def _extent(shape, strides, offset):
    """How many elements of a storage a view with these sizes and strides needs."""
    if 0 in shape:
        return 0
    return offset + 1 + sum((n - 1) * s for n, s in zip(shape, strides))


def _strided(storage, shape, strides, offset):
    step = storage.itemsize
    if 0 in shape:
        return storage[:0].reshape(shape)
    return np.lib.stride_tricks.as_strided(
        storage[offset:], shape, tuple(step * s for s in strides)
    )


def _spread_out(x, geometry, size):
    """A flat storage of `size` elements with the elements of `x` where `geometry` says."""
    strides, offset = geometry
    storage = np.zeros(max(size, _extent(x.shape, strides, offset)), x.dtype)
    if any(s == 0 and n > 1 for n, s in zip(x.shape, strides)):  # elements that share memory
        places = _strided(np.arange(storage.size), x.shape, strides, offset)
        np.add.at(storage, places, x)
        count = np.zeros(storage.size, int)
        np.add.at(count, places, 1)
        return storage / np.maximum(count, 1).astype(x.real.dtype)
    _strided(storage, x.shape, strides, offset)[...] = x
    return storage


@op(view=True, public=False, method=False, node="AsStridedBackward0")
def strided_part(k, x: Array, size, stride, offset, geometry):
    """The elements of `x`'s storage at `offset` and then by `stride`.

    `geometry`: the strides and the offset that the original input had. Gradients of it lie in
    memory otherwise, and are brought into that layout first.
    """
    needed = _extent(size, stride, offset)
    storage, start = storage_of(x)
    same = all(n < 2 or a == b for n, a, b in zip(x.shape, _strides(x), geometry[0]))
    if same and start == geometry[1] and needed <= storage.size:
        return _strided(storage, size, stride, offset)
    return _strided(_spread_out(x, geometry, needed), size, stride, offset)


strided_part.vjp(
    x=lambda k, g, x_shape, size, stride, offset, geometry: k.strided_sum(
        g, x_shape, size, stride, offset, geometry
    )
)


@op(public=False, method=False)
def strided_sum(k, x: Array, shape, size, stride, offset, geometry):
    """The gradient of `strided_part`: what was read several times is summed."""
    xp = k.xp
    needed = max(_extent(size, stride, offset), _extent(shape, *geometry))
    places = xp.arange(needed)
    storage = xp.zeros(needed, x.dtype)
    xp.add.at(storage, _strided(places, size, stride, offset), x)
    own = _strided(places, shape, *geometry)
    if any(s == 0 and n > 1 for n, s in zip(shape, geometry[0])):
        count = xp.zeros(needed, int)
        xp.add.at(count, own, 1)
        storage = storage / xp.maximum(count, 1).astype(x.real.dtype)
    return storage[own]


strided_sum.vjp(
    x=lambda k, g, size, stride, offset, geometry: k.strided_part(g, size, stride, offset, geometry)
)


def _strides(array):
    return tuple(s // array.itemsize for s in array.strides)


@composite(method=True, out=False)
def as_strided(input, size, stride, storage_offset=None):
    """A view of the tensor's storage with these sizes and strides, counted in elements.

    >>> import tidu
    >>> tidu.arange(4).as_strided((3, 2), (1, 1))
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    return strided_part.op.apply(input, *_strided_args(input, size, stride, storage_offset))


def _strided_args(x, size, stride, storage_offset):
    array = x._array
    size, stride = (sizes_of("as_strided", "size", s) for s in (size, stride))
    storage, start = storage_of(array)
    offset = start if storage_offset is None else storage_offset
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if stride and min(stride) < 0:
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, got strides: "
            f"{list(stride)}"
        )
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    needed = _extent(size, stride, offset)
    if needed > storage.size:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and "
            f"itemsize {array.itemsize} requiring a storage size of {needed * array.itemsize} are "
            f"out of bounds for storage of size {storage.nbytes}"
        )
    return size, stride, offset, (_strides(array), start)


reshaped_in_place("as_strided_", as_strided)


@composite(method=True)
def as_strided_scatter(input, src, size, stride, storage_offset=None):
    """A copy of `input` in which `src` is what `as_strided` would show.

    >>> import tidu
    >>> tidu.as_strided_scatter(tidu.zeros(4), tidu.ones(2), (2,), (2,))
    tensor([1., 0., 1., 0.])
    """
    return strided_replace.op.apply(input, src, *_strided_args(input, size, stride, storage_offset))


@op(public=False, method=False, node="AsStridedScatterBackward0")
def strided_replace(k, x: Array, src: Array | None, size, stride, offset, geometry):
    """A copy of `x` with `src` (or zeros, for None) where `strided_part` would look."""
    storage = _spread_out(x, geometry, _extent(size, stride, offset))
    _write(_strided(storage, size, stride, offset), src)
    return _strided(storage, x.shape, *geometry)


strided_replace.vjp(
    x=lambda k, g, size, stride, offset, geometry: k.strided_replace(
        g, None, size, stride, offset, geometry
    ),
    src=lambda k, g, size, stride, offset, geometry: k.strided_part(
        g, size, stride, offset, geometry
    ),
)


# Sliding windows


@op(view=True, public=False)
def unfold(k, x: Array, dimension, size, step):
    """A view of all windows of `size` elements along a dimension, `step` apart, as a last one.

    >>> import tidu
    >>> tidu.arange(5).unfold(0, 3, 2)
    tensor([[0, 1, 2],
            [2, 3, 4]])
    """
    axis = axis_of(dimension, x.ndim)
    n = x.shape[axis] if x.ndim else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > n:
        raise RuntimeError(f"maximum size for tensor at dimension {axis} is {n} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if not x.ndim:
        return x.reshape(1)[:size]
    windows = (n - size) // step + 1
    shape = (*x.shape[:axis], windows, *x.shape[axis + 1 :], size)
    strides = (*x.strides[:axis], x.strides[axis] * step, *x.strides[axis + 1 :], x.strides[axis])
    return restride(x, shape, strides)


unfold.vjp(
    x=lambda k, g, x_shape, dimension, size, step: k.unfold_sum(g, x_shape, dimension, size, step)
)


@op(public=False, method=False, node="UnfoldBackwardBackward0")
def unfold_sum(k, x: Array, shape, dimension, size, step):
    """The gradient of `unfold`: the windows are added where they came from."""
    full = k.xp.zeros(shape, x.dtype)
    if not shape:
        full[...] = x.sum()
        return full
    axis = axis_of(dimension, len(shape))
    windows = x.shape[axis]
    rows, source = k.xp.moveaxis(full, axis, 0), k.xp.moveaxis(x, axis, 0)
    for i in range(size):
        rows[i : i + windows * step : step][:windows] += source[..., i]
    return full


unfold_sum.vjp(x=lambda k, g, dimension, size, step: k.unfold(g, dimension, size, step))
