"""Linear algebra. Rows with eigenvectors or singular vectors use what no sign of theirs changes."""

from __future__ import annotations

import numpy as np

from ..spec import OpSpec


def call(name, of=lambda x: x, pick=None):
    """linalg.<name> of a matrix made from the input, and of the result what is unique."""

    def function(x, *rest):
        import tidu

        result = getattr(tidu.linalg, name)(of(x), *rest)
        return result if pick is None else pick(*result)

    return function


def positive(x):
    return x @ x.conj().swapaxes(-2, -1) + np.eye(x.shape[-1])


def hermitian(x):
    return x + x.mH


def spread(x):
    """A matrix whose eigenvalues lie apart."""
    return x * 0.2 + np.diag(np.arange(1.0, x.shape[-1] + 1))


def tensor_of(f):
    """A function that adds an ndarray, for Tensors."""

    def function(x):
        import tidu

        n = x.shape[-1]
        eye = tidu.eye(n, dtype=tidu.float64)
        if f is positive:
            return x @ x.mH + eye
        if f is spread:
            return x * 0.2 + tidu.diag(tidu.arange(1.0, n + 1, dtype=tidu.float64))
        return f(x)

    return function


P, H, S = (tensor_of(f) for f in (positive, hermitian, spread))


def rows(name, shapes, function, ref=None, **options):
    """A real and a complex row."""
    return [
        OpSpec(name, *shapes, function=function, ref=ref, id="real", **options),
        OpSpec(name, *shapes, function=function, ref=ref, id="complex", complex=True, **options),
    ]


def projectors(values, vectors):
    """v v^H for each eigenvector v: free of its phase."""
    v = vectors.mT
    return values, v.unsqueeze(-1) * v.conj().unsqueeze(-2)


def svd_unique(U, S, Vh):
    return S, U.mT.unsqueeze(-1) * Vh.unsqueeze(-2)


def eig_unique(values, vectors):
    v = vectors.mT
    return values, v.unsqueeze(-1) * v.conj().unsqueeze(-2)


SPECS = [
    *rows("linalg.inv", [(3, 3)], call("inv", S), lambda x: np.linalg.inv(spread(x))),
    *rows("linalg.inv", [(2, 3, 3)], call("inv", S), lambda x: np.linalg.inv(spread(x))),
    *rows("linalg.det", [(3, 3)], call("det"), np.linalg.det),
    *rows("linalg.det", [(2, 2, 2)], call("det"), np.linalg.det),
    *rows("linalg.slogdet", [(3, 3)], call("slogdet", S, lambda s, d: (s * 1.0, d))),
    *rows("linalg.solve", [(3, 3), (3, 2)], call("solve", S)),
    *rows("linalg.solve", [(3, 3), (3,)], call("solve", S)),
    *rows("linalg.cholesky", [(3, 3)], call("cholesky", P),
          lambda x: np.linalg.cholesky(positive(x))),
    *rows("linalg.qr", [(3, 3)], call("qr", S, lambda q, r: (q, r))),
    *rows("linalg.qr", [(4, 2)], call("qr", lambda x: x, lambda q, r: (q, r))),
    *rows("linalg.qr", [(2, 4)], call("qr", lambda x: x, lambda q, r: (q, r))),
    *rows("linalg.eigh", [(3, 3)], call("eigh", H, projectors)),
    *rows("linalg.eigvalsh", [(3, 3)], call("eigvalsh", H)),
    *rows("linalg.eig", [(3, 3)], call("eig", S, eig_unique)),
    *rows("linalg.eigvals", [(3, 3)], call("eigvals", S)),
    *rows("linalg.svd", [(3, 3)], call("svd", S, svd_unique)),
    *rows("linalg.svd", [(4, 2)], lambda x: svd_unique(*reduced_svd(x))),
    *rows("linalg.svd", [(2, 4)], lambda x: svd_unique(*reduced_svd(x))),
    *rows("linalg.svdvals", [(3, 2)], call("svdvals"),
          lambda x: np.linalg.svd(x, compute_uv=False)),
    *rows("linalg.pinv", [(3, 2)], call("pinv"), np.linalg.pinv),
    *rows("linalg.pinv", [(2, 3)], call("pinv"), np.linalg.pinv),
    *rows("linalg.matrix_exp", [(2, 2)], call("matrix_exp")),
    *rows("linalg.lu", [(3, 3)], call("lu", S, lambda P, L, U: (L, U))),
    *rows("linalg.lu", [(4, 2)], call("lu", lambda x: x, lambda P, L, U: (L, U))),
    *rows("linalg.lu", [(2, 4)], call("lu", lambda x: x, lambda P, L, U: (L, U))),
    OpSpec("linalg.matrix_power", (2, 2), args=(3,), ref=np.linalg.matrix_power),
    OpSpec("linalg.matrix_power", (2, 2), args=(-2,), ref=np.linalg.matrix_power, tol=1e-6),
    OpSpec("linalg.lstsq", (4, 2), (4, 3), function=lambda a, b: solution(a, b),
           ref=lambda a, b: np.linalg.lstsq(a, b)[0]),
    OpSpec("linalg.lstsq", (2, 4), (2, 3), function=lambda a, b: solution(a, b),
           ref=lambda a, b: np.linalg.lstsq(a, b)[0]),
    OpSpec("linalg.solve_triangular", (3, 3), (3, 2), function=lambda a, b: triangular(a, b),
           ref=lambda a, b: np.linalg.solve(np.triu(spread(a)), b)),
    OpSpec("cholesky_solve", (3, 2), (3, 3), function=lambda b, a: cholesky_solve(b, a),
           ref=lambda b, a: np.linalg.solve(positive(a), b)),
    *(OpSpec("linalg.matrix_norm", (3, 2), args=(p,), ref=np.linalg.norm, domain=(0.1, 2))
      for p in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)),
    OpSpec("linalg.cond", (3, 3), ref=np.linalg.cond, tol=1e-6, domain=(0.1, 1)),
    OpSpec("linalg.tensorsolve", (2, 3, 6), (2, 3), ref=np.linalg.tensorsolve, tol=1e-6),
    OpSpec("linalg.vander", (3,), ref=lambda x: np.vander(x, increasing=True)),
    OpSpec("linalg.matrix_rank", (3, 2), ref=np.linalg.matrix_rank, order=0),
    OpSpec("logdet", (3, 3), function=lambda x: __import__("tidu").logdet(P(x)),
           ref=lambda x: np.log(np.linalg.det(positive(x)))),
    OpSpec("linalg.norm", (2, 3), ref=np.linalg.norm),
]  # fmt: skip


def reduced_svd(x):
    import tidu

    return tidu.linalg.svd(x, full_matrices=False)


def solution(a, b):
    import tidu

    return tidu.linalg.lstsq(a, b).solution


def triangular(a, b):
    import tidu

    return tidu.linalg.solve_triangular(S(a), b, upper=True)


def cholesky_solve(b, a):
    import tidu

    return tidu.cholesky_solve(b, tidu.linalg.cholesky(P(a)))
