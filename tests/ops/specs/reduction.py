"""Sums, means, products, spreads, softmax, norms, extremes, running sums."""

from __future__ import annotations

import numpy as np

from ..spec import Fixed, OpSpec


def softmax(x, dim):
    e = np.exp(x - x.max(dim, keepdims=True))
    return e / e.sum(dim, keepdims=True)


def trapezoid(y):
    return ((y[..., 1:] + y[..., :-1]) / 2).sum(-1)


def pnorm(p):
    return lambda x: (np.abs(x) ** p).sum() ** (1 / p)


WITH_ZERO = Fixed([[1.0], [0.0], [1.0]])


def product_with_zeros(x, mask):
    """prod and cumprod at points where some factors are exactly 0."""
    import tidu

    return tidu.prod(x * mask, 0)


def running_product_with_zeros(x, mask):
    import tidu

    return tidu.cumprod(x * mask, 0)


SPECS = [
    OpSpec("sum", (2, 3), ref=np.sum, method="sum"),
    OpSpec("sum", (2, 3, 4), args=((0, -1),), ref=lambda x, d: x.sum(d), method="sum"),
    OpSpec("sum", (2, 3), args=(1, True), ref=lambda x, d, k: x.sum(d, keepdims=k)),
    OpSpec("sum", (), ref=np.sum),
    OpSpec("sum", (2, 3), complex=True, ref=np.sum, id="complex"),
    OpSpec("nansum", (2, 3), args=(0,), ref=np.nansum),
    OpSpec("mean", (2, 3), ref=np.mean, method="mean"),
    OpSpec("mean", (2, 3, 2), args=((1, 2),), ref=lambda x, d: x.mean(d)),
    OpSpec("mean", (2, 3), args=(0,), complex=True, ref=np.mean, id="complex"),
    OpSpec("nanmean", (2, 3), args=(1,), ref=np.nanmean, method="nanmean"),
    OpSpec("prod", (2, 3), ref=np.prod, method="prod"),
    OpSpec("prod", (2, 3), args=(1,), ref=np.prod),
    OpSpec("prod", (2, 3), args=(1,), complex=True, ref=np.prod, id="complex"),
    OpSpec("prod", (3, 2), args=(WITH_ZERO,), function=product_with_zeros, id="zeros"),
    OpSpec("var", (2, 3), ref=lambda x: x.var(ddof=1), method="var"),
    OpSpec("var", (2, 4), args=(1,), kwargs={"correction": 0}, method="var"),
    OpSpec("var", (2, 4), complex=True, ref=lambda x: x.var(ddof=1), id="complex"),
    OpSpec("std", (2, 4), args=(0,), ref=lambda x, d: x.std(d, ddof=1), method="std"),
    OpSpec("var_mean", (2, 4), args=(1,), ref=lambda x, d: (x.var(d, ddof=1), x.mean(d))),
    OpSpec("std_mean", (2, 4), args=(1,), ref=lambda x, d: (x.std(d, ddof=1), x.mean(d))),
    OpSpec("logsumexp", (2, 3), args=(1,), ref=lambda x, d: np.log(np.exp(x).sum(d)), out=True),
    OpSpec("softmax", (2, 3), args=(1,), ref=softmax, method="softmax"),
    OpSpec("softmax", (2, 3, 2), args=(0,), ref=softmax),
    OpSpec("log_softmax", (2, 3), args=(-1,), ref=lambda x, d: np.log(softmax(x, d))),
    OpSpec("trace", (3, 4), ref=np.trace, method="trace"),
    OpSpec("trapezoid", (2, 4), ref=trapezoid),
    OpSpec("cumulative_trapezoid", (4,)),
    OpSpec("count_nonzero", (2, 3), ref=np.count_nonzero, order=0),
    OpSpec("linalg.vector_norm", (2, 3), ref=pnorm(2)),
    *(OpSpec("linalg.vector_norm", (2, 3), args=(p,), domain=(0.2, 2))
      for p in (0.5, 1, 1.5, 3, 4)),
    OpSpec("linalg.vector_norm", (2, 3), args=(float("inf"), 1), distinct=True,
           domain=(0.1, 2)),
    OpSpec("linalg.vector_norm", (2, 3), args=(3,), complex=True, id="complex"),
    OpSpec("norm", (2, 3), ref=pnorm(2), method="norm"),
    OpSpec("norm", (3, 2), args=("nuc",), ref=lambda x, p: np.linalg.norm(x, p)),
    OpSpec("dist", (2, 3), (2, 3), ref=lambda x, y: np.linalg.norm(x - y), method="dist"),
    OpSpec("cdist", (3, 2), (4, 2),
           ref=lambda x, y: np.linalg.norm(x[:, None] - y[None], axis=-1)),
    OpSpec("cdist", (3, 2), (4, 2), kwargs={"p": 1.0},
           ref=lambda x, y: np.abs(x[:, None] - y[None]).sum(-1)),
    OpSpec("cdist", (3, 2), (4, 2), kwargs={"compute_mode": "use_mm_for_euclid_dist"}),
    OpSpec("renorm", (3, 2), args=(2, 0, 1.0), domain=(0.5, 2), inplace="renorm_"),
    OpSpec("max", (2, 3), ref=np.max, distinct=True, method="max"),
    OpSpec("max", (2, 3), args=(1,), ref=lambda x, d: (x.max(d), x.argmax(d)), distinct=True),
    OpSpec("min", (2, 3), ref=np.min, distinct=True, method="min"),
    OpSpec("min", (2, 3), args=(0,), ref=lambda x, d: (x.min(d), x.argmin(d)), distinct=True),
    OpSpec("amax", (2, 3), args=(1,), ref=np.amax, distinct=True, method="amax"),
    OpSpec("amin", (2, 3, 2), args=((0, 2),), ref=np.amin, distinct=True, method="amin"),
    OpSpec("aminmax", (2, 3), kwargs={"dim": 0}, distinct=True),
    OpSpec("argmax", (2, 3), args=(1,), ref=np.argmax, distinct=True, order=0),
    OpSpec("argmin", (2, 3), ref=np.argmin, distinct=True, order=0),
    OpSpec("median", (3, 3), ref=np.median, distinct=True, method="median"),
    OpSpec("median", (3, 4), args=(1,), distinct=True),
    OpSpec("nanmedian", (3, 3), args=(0,), distinct=True),
    OpSpec("mode", (2, 4), distinct=True, ref=lambda x: (x.min(-1), x.argmin(-1))),
    OpSpec("kthvalue", (2, 5), args=(2,), distinct=True,
           ref=lambda x, k: (np.sort(x)[:, 1], np.argsort(x)[:, 1])),
    *(OpSpec("quantile", (5,), args=(0.3,), kwargs={"interpolation": how}, distinct=True,
             ref=lambda x, q, how=how: np.quantile(x, q, method=how), function=None)
      for how in ("linear", "lower", "higher", "midpoint", "nearest")),
    OpSpec("quantile", (4, 3), args=(Fixed([0.0, 0.25, 1.0]), 0), distinct=True, id="several",
           function=lambda x, q, d: __import__("tidu").quantile(x, q.to(x.dtype), d)),
    OpSpec("nanquantile", (5,), args=(0.6,), ref=np.nanquantile, distinct=True),
    OpSpec("cumsum", (2, 4), args=(1,), ref=np.cumsum, inplace="cumsum_", method="cumsum"),
    OpSpec("cumprod", (2, 4), args=(1,), ref=np.cumprod, inplace="cumprod_", method="cumprod"),
    OpSpec("cumprod", (3, 2), args=(WITH_ZERO,), function=running_product_with_zeros, id="zeros"),
    OpSpec("cummax", (3, 4), args=(1,), distinct=True, method="cummax"),
    OpSpec("cummin", (3, 4), args=(0,), distinct=True, method="cummin"),
    OpSpec("logcumsumexp", (2, 4), args=(1,), ref=np.logaddexp.accumulate),
    OpSpec("diff", (2, 5), ref=np.diff, method="diff"),
    OpSpec("diff", (5,), args=(2,), ref=np.diff),
    OpSpec("gradient", (5,), ref=np.gradient),
    OpSpec("gradient", (4, 5), kwargs={"edge_order": 2, "spacing": 0.5},
           ref=lambda x: tuple(np.gradient(x, 0.5, edge_order=2)), function=lambda x, **kw:
           __import__("tidu").gradient(x, **kw)),
]  # fmt: skip
