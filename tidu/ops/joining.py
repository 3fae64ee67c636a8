"""Tensors made of others: joined, repeated, rolled, flipped."""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..autograd.op import Array, op
from ..autograd.public import composite
from ..tensor import Tensor
from .indexing import index
from .shape import (
    _int_argument,
    axes_of,
    axis_of,
    reshape,
    sizes_of,
    unsqueeze,
)
from .slicing import ALL

# Joined


def _check_lists(name, tensors):
    if not isinstance(tensors, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, "
            f"not {type(tensors).__name__}"
        )
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(
                f"expected Tensor as element {i} in argument 0, but got {type(t).__name__}"
            )


def _is_legacy_empty(a):
    """A tensor of shape (0,) may be joined with anything, for PyTorch's history's sake."""
    return a.ndim == 1 and a.shape[0] == 0


def _joint_dtype(arrays):
    first = arrays[0].dtype
    for a in arrays:
        if a.dtype is not first:
            break
    else:
        return first
    return dtypes.result(*arrays)


@op(method=False, names={"x": "tensors"}, aliases=("concat", "concatenate"))
def cat(k, x: list[Array], dim=0):
    """The tensors joined along an existing dimension.

    >>> import tidu
    >>> tidu.cat([tidu.ones(2, 1), tidu.zeros(2, 2)], dim=1)
    tensor([[1., 0., 0.],
            [1., 0., 0.]])
    """
    if not isinstance(x, (list, tuple)):
        raise TypeError(
            "cat(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor"
        )
    if not x:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    parts = x
    for i, a in enumerate(x):
        if not a.ndim:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
        if a.shape == (0,):
            parts = [b for b in x if not _is_legacy_empty(b)] or x[:1]
    axis = axis_of(dim, parts[0].ndim)
    try:
        joined = k.xp.concatenate(parts, axis, dtype=_joint_dtype(x))
    except ValueError:
        raise _cat_error(x, parts[0], axis) from None
    # NumPy keeps the order that the parts' axes have in memory; PyTorch only that of images whose
    # channels come last.
    return joined if joined.ndim in (4, 5) else k.xp.ascontiguousarray(joined)


def _cat_error(arrays, first, axis):
    for i, a in enumerate(arrays):
        if _is_legacy_empty(a):
            continue
        if a.ndim != first.ndim:
            return RuntimeError(
                f"Tensors must have same number of dimensions: got {first.ndim} and {a.ndim}"
            )
        for d, (n, m) in enumerate(zip(first.shape, a.shape)):
            if d != axis and n != m:
                return RuntimeError(
                    f"Sizes of tensors must match except in dimension {axis}. Expected size {n} "
                    f"but got size {m} for tensor number {i} in the list."
                )
    return RuntimeError("the tensors cannot be joined")


def _cut(k, g, shapes, needed, dim):
    axis = dim + len(g.shape) if dim < 0 else dim
    head, start, found = (ALL,) * axis, 0, []
    for shape, wanted in zip(shapes, needed):
        if shape == (0,) and len(g.shape) != 1:  # joined with anything, it has no elements
            nothing = k.basic_index(g, (slice(0), ...))
            found.append(k.reshape(nothing, shape) if wanted else None)
            continue
        end = start + shape[axis]
        found.append(k.basic_index(g, (*head, slice(start, end), ...)) if wanted else None)
        start = end
    return found


cat.vjp(x=lambda k, g, x_shape, x_needed, dim: _cut(k, g, x_shape, x_needed, dim))


@op(method=False, names={"x": "tensors"})
def stack(k, x: list[Array], dim=0):
    """The tensors, all of one shape, side by side in a new dimension.

    >>> import tidu
    >>> tidu.stack([tidu.tensor([1, 2]), tidu.tensor([3, 4])], dim=1)
    tensor([[1, 3],
            [2, 4]])
    """
    if not isinstance(x, (list, tuple)):
        raise TypeError(
            "stack(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor"
        )
    if not x:
        raise RuntimeError("stack expects a non-empty TensorList")
    first = x[0].shape
    axis = axis_of(dim, len(first) + 1)
    for i, a in enumerate(x):
        if a.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(a.shape)} at entry {i}"
            )
    head = (ALL,) * axis
    joined = k.xp.concatenate([a[(*head, None)] for a in x], axis, dtype=_joint_dtype(x))
    return k.xp.ascontiguousarray(joined)  # NumPy keeps the order of transposed parts


def _unstack(k, g, needed, dim):
    axis = dim + len(g.shape) if dim < 0 else dim
    head = (ALL,) * axis
    return [k.basic_index(g, (*head, i, ...)) if n else None for i, n in enumerate(needed)]


stack.vjp(x=lambda k, g, x_needed, dim: _unstack(k, g, x_needed, dim))


def _joiner(name, prepare, axis_for, what, example):
    """hstack and its kin: `cat` of tensors with enough dimensions."""

    def function(tensors):
        _check_lists(name, tensors)
        if not tensors:
            raise RuntimeError(f"{name} expects a non-empty TensorList")
        tensors = [prepare(t) for t in tensors]
        return cat.op.apply(tensors, axis_for(tensors[0]))

    function.__name__ = name
    function.__doc__ = f"""{what}

    >>> import tidu
    >>> tidu.{name}((tidu.tensor([1, 2]), tidu.tensor([3, 4])))
    {example}
    """
    return function


def _two(x):
    ndim = x._array.ndim
    return x if ndim > 1 else unsqueeze(x, 0) if ndim else reshape(x, (1, 1))


def _three(x):
    ndim = x._array.ndim
    if ndim < 2:
        return reshape(x, (1, x._array.size, 1))
    return unsqueeze(x, -1) if ndim < 3 else x


def _column(x):
    return x if x._array.ndim > 1 else reshape(x, (x._array.size, 1))


hstack = composite()(
    _joiner(
        "hstack",
        lambda x: x if x._array.ndim else reshape(x, (1,)),
        lambda x: min(x._array.ndim - 1, 1),
        "The tensors joined along the second dimension; along the first if they have only one.",
        "tensor([1, 2, 3, 4])",
    )
)
vstack = composite(aliases=("row_stack",))(
    _joiner(
        "vstack",
        _two,
        lambda x: 0,
        "The tensors, as matrices, one below the other; vectors are rows.",
        "tensor([[1, 2],\n            [3, 4]])",
    )
)
dstack = composite()(
    _joiner(
        "dstack",
        _three,
        lambda x: 2,
        "The tensors joined along the third dimension; (N) counts as (1, N, 1), (M, N) as (M, N, 1).",
        "tensor([[[1, 3],\n             [2, 4]]])",
    )
)
column_stack = composite()(
    _joiner(
        "column_stack",
        _column,
        lambda x: 1,
        "The tensors, vectors as columns, side by side.",
        "tensor([[1, 3],\n            [2, 4]])",
    )
)


@op(
    public=False, method=False, names={"x": "tensors"}, name="block_diag", node="BlockDiagBackward0"
)
def _block_diag(k, x: list[Array]):
    """Matrices along the diagonal of a larger one."""
    x = [a.reshape((1,) * (2 - a.ndim) + a.shape) for a in x]
    shape = (sum(len(a) for a in x), sum(a.shape[1] for a in x))
    out = k.xp.zeros(shape, _joint_dtype(x) if x else dtypes.get_default_dtype().numpy)
    row = column = 0
    for a in x:
        out[row : row + a.shape[0], column : column + a.shape[1]] = a
        row, column = row + a.shape[0], column + a.shape[1]
    return out


def _blocks(k, g, shapes, needed):
    found, row, column = [], 0, 0
    for shape, wanted in zip(shapes, needed):
        rows, columns = (1,) * (2 - len(shape)) + tuple(shape)
        key = (slice(row, row + rows), slice(column, column + columns))
        found.append(k.reshape(k.basic_index(g, key), shape) if wanted else None)
        row, column = row + rows, column + columns
    return found


_block_diag.vjp(x=lambda k, g, x_shape, x_needed: _blocks(k, g, x_shape, x_needed))


@composite(out=False)
def block_diag(*tensors):
    """A matrix with the tensors (of up to two dimensions) along its diagonal, zeros elsewhere.

    >>> import tidu
    >>> tidu.block_diag(tidu.tensor([[1, 2]]), tidu.tensor([3]))
    tensor([[1, 2, 0],
            [0, 0, 3]])
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    for i, t in enumerate(tensors):
        if t._array.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has "
                f"{t._array.ndim} dimensions"
            )
    return _block_diag.op.apply(list(tensors)) if tensors else Tensor._wrap(np.empty((1, 0), "f4"))


# Repeated


@op(public=False, varargs=True)
def repeat(k, x: Array, repeats):
    """The tensor repeated so often along each dimension; extra leading ones are new dimensions.

    >>> import tidu
    >>> tidu.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    repeats = sizes_of("repeat", "repeats", repeats)
    if len(repeats) < x.ndim:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            "tensor"
        )
    for n in repeats:
        if n < 0:
            raise RuntimeError(f"Repeat dims must be non-negative, but got {n}")
    return k.xp.tile(x, repeats) if repeats else x.copy()


def _unrepeat(k, g, shape, repeats):
    repeats = sizes_of("repeat", "repeats", repeats)
    lead = len(repeats) - len(shape)
    split = [*repeats[:lead]]
    for n, m in zip(repeats[lead:], shape):
        split += [n, m]
    dims = (*range(lead), *range(lead, len(split), 2))
    if not dims:
        return g
    if 0 in g.shape:
        return k.expand(k.sum(g), shape)
    return k.sum(k.reshape(g, tuple(split)), dims, False)


repeat.vjp(x=lambda k, g, x_shape, repeats: _unrepeat(k, g, x_shape, repeats))


@composite(method=True, varargs=True, out=False)
def tile(input, dims):
    """The tensor repeated so often along each dimension, like `numpy.tile`.

    >>> import tidu
    >>> tidu.tile(tidu.tensor([1, 2]), (2,))
    tensor([1, 2, 1, 2])
    """
    dims = sizes_of("tile", "dims", dims)
    return repeat.op.apply(input, (*(1,) * (input._array.ndim - len(dims)), *dims))


def _check_repeats(repeats):
    if repeats.ndim > 1:
        raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
    if repeats.dtype.kind not in "iu" or repeats.dtype.itemsize < 4:
        raise RuntimeError("repeats has to be Long or Int tensor")
    if repeats.size and repeats.min() < 0:
        raise RuntimeError("repeats can not be negative")


@composite(method=True, out=False)
def repeat_interleave(input=None, repeats=None, dim=None, *, output_size=None):
    """Each element (or each slice along `dim`) repeated `repeats` times in a row.

    `repeats` is a number or, for each its own, a tensor.

    >>> import tidu
    >>> tidu.tensor([1, 2]).repeat_interleave(tidu.tensor([1, 3]))
    tensor([1, 2, 2, 2])
    """
    if input is None and isinstance(repeats, Tensor):
        input, repeats = repeats, None
    if input is None:
        raise TypeError(
            "repeat_interleave() received an invalid combination of arguments - got (), but "
            "expected one of:\n"
            " * (Tensor input, Tensor repeats, int dim = None, *, int output_size = None)\n"
            " * (Tensor repeats, *, int output_size = None)\n"
            " * (Tensor input, int repeats, int dim = None, *, int output_size = None)\n"
        )
    if repeats is None and isinstance(input, Tensor):  # repeat_interleave(repeats): the indices
        _check_repeats(input._array)
        return Tensor._wrap(np.repeat(np.arange(input._array.size), input._array))
    if dim is None:
        input, dim = reshape(input, (-1,)), 0
    array = input._array
    axis = axis_of(dim, array.ndim)
    if not array.ndim:
        input = reshape(input, (1,))
        array = input._array
    n = array.shape[axis]
    if isinstance(repeats, Tensor):
        counts = repeats._array
        _check_repeats(counts)
        if counts.size not in (1, n):
            raise RuntimeError("repeats must have the same size as input along dim, but got "
                               f"repeats.size(0) = {counts.size} and input.size({axis}) = "
                               f"{n}")  # fmt: skip
        counts = np.broadcast_to(counts.reshape(-1), (n,))
        total = int(counts.sum())
    else:
        if repeats < 0:
            raise RuntimeError("Repeats must be non-negative")
        counts, total = repeats, n * repeats
    if output_size is not None and output_size != total:
        raise RuntimeError("allocated size does not match required size")
    places = Tensor._wrap(np.repeat(np.arange(n), counts))
    return input.index_select(axis, places)


# Rolled and flipped


@op(method=True, row_order=True)
def roll(k, x: Array, shifts, dims=()):
    """The elements moved on by `shifts` places along `dims` (without dims: flattened), around.

    >>> import tidu
    >>> tidu.arange(4).roll(1)
    tensor([3, 0, 1, 2])
    """
    shifts = sizes_of("roll", "shifts", shifts)
    dims = () if dims is None else sizes_of("roll", "dims", dims)
    if not shifts:
        raise RuntimeError("`shifts` required")
    if not dims and len(shifts) == 1:
        return k.roll(x.reshape(-1), shifts, (0,)).reshape(x.shape)
    if len(shifts) != len(dims):
        raise RuntimeError(
            f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}"
        )
    if not x.ndim:
        for d in dims:
            raise IndexError(f"Dimension specified as {d} but tensor has no dimensions")
    return k.xp.roll(x, shifts, tuple(axis_of(d, x.ndim) for d in dims))


roll.vjp(x=lambda k, g, shifts, dims: k.roll(g, _negative(shifts), dims))


def _negative(shifts):
    return tuple(-s for s in shifts) if isinstance(shifts, (tuple, list)) else -shifts


@op(varargs=True)
def flip(k, x: Array, dims):
    """The elements in reverse order along `dims`.

    >>> import tidu
    >>> tidu.arange(3).flip(0)
    tensor([2, 1, 0])
    """
    axes = axes_of(sizes_of("flip", "dims", dims), x.ndim)
    return k.xp.flip(x, axes if x.ndim else ()).copy()


flip.vjp(x=lambda k, g, dims: k.flip(g, dims))


@composite(method=True, out=False)
def fliplr(input):
    """The second dimension (the columns) in reverse order.

    >>> import tidu
    >>> tidu.fliplr(tidu.tensor([[1, 2], [3, 4]]))
    tensor([[2, 1],
            [4, 3]])
    """
    if input._array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip.op.apply(input, (1,))


@composite(method=True, out=False)
def flipud(input):
    """The first dimension (the rows) in reverse order.

    >>> import tidu
    >>> tidu.flipud(tidu.tensor([[1, 2], [3, 4]]))
    tensor([[3, 4],
            [1, 2]])
    """
    if input._array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip.op.apply(input, (0,))


@op(names={"k_": "k"})
def rot90(k, x: Array, k_=1, dims=(0, 1)):
    """The tensor turned by 90 degrees, `k` times, in the plane of two dimensions.

    >>> import tidu
    >>> tidu.tensor([[1, 2], [3, 4]]).rot90()
    tensor([[2, 4],
            [1, 3]])
    """
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if x.ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {x.ndim}")
    first, second = dims
    for d in dims:
        if not -x.ndim <= d < x.ndim:
            raise RuntimeError(
                f"Rotation dim{int(d is second)} out of range, dim{int(d is second)} = {d}"
            )
    if first == second or abs(first - second) == x.ndim:
        raise RuntimeError(
            f"expected rotation dims to be different, but got dim0 = {first} and dim1 = {second}"
        )
    return k.xp.rot90(x, k_, dims).copy()


rot90.vjp(x=lambda k, g, k_, dims: k.rot90(g, -k_, dims))


# Grids


@composite(out=False)
def meshgrid(*tensors, indexing=None):
    """Coordinate grids: for 1-d tensors of sizes n and m, tensors of shape (n, m) (views).

    `indexing="xy"` exchanges the first two dimensions.

    >>> import tidu
    >>> x, y = tidu.meshgrid(tidu.tensor([1, 2]), tidu.tensor([3, 4, 5]), indexing="ij")
    >>> x
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    for t in tensors:
        if t._array.ndim > 1:
            raise RuntimeError(
                "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: "
                f"{t._array.ndim}"
            )
    if len({t._array.dtype for t in tensors}) > 1:
        raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
    if indexing is None:
        import warnings

        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing "
            "argument.",
            stacklevel=2,
        )
    elif indexing not in ("ij", "xy"):
        raise RuntimeError(
            'torch.meshgrid: indexing must be one of "xy" or "ij", but received: ' + indexing
        )
    swap = indexing == "xy" and len(tensors) > 1
    if swap:
        tensors = (tensors[1], tensors[0], *tensors[2:])
    n = len(tensors)
    shape = tuple(t._array.size for t in tensors)
    grids = [
        reshape(t, (*(1,) * i, shape[i], *(1,) * (n - 1 - i))).expand(shape)
        for i, t in enumerate(tensors)
    ]
    if swap:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


@composite(out=False)
def cartesian_prod(*tensors):
    """All tuples with one element of each 1-d tensor, as rows; one tensor alone stays as it is.

    >>> import tidu
    >>> tidu.cartesian_prod(tidu.tensor([1, 2]), tidu.tensor([3, 4])).tolist()
    [[1, 3], [1, 4], [2, 3], [2, 4]]
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    for t in tensors:
        if t._array.ndim != 1:
            raise RuntimeError("Expect a 1D vector, but got shape " + str(list(t._array.shape)))
    if len(tensors) == 1:
        return tensors[0]
    return stack([g.flatten() for g in meshgrid(*tensors, indexing="ij")], 1)


@composite(out=False, method=True)
def combinations(input, r=2, with_replacement=False):
    """All combinations of `r` elements of a 1-d tensor, as rows.

    >>> import tidu
    >>> tidu.combinations(tidu.tensor([1, 2, 3])).tolist()
    [[1, 2], [1, 3], [2, 3]]
    """
    import itertools

    if input._array.ndim != 1:
        raise RuntimeError("Expect a 1D vector, but got shape " + str(list(input._array.shape)))
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return Tensor._wrap(np.empty(0, input._array.dtype))
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(input._array.size), r)), np.int64).reshape(-1, r)
    return index.op.apply(input, (rows,))


@composite(out=False)
def unravel_index(indices, shape):
    """The coordinates, one tensor a dimension, of flat indices into an array of `shape`.

    >>> import tidu
    >>> tidu.unravel_index(tidu.tensor([1, 5]), (2, 3))
    (tensor([0, 1]), tensor([1, 2]))
    """
    array = indices._array
    if array.dtype.kind not in "iu":
        raise ValueError(f"expected 'indices' to be integer dtype, but got {dtypes.of(array)}")
    shape = (shape,) if isinstance(shape, int) else tuple(int(n) for n in shape)
    if any(n < 0 for n in shape):
        raise ValueError(f"'shape' cannot have negative values, but got {shape}")
    found, rest = [], array
    for n in reversed(shape):
        found.append(Tensor._wrap(np.asarray(rest % n)))
        rest = np.asarray(rest // n)
    return tuple(reversed(found))


# Channels into pixels


@op(method=False)
def pixel_shuffle(k, x: Array, upscale_factor):
    """(..., C r r, H, W) rearranged to (..., C, H r, W r), where r is `upscale_factor`.

    (Shi et al., 2016.) Raises RuntimeError where r * r does not divide the channels.

    >>> import tidu
    >>> tidu.nn.functional.pixel_shuffle(tidu.arange(4).view(4, 1, 1), 2)
    tensor([[[0, 1],
             [2, 3]]])
    """
    _check_pixels("pixel_shuffle", x, "upscale_factor", upscale_factor)
    r = upscale_factor
    *lead, c, h, w = x.shape
    if c % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={c} is not divisible by {r * r}"
        )
    x = x.reshape(*lead, c // (r * r), r, r, h, w)
    n = len(lead)
    x = x.transpose(*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return x.reshape(*lead, c // (r * r), h * r, w * r)


pixel_shuffle.vjp(x=lambda k, g, upscale_factor: k.pixel_unshuffle(g, upscale_factor))


@op(method=False)
def pixel_unshuffle(k, x: Array, downscale_factor):
    """(..., C, H r, W r) rearranged to (..., C r r, H, W), where r is `downscale_factor`.

    Raises RuntimeError where r does not divide the height and the width.

    >>> import tidu
    >>> tidu.nn.functional.pixel_unshuffle(tidu.arange(4).view(1, 2, 2), 2).flatten(1)
    tensor([[0],
            [1],
            [2],
            [3]])
    """
    _check_pixels("pixel_unshuffle", x, "downscale_factor", downscale_factor)
    r = downscale_factor
    *lead, c, h, w = x.shape
    for name, size in (("height", h), ("width", w)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({-2 if name == 'height' else -1})={size} is not divisible by {r}"
            )
    n = len(lead)
    x = x.reshape(*lead, c, h // r, r, w // r, r)
    x = x.transpose(*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return x.reshape(*lead, c * r * r, h // r, w // r)


pixel_unshuffle.vjp(x=lambda k, g, downscale_factor: k.pixel_shuffle(g, downscale_factor))


def _check_pixels(name, x, argument, factor):
    if x.ndim < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {x.ndim} "
            "dimension(s)"
        )
    _int_argument(name, argument, 2, factor)
    if factor <= 0:
        raise RuntimeError(f"{name} expects a positive {argument}, but got {factor}")


@op(method=False)
def channel_shuffle(k, x: Array, groups):
    """The channels (dimension 1) of `groups` groups interleaved. (Zhang et al., 2018.)

    Shape: (N, C, ...), of which C must be a multiple of `groups`, else RuntimeError is raised.

    >>> import tidu
    >>> x = tidu.arange(4.0).view(1, 4, 1)
    >>> tidu.nn.functional.channel_shuffle(x, 2).flatten()
    tensor([0., 2., 1., 3.])
    """
    if x.ndim < 3:
        raise RuntimeError(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(x.shape)}"
        )
    if groups <= 0:
        raise RuntimeError(
            f"Number of groups to divide channels in must be positive. Value of groups:{groups}"
        )
    n, c, *rest = x.shape
    if c % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {c} channels and {groups} groups."
        )
    return x.reshape(n, groups, c // groups, *rest).swapaxes(1, 2).reshape(x.shape)


channel_shuffle.vjp(x=lambda k, g, x_shape, groups: k.channel_shuffle(g, x_shape[1] // groups))
