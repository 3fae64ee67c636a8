"""Collating: many items become one batch of tensors.

`default_collate` is what a `DataLoader` does with the items of a batch, `default_convert` what it
does with single items when batching is off.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence

import numpy as np

import tidu


def default_convert(data):
    """Turn the NumPy arrays within `data` into tensors and leave everything else as it is.

    Mappings, sequences and named tuples are gone through; tuples come back as lists.

    >>> import numpy as np
    >>> default_convert({"x": np.arange(3), "name": "a"})
    {'x': tensor([0, 1, 2]), 'name': 'a'}
    """
    if isinstance(data, tidu.Tensor):
        return data
    if isinstance(data, np.ndarray | np.generic):
        return data if _is_text(data) else tidu.as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(data[key]) for key in data})
    if _is_namedtuple(data):
        return type(data)(*(default_convert(item) for item in data))
    if isinstance(data, tuple):
        return [default_convert(item) for item in data]
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _like_sequence(data, [default_convert(item) for item in data])
    return data


def default_collate(batch):
    """Stack the items of a batch: a list of items becomes one item of tensors.

    Tensors, arrays and numbers are stacked along a new first dimension; floats become float64 and
    integers int64. Strings and bytes stay lists. Mappings and named tuples are collated member by
    member; so are tuples and lists, which must be of equal length, and tuples become lists.

    Raises TypeError for anything else, and RuntimeError for sequences or tensors of unequal size.
    To add a type, put a function of `(batch, *, collate_fn_map)` into `default_collate_fn_map`.

    >>> default_collate([(1, 2.0, "a"), (3, 4.0, "b")])
    [tensor([1, 3]), tensor([2., 4.], dtype=tidu.float64), ('a', 'b')]
    >>> default_collate([{"x": 1}, {"x": 2}])
    {'x': tensor([1, 2])}
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch, *, collate_fn_map=None):
    """Collate as `default_collate` does, with a table of one's own: type -> function.

    The table is looked into by an item's exact type first, then by `isinstance`, in its order.

    >>> collate([{"x": 1}, {"x": 2}], collate_fn_map={int: lambda b, **_: max(b)})
    {'x': 2}
    """
    first = batch[0]
    kind = type(first)
    if collate_fn_map is not None:
        if kind in collate_fn_map:
            return collate_fn_map[kind](batch, collate_fn_map=collate_fn_map)
        for known, function in collate_fn_map.items():
            if isinstance(first, known):
                return function(batch, collate_fn_map=collate_fn_map)

    def member(items):
        return collate(items, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return _like_mapping(first, {key: member([d[key] for d in batch]) for key in first})
    if _is_namedtuple(first):
        return kind(*map(member, zip(*batch, strict=False)))
    if isinstance(first, Sequence):
        if any(len(item) != len(first) for item in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        members = [member(items) for items in zip(*batch, strict=True)]
        return members if isinstance(first, tuple) else _like_sequence(first, members)
    raise _unknown(kind)


def _like_mapping(original, values: dict):
    """Put `values` into a mapping of the original's own type, if that type can be made."""
    try:
        if isinstance(original, MutableMapping):
            # A copy keeps what a subclass carries beside its keys (a default, a name).
            result = copy.copy(original)
            result.update(values)
            return result
        return type(original)(values)
    except TypeError:
        return values


def _like_sequence(original, values: list):
    """Put `values` into a sequence of the original's own type, if that type can be made."""
    try:
        if isinstance(original, MutableSequence):
            result = copy.copy(original)
            for i, value in enumerate(values):
                result[i] = value
            return result
        return type(original)(values)
    except TypeError:  # a range, say
        return values


def _is_namedtuple(data) -> bool:
    return isinstance(data, tuple) and hasattr(data, "_fields")


def _is_text(data) -> bool:
    """Whether an array or NumPy scalar holds what no tensor can: strings, bytes or objects."""
    return data.dtype.kind in "SUO"


def _unknown(kind) -> TypeError:
    return TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, "
        f"dicts or lists; found {kind}"
    )


def _collate_tensors(batch, *, collate_fn_map=None):
    return tidu.stack(batch, 0)


def _collate_arrays(batch, *, collate_fn_map=None):
    if _is_text(batch[0]):
        raise _unknown(batch[0].dtype)
    return collate([tidu.as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


def _collate_array_scalars(batch, *, collate_fn_map=None):
    return tidu.as_tensor(batch)


def _collate_floats(batch, *, collate_fn_map=None):
    return tidu.as_tensor(batch, dtype=tidu.float64)


def _collate_integers(batch, *, collate_fn_map=None):
    return tidu.as_tensor(batch)


def _collate_strings(batch, *, collate_fn_map=None):
    return batch


default_collate_fn_map = {
    tidu.Tensor: _collate_tensors,
    np.ndarray: _collate_arrays,
    (np.bool_, np.number, np.object_): _collate_array_scalars,
    float: _collate_floats,
    int: _collate_integers,
    str: _collate_strings,
    bytes: _collate_strings,
}

_as_delivered = dict(default_collate_fn_map)


def is_plain(collate_fn) -> bool:
    """Whether `collate_fn` stacks tensors as delivered, so that batches may be read whole."""
    return collate_fn is default_collate and default_collate_fn_map == _as_delivered
