"""Matrix products."""

from __future__ import annotations

import numpy as np

from ..spec import OpSpec

SHAPES = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((2, 2, 3), (3, 4)),
    ((2, 3), (2, 3, 2)), ((2, 2, 3), (3,)), ((3,), (2, 3, 2)), ((2, 1, 2, 3), (3, 3, 2)),
]  # fmt: skip


def einsum(equation):
    def function(*operands):
        import tidu

        return tidu.einsum(equation, *operands)

    return function


def reference(equation):
    return lambda *operands: np.einsum(equation, *operands)


EQUATIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("i,j->ij", (2,), (3,)),
    ("ij->ji", (2, 3)), ("ii->i", (3, 3)), ("ii", (3, 3)), ("ij->", (2, 3)),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)), ("...ij,...jk->...ik", (2, 2, 3), (2, 3, 2)),
    ("ij,ij->i", (2, 3), (2, 3)), ("ij,kj->ijk", (2, 3), (2, 3)), ("i,ij,j->", (2,), (2, 3), (3,)),
    ("bn,anm,bm->ba", (2, 3), (2, 3, 4), (2, 4)), ("i...->...", (2, 3)), ("ba", (2, 3)),
]  # fmt: skip


SPECS = [
    *(OpSpec("matmul", *shapes, ref=np.matmul, method="matmul") for shapes in SHAPES),
    OpSpec("matmul", (2, 3), (3, 2), complex=True, ref=np.matmul, id="complex"),
    OpSpec("mm", (2, 3), (3, 4), ref=np.matmul, method="mm", out=True),
    OpSpec("bmm", (2, 2, 3), (2, 3, 4), ref=np.matmul, method="bmm"),
    OpSpec("mv", (2, 3), (3,), ref=np.matmul, method="mv"),
    OpSpec("dot", (3,), (3,), ref=np.dot, method="dot"),
    OpSpec("dot", (3,), (3,), complex=True, ref=np.dot, id="complex"),
    OpSpec("vdot", (3,), (3,), complex=True, ref=np.vdot, id="complex"),
    OpSpec("inner", (2, 3), (4, 3), ref=np.inner, method="inner"),
    OpSpec("outer", (2,), (3,), ref=np.outer, method="outer"),
    OpSpec("addmm", (2, 4), (2, 3), (3, 4), kwargs={"beta": 0.5, "alpha": 2.0}, inplace="addmm_"),
    OpSpec("addmm", (4,), (2, 3), (3, 4), ref=lambda c, a, b: c + a @ b),
    OpSpec("addmv", (2,), (2, 3), (3,), ref=lambda c, a, b: c + a @ b, inplace="addmv_"),
    OpSpec("addr", (2, 3), (2,), (3,), ref=lambda c, a, b: c + np.outer(a, b), inplace="addr_"),
    OpSpec("baddbmm", (2, 2, 4), (2, 2, 3), (2, 3, 4), ref=lambda c, a, b: c + a @ b,
           inplace="baddbmm_"),
    OpSpec("addbmm", (2, 4), (2, 2, 3), (2, 3, 4), ref=lambda c, a, b: c + (a @ b).sum(0),
           inplace="addbmm_"),
    OpSpec("nn.functional.linear", (2, 3), (4, 3), (4,), ref=lambda x, w, b: x @ w.T + b),
    OpSpec("nn.functional.linear", (2, 2, 3), (4, 3), (4,), ref=lambda x, w, b: x @ w.T + b),
    OpSpec("nn.functional.linear", (3,), (4, 3), ref=lambda x, w: x @ w.T),
    OpSpec("nn.functional.linear", (2, 3), (3,), ref=lambda x, w: x @ w),
    OpSpec("nn.functional.bilinear", (2, 3), (2, 4), (5, 3, 4), (5,),
           ref=lambda x, y, w, b: np.einsum("ni,oij,nj->no", x, w, y) + b),
    OpSpec("tensordot", (2, 3, 4), (3, 4, 2), ref=lambda a, b: np.tensordot(a, b)),
    OpSpec("tensordot", (2, 3), (3, 2), kwargs={"dims": ([1, 0], [0, 1])},
           ref=lambda a, b: np.tensordot(a, b, ([1, 0], [0, 1])), function=None),
    OpSpec("kron", (2, 3), (3, 2), ref=np.kron, method="kron"),
    OpSpec("kron", (2,), (3, 2), ref=np.kron),
    OpSpec("chain_matmul", (2, 3), (3, 4), (4, 2), ref=lambda a, b, c: a @ b @ c),
    OpSpec("linalg.multi_dot", [(2, 3), (3, 4), (4, 2)], ref=np.linalg.multi_dot),
    OpSpec("cross", (2, 3), (2, 3), kwargs={"dim": 1}, ref=np.cross, method="cross"),
    OpSpec("linalg.vecdot", (2, 3), (2, 3), complex=True, id="complex",
           ref=lambda x, y: (x.conj() * y).sum(-1)),
    *(OpSpec("einsum", *shapes, function=einsum(text), ref=reference(text), id=text)
      for text, *shapes in EQUATIONS),
]  # fmt: skip
