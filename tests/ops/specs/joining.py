"""Tensors made of others (`ops/joining.py`) and padding (`ops/padding.py`)."""

import numpy as np

import tidu
from tidu.ops.padding import pad

from ..spec import OpSpec


def varargs(name, **named):
    return lambda *tensors: getattr(tidu, name)(*tensors, **named)



SPECS = [
    OpSpec("cat", [(2, 1), (2, 3)], args=(1,), ref=np.concatenate),
    OpSpec("cat", [(2, 1), (0,), (3, 1)], ref=lambda x: np.concatenate([x[0], x[2]]), id="empty"),
    OpSpec("stack", [(2, 3), (2, 3)], args=(-1,), ref=np.stack),
    OpSpec("hstack", [(2, 1), (2, 3)], ref=np.hstack),
    OpSpec("hstack", [(), (2,)], ref=np.hstack, id="0-d"),
    OpSpec("vstack", [(3,), (2, 3)], ref=np.vstack),
    OpSpec("dstack", [(2, 3), (2, 3)], ref=np.dstack),
    OpSpec("column_stack", [(2,), (2, 3)], ref=np.column_stack),
    OpSpec("block_diag", (2, 1), (3,), (), function=varargs("block_diag"),
           ref=lambda a, b, c: np.block([[a, np.zeros((2, 4))],
                                         [np.zeros((1, 1)), b[None], np.zeros((1, 1))],
                                         [np.zeros((1, 4)), c[None, None]]])),
    OpSpec("tile", (2, 3), args=((2, 1, 2),), ref=np.tile),
    OpSpec("tile", (2, 3), args=((2,),), ref=np.tile),
    OpSpec("repeat", (2, 3), args=((2, 1, 2),), function=lambda x, r: x.repeat(*r), ref=np.tile),
    OpSpec("repeat_interleave", (2, 3), args=(2,), ref=np.repeat),
    OpSpec("repeat_interleave", (2, 3),
           function=lambda x: x.repeat_interleave(tidu.tensor([0, 2, 1]), 1),
           ref=lambda x: np.repeat(x, [0, 2, 1], 1), id="tensor"),
    OpSpec("roll", (2, 3), args=(1,), ref=np.roll),
    OpSpec("roll", (2, 3), args=((1, -2), (0, 1)), ref=np.roll),
    OpSpec("flip", (2, 3), args=((0, -1),), ref=np.flip),
    OpSpec("fliplr", (2, 3), ref=np.fliplr),
    OpSpec("flipud", (2, 3), ref=np.flipud),
    OpSpec("rot90", (2, 3), args=(3,), ref=np.rot90),
    OpSpec("rot90", (2, 3, 2), args=(1, (0, 2)), ref=np.rot90),
    OpSpec("meshgrid", (2,), (3,), function=varargs("meshgrid", indexing="ij"),
           ref=lambda x, y: np.meshgrid(x, y, indexing="ij")),
    OpSpec("meshgrid", (2,), (3,), function=varargs("meshgrid", indexing="xy"), ref=np.meshgrid),
    OpSpec("cartesian_prod", (2,), (3,), function=varargs("cartesian_prod"),
           ref=lambda x, y: np.array([(a, b) for a in x for b in y])),
    OpSpec("combinations", (3,),
           ref=lambda x: np.array([(x[0], x[1]), (x[0], x[2]), (x[1], x[2])])),
    OpSpec("pixel_shuffle", (1, 4, 2, 3), args=(2,),
           ref=lambda x, r: x.reshape(1, 2, 2, 2, 3).transpose(0, 3, 1, 4, 2).reshape(1, 1, 4, 6)),
    OpSpec("pixel_unshuffle", (1, 1, 4, 6), args=(2,),
           ref=lambda x, r: x.reshape(2, 2, 3, 2).transpose(1, 3, 0, 2).reshape(1, 4, 2, 3)),
    OpSpec("channel_shuffle", (1, 6, 2, 1), args=(2,), ref=lambda x, g: x[:, [0, 3, 1, 4, 2, 5]]),
    OpSpec("pad", (2, 3), args=((1, 2), "constant", 5.0), function=pad,
           ref=lambda x, *_: np.pad(x, ((0, 0), (1, 2)), constant_values=5)),
    OpSpec("pad", (2, 3), args=((-1, 1, 1, 0),), function=pad,
           ref=lambda x, p: np.pad(x[:, 1:], ((1, 0), (0, 1))), id="negative"),
    OpSpec("pad", (1, 2, 4), args=((2, 3), "reflect"), function=pad,
           ref=lambda x, *_: np.pad(x, ((0, 0), (0, 0), (2, 3)), "reflect")),
    OpSpec("pad", (1, 2, 3), args=((2, 5, 0, 1), "replicate"), function=pad,
           ref=lambda x, *_: np.pad(x, ((0, 0), (0, 1), (2, 5)), "edge")),
    OpSpec("pad", (1, 2, 3), args=((3, 1, 1, 2), "circular"), function=pad,
           ref=lambda x, *_: np.pad(x, ((0, 0), (1, 2), (3, 1)), "wrap")),
    OpSpec("cat", [(2,), (2,)], complex=True, ref=np.concatenate, id="complex"),
]  # fmt: skip
