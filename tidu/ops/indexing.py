"""`x[...]`, read and written, with PyTorch's rules.

An index is read in two steps, as in PyTorch: ints, slices, None and the ellipsis make a view
(`basic_index`); tensors, lists and bools then pick from that view (`index`). NumPy takes the two at
once, which differs where an int stands among index arrays.
"""

from __future__ import annotations

from operator import index as as_int
from typing import Any

import numpy as np

from .. import dtypes, formats
from ..autograd.grad_mode import recording_now
from ..autograd.inplace import _check_overlap, assign, check_partial_overlap, check_writable, write
from ..autograd.node import LEAF, Counter
from ..autograd.op import Array, op
from ..autograd.public import composite, operations
from ..autograd.record import make_node
from ..autograd.usual import usual
from ..backend.quiet import IGNORE, loud, quiet
from ..tensor import Tensor, View
from .adding import add_at
from .shape import expand
from .slicing import ALL, basic_index, covers, select_index, slice_index

new = object.__new__
INT64, BOOL = np.dtype("int64"), np.dtype("bool")
BASIC, SELECT, SLICE = basic_index.op, select_index.op, slice_index.op
_basic_kinds = frozenset({int, slice, type(None), type(Ellipsis)})


# Reading an index


def _parse(x, index):
    """An index as (basic key, advanced key or None); the advanced one applies to the view."""
    kind = type(index)
    if kind is tuple:
        items = index
    elif _is_sequence(index) and _means_tuple(index):
        items = tuple(index)
    else:
        items = (index,)
    array = x._array
    used = sum(_dims_used(i) for i in items)
    if not array.ndim and kind in (int, slice):
        raise _of_0d(index)
    if used > array.ndim:
        raise IndexError(f"too many indices for tensor of dimension {array.ndim}")
    basic: list = []
    picks: list = []
    seen_ellipsis, dim = False, 0
    # `dim` counts the array's dimensions. A mask is one entry of `picks` for all that it covers.
    for position, item in enumerate(items):
        item = _as_item(item)
        if item is Ellipsis:
            skip = 0 if seen_ellipsis else array.ndim - used
            basic += [ALL] * skip
            picks += [None] * skip
            dim += skip
            seen_ellipsis = True
        elif item is None:
            basic.append(None)
            picks.append(None)
        elif isinstance(item, np.ndarray) and item.ndim == 0:  # a bool adds a dimension
            basic.append(None)
            picks.append(np.zeros(int(item), INT64))
        elif type(item) is int:
            n = array.shape[dim]
            if not -n <= item < n:
                raise IndexError(
                    f"index {item} is out of bounds for dimension {position} with size {n}"
                )
            basic.append(item)
            dim += 1
        elif type(item) is slice:
            _check_slice(item)
            basic.append(ALL if kind is tuple and covers(item, array.shape[dim]) else item)
            picks.append(None)
            dim += 1
        else:
            width = item.ndim if item.dtype.kind == "b" else 1
            basic += [ALL] * width
            picks.append(item)
            dim += width
    while picks and picks[-1] is None:
        picks.pop()
    key = (*basic, ...)
    if not picks:
        return key, None
    return key, tuple(ALL if p is None else p for p in picks)


def _is_sequence(index):
    return isinstance(index, (list, range)) or (
        hasattr(index, "__getitem__") and hasattr(index, "__len__")
        and not isinstance(index, (Tensor, np.ndarray, dict, str, tuple))
    )  # fmt: skip


def _means_tuple(items):
    """Whether PyTorch takes this list for a tuple: one that holds more than numbers."""
    if isinstance(items, range) or len(items) >= 32:
        return False
    if not any(
        isinstance(i, (Tensor, slice, list, tuple, range, np.ndarray)) or i is None or i is ...
        for i in items
    ):
        return False
    import warnings

    warnings.warn(
        "Using a non-tuple sequence for multidimensional indexing is deprecated and will be "
        "changed "
        "in pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be "
        "interpreted as tensor index, x[torch.tensor(seq)], which will result either in an error "
        "or a different result",
        stacklevel=4,
    )
    return True


def _dims_used(item):
    if item is None or item is Ellipsis or isinstance(item, (bool, np.bool_)):
        return 0
    if isinstance(item, Tensor):
        item = item._array
    if isinstance(item, np.ndarray):
        return item.ndim if item.dtype.kind == "b" or item.dtype == np.uint8 else 1
    if isinstance(item, (list, tuple)):
        depth, first = 0, item
        while isinstance(first, (list, tuple)) and first:
            depth, first = depth + 1, first[0]
        return depth if isinstance(first, (bool, np.bool_)) else 1
    return 1


def _as_item(item):
    """One part of an index as None, an ellipsis, an int, a slice, or an int or bool array."""
    kind = type(item)
    if kind in _basic_kinds:
        return item
    if kind is bool or isinstance(item, np.bool_):
        return np.asarray(bool(item))
    if isinstance(item, Tensor):
        array = item._array
    elif isinstance(item, np.ndarray):
        array = item if item.dtype.kind in "biu" else item.astype(np.int64)
    elif isinstance(item, (list, tuple, range)):
        array = _from_list(item)
    elif isinstance(item, (str, bytes)):
        raise _no_data(kind)
    else:
        try:
            return as_int(item)
        except TypeError:
            raise IndexError(
                "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables "
                "are "
                f"valid indices (got {kind.__name__})"
            ) from None
    if array.dtype == np.uint8:
        if array.ndim:
            import warnings

            warnings.warn(
                "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool "
                "instead.",
                stacklevel=5,
            )
        return array.astype(bool)
    if array.dtype.kind != "b":
        if array.dtype.kind not in "iu" or (array.ndim and array.dtype.itemsize < 4):
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        return int(array) if array.ndim == 0 else array
    return array


def _from_list(values):
    values = [v.tolist() if isinstance(v, (Tensor, np.ndarray)) else v for v in values]
    array = np.asarray(values)
    if array.dtype.kind in "SU":
        raise _no_data(str if array.dtype.kind == "U" else bytes)
    return array if array.dtype.kind == "b" else array.astype(np.int64)


def _no_data(kind):
    return TypeError(f"new(): invalid data type '{kind.__name__}'")


def _forward(item):
    """Whether a slice has a step that PyTorch takes; if not, `_check_slice` says why."""
    step = item.step
    return type(step) is int and step > 0


def _check_slice(item):
    step = item.step
    if step is not None and as_int(step) <= 0:
        raise ValueError("step must be greater than zero" if step else "slice step cannot be zero")
    for bound in (item.start, item.stop):
        if bound is not None and not hasattr(bound, "__index__"):
            raise TypeError("slice indices must be integers or None or have an __index__ method")


def _of_0d(item):
    if type(item) is slice:
        return IndexError("slice() cannot be applied to a 0-dim tensor.")
    if item:
        return IndexError(f"index {item} is out of bounds for dimension 0 with size 0")
    return IndexError(
        "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in "
        "C++ "
        "to convert a 0-dim tensor to a number"
    )


# x[index]


def _getitem(self, index):
    """The elements that an index names: a view for ints, slices, None and an ellipsis, else a copy.

    Tensors and lists of ints pick along one dimension each, bools where they are True.

    >>> import tidu
    >>> x = tidu.arange(6).view(2, 3)
    >>> x[1, 1:], x[[1, 0], [0, 2]], x[x > 3]
    (tensor([4, 5]), tensor([3, 2]), tensor([4, 5]))
    """
    kind = type(index)
    key: Any
    if kind is int:
        key, op = (index, ...), SELECT
    elif kind is slice:
        if index.step is not None and not _forward(index):
            return _get_any(self, index)
        key, op = index, SLICE
    elif kind is tuple:
        op, key = BASIC, (*index, ...)
        for item in index:
            kind = type(item)
            if kind is slice:
                op = SLICE
                if item.step is not None and not _forward(item):
                    return _get_any(self, index)
            elif kind is int:
                op = SELECT
            elif item is None:
                op = BASIC
            elif item is Ellipsis:
                op, key = BASIC, index
            else:
                return _get_any(self, index)
        if op is SLICE and not item.start and (item.step is None or item.step == 1):
            op = BASIC  # PyTorch skips slices of everything: what its node is called needs a look
    elif index is None or index is Ellipsis:
        op, key = BASIC, (index, ...) if index is None else (index,)
    elif kind is Tensor and (key := _plain_key(index, self)):
        try:
            return INDEX.apply(self, key)
        except IndexError:
            return _get_any(self, index)
    else:
        return _get_any(self, index)
    before = self._view
    if before is not None:
        self._refresh()
    try:
        array = self._array[key]
    except (IndexError, TypeError):
        return _get_any(self, index)  # which finds out what is wrong
    out = new(Tensor)
    out._array = array
    out._node = None
    # The tie to the base, as in `autograd.op._viewing`.
    counter = self._counter
    if counter is None:
        counter = self._counter = Counter()
    out._counter = counter
    out._view = view = new(View)
    if before is None:
        view.base = self
        view.steps = ((op, (key,), None),)
        view.recorded = recording_now()
    else:
        view.base = before.base
        view.steps = (*before.steps, (op, (key,), None))
        view.recorded = before.recorded and recording_now()
    view.history = counter.history
    node = self._node
    if node is not None:
        edges = [self if node is LEAF else node]
        out._node = make_node(op, (self, key), 1, array, out, None, edges)
    return out


def _plain_key(index, x):
    """The key for one int64 or bool tensor of at least one dimension; None for any other index."""
    array = index._array
    if array.dtype is not INT64 and array.dtype is not BOOL:
        return None
    if not array.ndim or not x._array.ndim:
        return None
    return (array.copy() if x._node is not None and recording_now() else array,)


def _plain_keys(index, x):
    """The key for a tuple of int64 tensors of one shape; None for any other index."""
    if not 0 < len(index) <= x._array.ndim:
        return None
    arrays = tuple([i._array for i in index if type(i) is Tensor])
    if len(arrays) < len(index) or not arrays[0].ndim:
        return None
    shape = arrays[0].shape
    for array in arrays:
        if array.dtype is not INT64 or array.shape != shape:
            return None
    recorded = x._node is not None and recording_now()
    return tuple([a.copy() for a in arrays]) if recorded else arrays


def _get_any(self, index):
    if type(index) is tuple and (key := _plain_keys(index, self)):
        try:
            return INDEX.apply(self, key)
        except IndexError:
            pass  # the long way finds out what is wrong
    basic, key = _parse(self, index)
    if key is None:
        return BASIC.apply(self, basic)
    if any(i is not ALL for i in basic[:-1]):
        self = BASIC.apply(self, basic)
    return pick(self, key)


def pick(x, key):
    """`x[key]` for a key of index arrays and full slices."""
    _check_key(x._array.shape, key)
    if x._node is not None and recording_now():  # the gradient needs the indices as they are now
        key = tuple(i if i is ALL else i.copy() for i in key)
    return index.op.apply(x, key)


def _check_key(shape, key):
    """PyTorch's errors for index arrays that do not fit."""
    dim, shapes = 0, []
    for item in key:
        if item is ALL:
            dim += 1
        elif item.dtype.kind == "b":
            if item.shape != shape[dim : dim + item.ndim]:
                wrong = _mismatch(item, shape, dim)
                raise IndexError(
                    f"The shape of the mask {list(item.shape)} at index {wrong} does not match the "
                    f"shape of the indexed tensor {list(shape)} at index {dim + wrong}"
                )
            shapes.append((int(np.count_nonzero(item)),))
            dim += item.ndim
        else:
            shapes.append(item.shape)
            dim += 1
    if len(shapes) > 1:
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            listed = ", ".join(str(list(s)) for s in shapes)
            raise IndexError(
                "shape mismatch: indexing tensors could not be broadcast together with shapes "
                + listed
            ) from None


def _mismatch(mask, shape, dim):
    return next(i for i, n in enumerate(mask.shape) if dim + i >= len(shape) or shape[dim + i] != n)


def _out_of_bounds(x, key, error):
    """PyTorch's error for a number beyond the dimension; None if there are no elements anyway."""
    shape = x.shape
    if not _pick_nothing(x, key).size:
        return None
    dim = position = 0
    for item in key:
        if item is not ALL and item.dtype.kind != "b":
            n = shape[dim]
            bad = item[(item < -n) | (item >= n)]
            if bad.size and not n:
                return IndexError("index is out of bounds for dimension with size 0")
            if bad.size:
                return IndexError(
                    f"index {bad.flat[0]} is out of bounds for dimension {position} with size {n}"
                )
        position += item is not ALL
        dim += item.ndim if item is not ALL and item.dtype.kind == "b" else 1
    return error


def _pick_nothing(x, key):
    """`x[key]`, but with the first elements in place of those that do not exist."""
    key = tuple(i if i is ALL or i.dtype.kind == "b" else np.zeros_like(i) for i in key)
    try:
        return x[key]
    except IndexError:  # not even a first element
        return np.ones(1)


@op(public=False, method=False, node="IndexBackward0")
def index(k, x: Array, key):
    """`x[key]` for index arrays, which are copied from; see `pick`."""
    try:
        picked = x[key]
    except IndexError as error:
        wrong = _out_of_bounds(x, key, error)
        if wrong is not None:
            raise wrong from None
        return _pick_nothing(x, key)
    # Behind full slices NumPy puts the picked elements first in memory.
    return picked if picked.flags.c_contiguous else _in_order(k, x, key, picked)


def _in_order(k, x, key, picked):
    """The picked elements with their dimensions in memory as PyTorch has them: as `x` has them.

    Picked dimensions stay between their neighbours.
    """
    if x.flags.c_contiguous:
        return k.xp.ascontiguousarray(picked)
    arrays = [d for d, item in enumerate(key) if item is not ALL]
    width = k.xp.broadcast_shapes(*(_shape_of(key[d]) for d in arrays))
    first = arrays[0] if arrays[-1] - arrays[0] == len(arrays) - 1 else 0
    taken = _dims_taken(key)
    strides = [s for d, s in enumerate(x.strides) if d not in taken]
    strides[first:first] = [0] * len(width)
    order = formats.order_in_memory(strides)
    back = sorted(range(len(order)), key=order.__getitem__)
    return k.xp.ascontiguousarray(picked.transpose(order)).transpose(back)


def _shape_of(item):
    return (int(np.count_nonzero(item)),) if item.dtype.kind == "b" else item.shape


def _dims_taken(key):
    """The dimensions for which a key has index arrays; a mask stands for several."""
    taken: list[int] = []
    dim = 0
    for item in key:
        width = item.ndim if item is not ALL and item.dtype.kind == "b" else 1
        if item is not ALL:
            taken += range(dim, dim + width)
        dim += width
    return taken


INDEX = index.op
index.vjp(x=lambda k, g, x_shape, key: k.index_sum(g, x_shape, key))


@op(public=False, method=False, node="IndexPutBackward0")
def index_sum(k, x: Array, shape, key):
    """Zeros of `shape`, to which `x` is added at `key`: the gradient of `index`."""
    full = k.xp.zeros(shape, x.dtype)
    put_into(full, key, x, accumulate=True)
    return full


index_sum.vjp(x=lambda k, g, key: k.index(g, key))


def put_into(target, key, values, accumulate=False):
    """`target[key] = values`, or `+=`, with PyTorch's errors."""
    try:
        if accumulate:
            add_at(target, key, values)
        else:
            target[key] = values
    except IndexError as error:
        wrong = _out_of_bounds(target, key, error)
        if wrong is not None:
            raise wrong from None


# x[index] = value


def _setitem(self, index, value):
    """Writes a number or a tensor to the elements that an index names."""
    kind, array = type(index), self._array
    key: Any
    if kind is int:
        key, rest = (index, ...), None
    elif kind is slice and index.step is None and array.ndim:
        key, rest = index, None
    elif kind is Tensor and (rest := _plain_key(index, self)):
        key = (...,)
    else:
        if not isinstance(value, Tensor):
            as_number(value, array.dtype)  # its errors come first
        if index is False:
            return
        key, rest = _parse(self, index)
    if self._view is not None:
        self._refresh()
    recorded = isinstance(value, Tensor) and value.requires_grad
    if recording_now() and (recorded or self._node is not None):
        try:
            _set_recorded(self, key, rest, value, recorded)
        except (IndexError, TypeError):
            _parse(self, index)  # which finds out what is wrong
            raise
        return
    shared = isinstance(value, Tensor) and value._counter is self._counter is not None
    plain = None if shared else _plain_value(value, array.dtype)
    if plain is not None and 0 not in array.strides and _written(array, key, rest, plain):
        self._bump("__setitem__")
        return
    try:
        target = array[key]
    except (IndexError, TypeError):
        if not isinstance(value, Tensor):
            as_number(value, array.dtype)
        _parse(self, index)
        raise
    if 0 in target.strides:
        _check_overlap(target)
    if shared and rest is None and isinstance(target, np.ndarray):
        check_partial_overlap(target, value._array)
    _store(target, rest, value, self._array)
    self._bump("__setitem__")


def _written(array, key, rest, value):
    """Lets NumPy write; False if it refuses: the long way then says why, as PyTorch does."""
    try:
        if rest is None:
            array[key] = value
        else:
            array[key][rest] = value
    except (IndexError, TypeError, ValueError):
        return False
    return True


def _plain_value(value, dtype):
    """What NumPy may be given to write as it is: no conversion that PyTorch treats otherwise."""
    kind = type(value)
    if kind is Tensor:
        return value._array if value._array.dtype is dtype else None
    if kind is float and dtype.kind == "f" and -6e4 < value < 6e4:
        return value
    if kind is int and ((dtype.kind == "f" and -6e4 < value < 6e4) or 0 <= value < 128):
        return value
    return None


def _store(target, key, value, like):
    """Writes into an array: `target[key] = value`."""
    if key is not None:
        _check_key(target.shape, key)
    if isinstance(value, Tensor):
        value = _fitting(value._array, target, key)
    else:
        value = as_number(value, like.dtype)
    settings = quiet(IGNORE)
    try:
        put_into(target, ... if key is None else key, value)
    finally:
        loud(settings)


def _fitting(value, target, key):
    """An array to be written to `target[key]`, checked."""
    shape = target.shape if key is None else _pick_nothing(target, key).shape
    while value.ndim and value.shape[0] == 1:
        value = value[0, ...]
    if value.shape != shape and value.ndim:
        try:
            np.broadcast_to(value, shape)
        except ValueError:
            raise _unfit(value, shape, key) from None
    picks = [] if key is None else [item for item in key if item is not ALL]
    fills = not value.ndim and len(picks) == 1 and picks[0].dtype.kind == "b"
    if key is not None and value.dtype != target.dtype and not fills:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{dtypes.of(target).title} for the destination and {dtypes.of(value).title} for the "
            "source."
        )
    if value.dtype.kind == "c" and target.dtype.kind not in "cb":
        _warn_complex()
        value = value.real
    return value


def _warn_complex():
    import warnings

    warnings.warn("Casting complex values to real discards the imaginary part", stacklevel=6)


def _unfit(value, shape, key):
    from .shape import expanded_shape

    if key is None:
        try:
            expanded_shape(value, shape)
        except RuntimeError as error:
            return error
    return RuntimeError(
        f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to "
        "indexing "
        f"result of shape {list(shape)}"
    )


_C_NAMES = {
    "bool": "bool", "uint8": "uint8_t", "int8": "int8_t", "int16": "int16_t", "int32": "int",
    "int64": "int64_t", "float16": "c10::Half", "float32": "float", "float64": "double",
    "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip


def as_number(value, dtype):
    """A Python number, as an array of `dtype`, with PyTorch's errors if it is none or overflows."""
    known = isinstance(value, (int, float, complex))
    if not known:
        raise TypeError(
            f"can't assign a {_python_name(value)} to a torch.{dtypes.of(dtype).title}Tensor"
        )
    kind = dtype.kind
    if kind == "b":
        return np.asarray(bool(value))
    try:
        if isinstance(value, complex) and kind != "c":
            if value.imag:
                raise OverflowError
            value = value.real
        if kind in "iu":
            value = int(value)
            if kind == "u" and -(256**dtype.itemsize) < value < 0:
                value += 256**dtype.itemsize  # PyTorch lets these wrap around
            return np.asarray(value, dtype)
        settings = quiet(IGNORE)
        try:
            found = np.asarray(value, dtype)
        finally:
            loud(settings)
        if np.isinf(found) and not np.isinf(value):
            raise OverflowError
    except (OverflowError, ValueError):
        raise RuntimeError(
            f"value cannot be converted to type {_C_NAMES.get(dtype.name, dtype.name)} without "
            "overflow"
        ) from None
    return found


def _python_name(value):
    kind = type(value)
    return f"numpy.{kind.__name__}" if kind.__module__ == "numpy" else kind.__name__


def _set_recorded(x, key, rest, value, recorded):
    if type(key) is slice:
        whole = covers(key, len(x._array))
    else:
        whole = all(i is ALL or i is ... for i in key)
    if not isinstance(value, Tensor):
        value = Tensor._wrap(as_number(value, x._array.dtype))
    if whole and rest is None and value.ndim <= x.ndim:  # PyTorch makes no view then
        (x.copy_ if value.ndim or not x.ndim else x.fill_)(value)
        return
    view = x if whole else BASIC.apply(x, key)
    check_writable(view, recorded)
    array = view._array
    if rest is not None:
        _check_key(array.shape, rest)
    fitting = _fitting(value._array, array, rest)
    if rest is not None:
        rest = tuple(i if i is ALL else i.copy() for i in rest)
        write("index_put_", view, _put, (value, rest), {})
        return
    if fitting.ndim != value._array.ndim:
        value = value.reshape(fitting.shape)
    if value._array.dtype != array.dtype:
        value = operations.to_dtype(value, dtypes.of(array))
    _check_overlap(array)
    if value._counter is x._counter is not None:
        check_partial_overlap(array, value._array)
    assign("copy_", view, expand.op.apply(value, array.shape))


@op(public=False, method=False, name="put_at", node="IndexPutBackward0")
def put_at(k, x: Array, values: Array, key, accumulate=False):
    """A copy of `x` with `values` written (or added) at `key`, a key of index arrays."""
    full = k.xp.array(x, order="C")
    put_into(full, key, values.astype(x.dtype, copy=False), accumulate)
    return full


put_at.vjp(
    x=lambda k, g, key, accumulate: g if accumulate else k.put_zeros(g, key),
    values=lambda k, g, values_shape, key: _to_shape(k, k.index(g, key), values_shape),
)


def _to_shape(k, g, shape):
    """Leading dimensions of size 1 that the values had beyond the elements' (x[0] = ones(1, 3))."""
    extra = len(shape) - len(g.shape)
    return k.reshape(g, (*(1,) * extra, *g.shape)) if extra > 0 else g


@op(public=False, method=False, name="put_zeros", node="IndexPutBackward0")
def put_zeros(k, x: Array, key):
    """A copy of `x` with zeros at `key`."""
    full = k.xp.array(x, order="C")
    put_into(full, key, 0)
    return full


put_zeros.vjp(x=lambda k, g, key: k.put_zeros(g, key))


def _put(x, values, key):
    return put_at.op.apply(x, values, key, False)


Tensor.__getitem__ = usual((SELECT, SLICE, BASIC), _getitem, lowers="__getitem__")
Tensor.__setitem__ = _setitem


# index_put and index_put_: the same with the indices given as a tuple of tensors


def _put_key(x, indices):
    return tuple(
        ALL if i is None else _as_item(i if i._array.ndim else i.reshape(1)) for i in indices
    )


@composite(method=True, out=False)
def index_put(input, indices, values, accumulate=False):
    """A copy with `values` at `indices`, a tuple of index tensors; added there if `accumulate`.

    >>> import tidu
    >>> tidu.zeros(3).index_put((tidu.tensor([0, 0]),), tidu.tensor([1.0, 2.0]), accumulate=True)
    tensor([3., 0., 0.])
    """
    key = _put_key(input, indices)
    _check_key(input._array.shape, key)
    _fitting(values._array, input._array, key)
    return put_at.op.apply(
        input, values, tuple(i if i is ALL else i.copy() for i in key), accumulate
    )


def _index_put_(self, indices, values, accumulate=False):
    """In-place version of `index_put`."""
    return write("index_put_", self, index_put, (indices, values, accumulate), {})


Tensor.index_put_ = _index_put_
