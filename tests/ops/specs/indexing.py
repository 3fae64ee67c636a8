"""Elements picked by indices and masks: `ops/indexing.py`, `scattering.py`, `masking.py`."""

import numpy as np

import tidu

from ..spec import Fixed, Index, Mask, OpSpec


def at(*index):
    return {"function": lambda x: x[index], "ref": lambda x: x[index]}


def put(*index):
    """`x[index] = y` on a copy of x."""

    def function(x, y):
        x = x * 1
        x[index] = y
        return x

    def ref(x, y):
        x = x.copy()
        x[index] = y
        return x

    return {"function": function, "ref": ref}


def along(ufunc):
    """A reference for scatter operations along dimension 0."""

    def ref(x, src, index):
        out = x.copy()
        for (i, j), target in np.ndenumerate(index):
            out[target, j] = ufunc(out[target, j], src[i, j])
        return out

    return ref


def scatter(name, *extra, **named):
    return lambda x, src, index: getattr(tidu, name)(x, 0, index, src, *extra, **named)


def slices(name, *extra, **named):
    return lambda x, src, index: getattr(tidu, name)(x, 1, index, src, *extra, **named)


def mean_ref(x, src, index):
    out = x.copy()
    for k in np.unique(index[:, 0]):
        rows = src[index[:, 0] == k]
        out[k] = (x[k] + rows.sum(0)) / (1 + len(rows))
    return out


_places = Fixed([[0, 0, 0], [2, 2, 2], [0, 0, 0]])

SPECS = [
    OpSpec("index", (3, 4), **at(0), id="int"),
    OpSpec("index", (3, 4), **at(slice(1, None), -1), id="slice-int"),
    OpSpec("index", (3, 4), **at(None, slice(None, None, 2), ...), id="none-step-ellipsis"),
    OpSpec("index", (3, 4), **at([2, 0, 2]), id="list"),
    OpSpec("index", (3, 1), **at([2, -3, 2]), id="list-rows-of-one"),
    OpSpec("index", (3, 4), **at([2, 0, 2], [1, 1, 1]), id="lists"),
    OpSpec("index", (3, 4, 2), **at([0, 1], slice(None), [1, 1]), id="lists-apart"),
    OpSpec("index", (2, 3, 2), **at(slice(None), [[0], [2]], [0, 1]), id="lists-broadcast"),
    OpSpec("index", (2, 3), **at(np.array([[True, False, True], [False, True, True]])), id="mask"),
    OpSpec("index", (2, 3), **at(True, 1), id="bool"),
    OpSpec("index", (2, 3), function=lambda x: x[0, :, None][[1, 1]], order=2, id="chain"),
    OpSpec("setitem", (3, 4), (4,), **put(0), id="int"),
    OpSpec("setitem", (3, 4), (2, 1), **put(slice(1, None), slice(0, 4, 3)), id="slices"),
    OpSpec("setitem", (3, 4), (2, 4), **put([2, 0]), id="list"),
    OpSpec("setitem", (3, 4), (), **put(slice(None), [2, 0]), id="0-d value"),
    OpSpec("setitem", (2, 2), (3,), **put(np.array([[True, False], [True, True]])), id="mask"),
    OpSpec("index_put", (3, 4), (3, 4),
           function=lambda x, y: x.index_put((tidu.tensor([1, 1, 0]),), y, accumulate=True),
           ref=lambda x, y: x + np.stack([y[2], y[0] + y[1], 0 * y[0]])),
    OpSpec("gather", (3, 4), args=(1, Index((3, 2), below=4)),
           ref=lambda x, d, i: np.take_along_axis(x, i, d)),
    OpSpec("gather", (3, 4), args=(0, Index((2, 3), below=3)),
           ref=lambda x, d, i: np.take_along_axis(x[:, :3], i, d)),
    OpSpec("take_along_dim", (3, 4), args=(Index((3, 1), below=4), 1),
           ref=lambda x, i, d: np.take_along_axis(x, i, d)),
    OpSpec("take", (3, 4), args=(Index((2, 3), below=12),), ref=np.take),
    OpSpec("index_select", (3, 4), args=(1, Index((5,), below=4)), ref=lambda x, d, i: x[:, i]),
    OpSpec("scatter", (3, 3), (2, 3), args=(Fixed([[0, 2, 1], [1, 0, 2]]),),
           function=scatter("scatter"), ref=along(lambda a, b: b)),
    OpSpec("scatter_add", (3, 3), (3, 3), args=(_places,), function=scatter("scatter_add"),
           ref=along(np.add)),
    OpSpec("scatter_reduce", (3, 3), (3, 3), args=(_places,), id="prod",
           function=scatter("scatter_reduce", "prod"), ref=along(np.multiply)),
    OpSpec("scatter_reduce", (3, 3), (3, 3), args=(_places,), id="amax",
           function=scatter("scatter_reduce", "amax"), ref=along(np.maximum)),
    OpSpec("scatter_reduce", (3, 3), (3, 3), args=(_places,), id="amin",
           function=scatter("scatter_reduce", "amin"), ref=along(np.minimum)),
    OpSpec("scatter_reduce", (3, 3), (3, 3), args=(_places,), id="mean",
           function=scatter("scatter_reduce", "mean"), ref=mean_ref),
    OpSpec("scatter_reduce", (3, 3), (2, 3), args=(Fixed([[0, 0, 0], [0, 0, 0]]),),
           id="without self",
           function=scatter("scatter_reduce", "sum", include_self=False),
           ref=lambda x, s, i: np.stack([s.sum(0), x[1], x[2]])),
    OpSpec("index_add", (2, 3), (2, 2), args=(Fixed([2, 2]),),
           function=slices("index_add", alpha=2),
           ref=lambda x, s, i: np.c_[x[:, :2], x[:, 2] + 2 * s.sum(1)]),
    OpSpec("index_copy", (2, 3), (2, 2), args=(Fixed([2, 0]),), function=slices("index_copy"),
           ref=lambda x, s, i: np.c_[s[:, 1], x[:, 1], s[:, 0]]),
    OpSpec("index_reduce", (2, 3), (2, 2), args=(Fixed([2, 2]),), id="amax",
           function=slices("index_reduce", "amax"),
           ref=lambda x, s, i: np.c_[x[:, :2], np.maximum(x[:, 2], s.max(1))]),
    OpSpec("index_fill", (2, 3), args=(1, Fixed([0, 2]), 5.0), inplace="index_fill_",
           ref=lambda x, d, i, v: np.c_[[v, v], x[:, 1], [v, v]]),
    OpSpec("index_fill", (2, 3), (), function=lambda x, v: x.index_fill(0, tidu.tensor([1, 1]), v),
           ref=lambda x, v: np.stack([x[0], 0 * x[1] + v]), id="tensor value"),
    OpSpec("put", (2, 3), (2,), function=lambda x, y: x.put(tidu.tensor([-1, 0]), y),
           ref=lambda x, y: np.r_[y[1], x.flat[1:5], y[0]].reshape(2, 3)),
    OpSpec("put", (2, 3), (2,),
           function=lambda x, y: x.put(tidu.tensor([1, 1]), y, accumulate=True),
           ref=lambda x, y: x + np.array([[0, y.sum(), 0], [0, 0, 0]]), id="accumulate"),
    OpSpec("masked_fill", (2, 3), args=(Mask((2, 3)), 7.0), inplace="masked_fill_",
           ref=lambda x, m, v: np.where(m, v, x)),
    OpSpec("masked_fill", (2, 3), (), function=lambda x, v: x.masked_fill(x > 0, v),
           ref=lambda x, v: np.where(x > 0, v, x), id="tensor value"),
    OpSpec("masked_fill", (3,), args=(Mask((2, 3)), 7.0),
           ref=lambda x, m, v: np.where(m, v, x), id="wider mask"),
    OpSpec("masked_select", (2, 3), args=(Fixed([[True], [False]]),), ref=lambda x, m: x[0]),
    OpSpec("masked_scatter", (2, 3), (4,),
           function=lambda x, y: x.masked_scatter(tidu.tensor([True, False, False]), y),
           ref=lambda x, y: np.c_[y[:2], x[:, 1:]]),
    OpSpec("tril", (2, 3, 3), args=(-1,), ref=np.tril, inplace="tril_"),
    OpSpec("triu", (3, 4), args=(1,), ref=np.triu, inplace="triu_"),
    OpSpec("gather", (3, 4), args=(1, Index((3, 2), below=4)), complex=True, id="complex"),
    OpSpec("scatter_add", (3, 3), (3, 3), args=(_places,), function=scatter("scatter_add"),
           complex=True, id="complex"),
    OpSpec("nonzero", (2, 3), domain=(-1, 1), order=0, ref=lambda x: np.argwhere(x)),
    OpSpec("searchsorted", (4,), function=lambda x: tidu.searchsorted(x.sort()[0], x), order=0,
           ref=lambda x: np.searchsorted(np.sort(x), x)),
]  # fmt: skip
