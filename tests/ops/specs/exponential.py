"""Exponentials, logarithms, and special functions."""

import math

import numpy as np

from ..spec import OpSpec, binary, unary

POSITIVE = (0.3, 3.0)


def scalar(function):
    """A function of `math`, element by element."""
    return np.vectorize(function, otypes=[float])


def xlogy(x, y):
    return np.where(x == 0, 0, x * np.log(y))


def i0_series(x):
    """The power series of the modified Bessel function, term by term."""
    return sum((x * x / 4) ** n / math.factorial(n) ** 2 for n in range(40))


def i1_series(x):
    return sum(
        (x / 2) ** (2 * n + 1) / (math.factorial(n) * math.factorial(n + 1)) for n in range(40)
    )


def digamma(x):
    """The derivative of lgamma by central differences of high order."""
    h = 1e-2
    f = scalar(math.lgamma)
    d = [(f(x + i * h) - f(x - i * h)) / (2 * i * h) for i in (1, 2, 3)]
    return (15 * d[0] - 6 * d[1] + d[2]) / 10


def in_special(name, ref, domain=(-2, 2), **options):
    return OpSpec(f"special.{name}", (2, 3), domain=domain, ref=ref, elementwise=True, **options)


SPECS = [
    unary("exp", np.exp),
    unary("exp2", np.exp2),
    unary("expm1", np.expm1),
    unary("log", np.log, domain=POSITIVE),
    unary("log2", np.log2, domain=POSITIVE),
    unary("log10", np.log10, domain=POSITIVE),
    unary("log1p", np.log1p, domain=(-0.7, 2)),
    unary("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
    unary("logit", lambda x: np.log(x / (1 - x)), domain=(0.1, 0.9)),
    OpSpec(
        "logit",
        (2, 3),
        args=(0.2,),
        domain=(0.01, 0.99),
        ref=lambda x, e: np.log(np.clip(x, e, 1 - e) / (1 - np.clip(x, e, 1 - e))),
    ),
    binary("logaddexp", np.logaddexp, inplace=None),
    binary("logaddexp2", np.logaddexp2, inplace=None),
    binary("xlogy", xlogy, domain=(POSITIVE, POSITIVE)),
    unary("erf", scalar(math.erf), domain=(-4, 4)),
    unary("erfc", scalar(math.erfc), domain=(-4, 4)),
    OpSpec(
        "erfinv",
        (2, 3),
        domain=(-0.95, 0.95),
        function=lambda x: (x.erfinv()).erf(),
        ref=lambda x: x,
        id="inverse",
    ),
    unary("erfinv", None, domain=(-0.9, 0.9)),
    unary("lgamma", scalar(math.lgamma), domain=(0.2, 12)),
    unary("lgamma", scalar(math.lgamma), domain=(-3.9, -3.1), id="negative"),
    unary("digamma", digamma, domain=(1, 12), tol=1e-7),
    OpSpec("polygamma", (2, 3), domain=(0.5, 5), function=lambda x: x.polygamma(1)),
    OpSpec("polygamma", (2, 3), domain=(0.5, 5), function=lambda x: x.polygamma(2), tol=1e-6),
    OpSpec(
        "mvlgamma",
        (2, 3),
        args=(3,),
        domain=(1.5, 6),
        inplace="mvlgamma_",
        method="mvlgamma",
        ref=lambda x, p: (
            sum(scalar(math.lgamma)(x - j / 2) for j in range(p))
            + p * (p - 1) / 4 * math.log(math.pi)
        ),
    ),
    unary("i0", i0_series),
    unary("sinc", np.sinc, domain=(0.2, 3)),
    in_special("i0e", lambda x: i0_series(x) * np.exp(-np.abs(x)), domain=(0.1, 3)),
    in_special("i1", i1_series, domain=(0.1, 3)),
    in_special("i1e", lambda x: i1_series(x) * np.exp(-np.abs(x)), domain=(0.1, 3)),
    in_special("erfcx", lambda x: scalar(math.erfc)(x) * np.exp(x * x)),
    in_special("ndtr", lambda x: scalar(math.erfc)(-x / math.sqrt(2)) / 2),
    in_special("log_ndtr", lambda x: np.log(scalar(math.erfc)(-x / math.sqrt(2)) / 2)),
    OpSpec("special.ndtri", (2, 3), domain=(0.05, 0.95)),
    in_special("entr", lambda x: -x * np.log(x), domain=POSITIVE),
    OpSpec(
        "special.xlog1py",
        (2, 3),
        (2, 3),
        domain=POSITIVE,
        elementwise=True,
        ref=lambda x, y: x * np.log1p(y),
    ),
]
