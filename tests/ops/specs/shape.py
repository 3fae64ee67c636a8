"""Views: of all elements (`ops/shape.py`) and of a part of them (`ops/slicing.py`)."""

import numpy as np

from ..spec import OpSpec


def method(name):
    return lambda x, *args: getattr(x, name)(*args)


def of_view(name):
    """The operation on a transposed tensor, whose memory is in another order."""
    return lambda x, *args: getattr(x.transpose(0, 1), name)(*args)


SPECS = [
    OpSpec("view", (2, 3), args=((3, 2),), ref=np.reshape, function=method("view")),
    OpSpec("view", (2, 6), args=((2, -1, 3),), function=method("view"), ref=np.reshape,
           id="inferred"),
    OpSpec("reshape", (2, 3), args=((6,),), ref=np.reshape, method="reshape"),
    OpSpec("reshape", (2, 3), args=((6,),), function=of_view("reshape"), id="copies",
           ref=lambda x, s: x.T.reshape(s)),
    OpSpec("reshape", (4, 1, 3), args=((3, 1, 2, 2),), function=method("reshape"), ref=np.reshape),
    OpSpec("flatten", (2, 3, 4), args=(1, 2), ref=lambda x, a, b: x.reshape(2, 12)),
    OpSpec("flatten", (), ref=lambda x: x.reshape(1), id="0-d"),
    OpSpec("ravel", (2, 3), ref=np.ravel),
    OpSpec("unflatten", (2, 6), args=(1, (2, -1)), ref=lambda x, d, s: x.reshape(2, 2, 3)),
    OpSpec("transpose", (2, 3, 4), args=(0, -1), ref=np.swapaxes, method="transpose"),
    OpSpec("swapaxes", (2, 3), args=(0, 1), ref=np.swapaxes),
    OpSpec("permute", (2, 3, 4), args=((2, 0, -2),), ref=np.transpose),
    OpSpec("t", (2, 3), ref=np.transpose),
    OpSpec("t", (3,), ref=np.transpose),
    OpSpec("movedim", (2, 3, 4), args=(0, 2), ref=np.moveaxis),
    OpSpec("movedim", (2, 3, 4), args=((0, 1), (-1, 0)), ref=np.moveaxis),
    OpSpec("adjoint", (2, 3, 2), complex=True, ref=lambda x: x.swapaxes(1, 2).conj()),
    OpSpec("expand", (3, 1), args=((2, -1, 4),), function=method("expand"),
           ref=lambda x, s: np.broadcast_to(x, (2, 3, 4))),
    OpSpec("broadcast_to", (3, 1), args=((2, 3, 4),), ref=np.broadcast_to),
    OpSpec("broadcast_tensors", (3, 1), (4,), ref=lambda x, y: np.broadcast_arrays(x, y)),
    OpSpec("squeeze", (1, 3, 1), ref=np.squeeze),
    OpSpec("squeeze", (1, 3, 1), args=(0,), ref=np.squeeze),
    OpSpec("squeeze", (1, 3, 1), args=((0, 1),), ref=lambda x, d: x.squeeze(0)),
    OpSpec("unsqueeze", (2, 3), args=(-1,), ref=np.expand_dims),
    OpSpec("atleast_1d", (), ref=np.atleast_1d),
    OpSpec("atleast_2d", (3,), ref=np.atleast_2d),
    OpSpec("atleast_3d", (3, 2), ref=np.atleast_3d),
    # parts
    OpSpec("select", (2, 3), args=(1, -1), ref=lambda x, d, i: x[:, -1]),
    OpSpec("narrow", (2, 5), args=(1, 1, 3), ref=lambda x, d, a, n: x[:, 1:4]),
    OpSpec("split", (2, 5), args=(2, 1), ref=lambda x, n, d: np.split(x, [2, 4], 1)),
    OpSpec("split", (2, 5), args=([1, 4], 1), ref=lambda x, n, d: np.split(x, [1], 1)),
    OpSpec("chunk", (5, 2), args=(2,), ref=lambda x, n: [x[:3], x[3:]]),
    OpSpec("tensor_split", (5, 2), args=(3,), ref=np.array_split),
    OpSpec("tensor_split", (5, 2), args=((1, 7),), ref=np.split),
    OpSpec("hsplit", (2, 4), args=(2,), ref=np.hsplit),
    OpSpec("vsplit", (4, 2), args=(2,), ref=np.vsplit),
    OpSpec("dsplit", (2, 1, 4), args=((1, 3),), ref=np.dsplit),
    OpSpec("unbind", (2, 3), args=(1,), ref=lambda x, d: list(x.T)),
    OpSpec("diagonal", (3, 4), args=(1,), ref=np.diagonal),
    OpSpec("diagonal", (3, 2, 4), args=(-1, 2, 0), ref=np.diagonal),
    OpSpec("diagonal", (2, 3), args=(5,), ref=np.diagonal),
    OpSpec("diag", (3, 3), args=(-1,), ref=np.diag),
    OpSpec("diag", (3,), args=(1,), ref=np.diag),
    OpSpec("diagflat", (2, 2), ref=np.diagflat),
    OpSpec("diag_embed", (2, 3), args=(1, 0, 2),
           ref=lambda x, o, a, b: np.moveaxis(np.stack([np.diag(r, o) for r in x]), 1, 0)),
    OpSpec("as_strided", (3, 3), args=((2, 2), (1, 2), 1), order=2),
    OpSpec("unfold", (2, 7), args=(1, 3, 2), function=method("unfold"),
           ref=lambda x, d, n, s: np.lib.stride_tricks.sliding_window_view(x, n, d)[:, ::s]),
    OpSpec("select_scatter", (2, 3), (2,), args=(1, 0), ref=lambda x, y, d, i: np.c_[y, x[:, 1:]]),
    OpSpec("slice_scatter", (4, 2), (2, 2), args=(0, 1, None, 2),
           ref=lambda x, y, *a: np.stack([x[0], y[0], x[2], y[1]])),
    OpSpec("diagonal_scatter", (2, 2), (2,),
           ref=lambda x, y: np.array([[y[0], x[0, 1]], [x[1, 0], y[1]]])),
    OpSpec("as_strided_scatter", (3, 3), (2,), args=((2,), (2,), 1)),
    OpSpec("unfold_copy", (5,), args=(0, 2, 2), ref=lambda x, d, n, s: x[:4].reshape(2, 2)),
    OpSpec("select", (2, 3), args=(1, 0), complex=True, ref=lambda x, d, i: x[:, 0], id="complex"),
]  # fmt: skip

