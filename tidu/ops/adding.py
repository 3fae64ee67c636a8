"""Adding to elements that index arrays name, any of them several times."""

from __future__ import annotations

import math

import numpy as np

from .slicing import ALL


def add_at(full, key, values):
    """`full[key] += values`, where what is named several times gets the sum.

    `full` is a fresh contiguous array.
    """
    arrays = [i for i in key if i is not ALL]
    if len(arrays) == 1 and arrays[0].dtype.kind == "b":
        full[key] += values
        return
    if not full.size:
        return
    lead = len(arrays)
    if any(i is ALL for i in key[:lead]) or any(i.dtype.kind == "b" for i in arrays):
        places = np.arange(full.size).reshape(full.shape)[key]
        shape, flat = places.shape, full.reshape(-1, 1)
    else:  # index arrays first: whole rows of what lies behind them are added
        places = _flat_places(arrays, full.shape[:lead])
        behind = full.shape[lead:]
        shape, flat = (*places.shape, *behind), full.reshape(-1, math.prod(behind))
    values = np.broadcast_to(values, shape)
    _add_rows(flat, places.reshape(-1), values.reshape(-1, flat.shape[1]))


def _flat_places(arrays, shape):
    places, step = 0, 1
    for index, n in zip(reversed(arrays), reversed(shape)):
        if index.size and (index.min() < 0 or index.max() >= n):
            index = index % n if -n <= index.min() and index.max() < n else _refuse(index, n)
        places = places + index * step
        step *= n
    return np.asarray(places)


def _refuse(index, n):
    raise IndexError(f"an index is out of bounds for a dimension of size {n}")


def _add_rows(full, places, rows):
    """`full[places] += rows` for two-dimensional arrays, equal places in their order."""
    if full.shape[1] == 1:
        np.add.at(full[:, 0], places, rows[:, 0])  # fast in one dimension only
        return
    if len(places) < 2:
        full[places] += rows
        return
    order = places.argsort(kind="stable")
    ordered = places[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    if len(starts) == len(places):
        full[places] += rows
    else:
        full[ordered[starts]] += np.add.reduceat(rows[order], starts, axis=0)
