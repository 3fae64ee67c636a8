"""Views made natively against those that the operations' own forwards make."""

from __future__ import annotations

import numpy as np
import pytest

from tidu.backend import native
from tidu.backend.table import cpu, reference

if not native.available:
    pytest.skip("the extension is not in use", allow_module_level=True)

ALL = slice(None)
MATRIX = np.arange(6.0, dtype="f4").reshape(2, 3)
ARRAYS = {
    "matrix": MATRIX, "transposed": MATRIX.T, "reversed": MATRIX[::-1],
    "part": np.arange(20.0)[3:9].reshape(2, 3), "0-d": np.array(1.5), "empty": np.ones((0, 3)),
    "integers": np.arange(24).reshape(1, 2, 3, 4), "one row": np.ones((6, 1)).T,
    "expanded": np.broadcast_to(np.ones(3), (2, 3)), "bools": np.ones((2, 1), bool),
    "swapped bytes": MATRIX.astype(">f4"), "dates": np.ones(3, "M8[s]"), "17-d": np.ones((1,) * 17),
}  # fmt: skip
CALLS = [
    *[("view", s) for s in [(6,), (3, 2), (-1,), (2, -1), (), (1, 6, 1), (7,), (-2, -3)]],
    *[("permute", d) for d in [(1, 0), (-1, 0), (0, 0), (0,), (3, 1, 0, 2), ()]],
    *[("transpose", *d) for d in [(0, 1), (-1, 0), (0, 0), (2, -2), (0, 9)]],
    *[("squeeze", d) for d in [None, 0, 1, -1, (0, 1), 3]],
    *[("unsqueeze", d) for d in [0, 1, -1, 2, 7]],
    *[("expand", s, False) for s in [(2, 3), (4, -1, -1), (2, 2, 3), (5, 1, 2, 3, 4), (3,), (), (0, 3)]],
    *[("basic_index", i) for i in [(0, ...), (..., 0), (ALL, slice(1, 3), ...), (None, ...), (9, ...)]],
    *[("unbind", d) for d in [0, 1, -1, 4]],
    *[("split_equally", n, d) for n, d in [(1, 0), (2, 1), (9, 0), (0, 0)]],
    *[("split_unequally", n, d) for n, d in [((1, 1), 0), ((1, 0, 2), 1), ((5,), 0), ((), 0), ((-1, 3), 1)]],
    ("t",),
]  # fmt: skip


def description(function, args):
    """What a call makes: where each view's elements lie, from the array's first on."""
    try:
        made = function(*args)
    except Exception as error:
        return type(error), str(error)
    views = made if isinstance(made, list) else [made]
    start = args[0].__array_interface__["data"][0]
    assert all(np.shares_memory(v, args[0]) for v in views if v.size)
    return type(made), [
        (v.dtype, v.shape, v.strides, v.flags.writeable, v.flags.c_contiguous, v.flags.f_contiguous,
         v.flags.aligned, v.size and v.__array_interface__["data"][0] - start)
        for v in views
    ]  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_views(call):
    name, *args = call
    for kind, array in ARRAYS.items():
        if name == "view" and not array.flags.c_contiguous:
            continue  # which `reshape` copies: who calls it has looked
        native_one = description(getattr(cpu, name), (array, *args))
        assert native_one == description(getattr(reference, name), (array, *args)), kind
