"""Orthogonal polynomials and rare Bessel functions of `tidu.special`; declared when that is used.

The polynomials follow their three-term recurrences (DLMF 18.9); elements of `n` are their degrees.
Integers and bool become the default dtype. As in PyTorch, none of these has a gradient.
"""

from __future__ import annotations

from ..autograd.op import elementwise
from .arithmetic import undefined
from .checks import only
from .special import _kernels, scipy_special


def _polynomial(name, formula, example, first, step):
    """Declares the family whose member 1 is first(x) and member i is step(i, x, p, q).

    p and q are the members i - 2 and i - 1; member 0 is 1.
    """

    def forward(k, x, y):
        xp = k.xp
        degree = y.astype("int64")
        p, q = xp.ones_like(x), first(x)
        zero = x.dtype.type(0)
        out = xp.where(degree == 0, p, xp.where(degree == 1, q, zero))
        for i in range(2, int(degree.max(initial=0)) + 1):
            p, q = q, step(i, x, p, q)
            out = xp.where(degree == i, q, out)
        return out

    return _declare(
        name,
        forward,
        f"{formula} of degree n, element by element; 0 for n < 0.",
        f"tidu.tensor([0.5, 2.0]), 2)\n    {example}",
        "n",
    )


def _declare(name, forward, text, example, *second):
    forward.__name__ = forward.__qualname__ = f"special_{name}"
    forward.__doc__ = f"""{text}

    >>> import tidu
    >>> tidu.special.{name}({example}
    """
    arguments = {"names": {"x": "x", "y": second[0]}, "forms": "one"} if second else {}
    declare = elementwise(public=False, method=False, to_float=True, check=only("biuf", name),
                          node="NotImplemented", **arguments)  # fmt: skip
    function = declare(forward)
    rule = undefined(f"special_{name}")
    function.vjp(x=rule, **({"y": undefined(f"special_{name}")} if second else {}))
    return function


def _twice(i, x, p, q):
    return (x + x) * q - p


def _shifted(i, x, p, q):
    y = x + x - 1
    return (y + y) * q - p


chebyshev_polynomial_t = _polynomial(
    "chebyshev_polynomial_t", "The Chebyshev polynomial of the first kind",
    "tensor([-0.5000,  7.0000])", lambda x: x, _twice,
)  # fmt: skip
chebyshev_polynomial_u = _polynomial(
    "chebyshev_polynomial_u", "The Chebyshev polynomial of the second kind",
    "tensor([ 0., 15.])", lambda x: x + x, _twice,
)  # fmt: skip
chebyshev_polynomial_v = _polynomial(
    "chebyshev_polynomial_v", "The Chebyshev polynomial of the third kind",
    "tensor([-1., 11.])", lambda x: x + x - 1, _twice,
)  # fmt: skip
chebyshev_polynomial_w = _polynomial(
    "chebyshev_polynomial_w", "The Chebyshev polynomial of the fourth kind",
    "tensor([ 1., 19.])", lambda x: x + x + 1, _twice,
)  # fmt: skip
shifted_chebyshev_polynomial_t = _polynomial(
    "shifted_chebyshev_polynomial_t", "The Chebyshev polynomial of the first kind at 2x - 1",
    "tensor([-1., 17.])", lambda x: x + x - 1, _shifted,
)  # fmt: skip
shifted_chebyshev_polynomial_u = _polynomial(
    "shifted_chebyshev_polynomial_u", "The Chebyshev polynomial of the second kind at 2x - 1",
    "tensor([-1., 35.])", lambda x: 4 * x - 2, _shifted,
)  # fmt: skip
shifted_chebyshev_polynomial_v = _polynomial(
    "shifted_chebyshev_polynomial_v", "The Chebyshev polynomial of the third kind at 2x - 1",
    "tensor([-1., 29.])", lambda x: 4 * x - 3, _shifted,
)  # fmt: skip
shifted_chebyshev_polynomial_w = _polynomial(
    "shifted_chebyshev_polynomial_w", "The Chebyshev polynomial of the fourth kind at 2x - 1",
    "tensor([-1., 41.])", lambda x: 4 * x - 1, _shifted,
)  # fmt: skip
hermite_polynomial_h = _polynomial(
    "hermite_polynomial_h", "The physicist's Hermite polynomial",
    "tensor([-1., 14.])", lambda x: x + x,
    lambda i, x, p, q: (x + x) * q - 2 * (i - 1) * p,
)  # fmt: skip
hermite_polynomial_he = _polynomial(
    "hermite_polynomial_he", "The probabilist's Hermite polynomial",
    "tensor([-0.7500,  3.0000])", lambda x: x,
    lambda i, x, p, q: x * q - (i - 1) * p,
)  # fmt: skip
laguerre_polynomial_l = _polynomial(
    "laguerre_polynomial_l", "The Laguerre polynomial",
    "tensor([ 0.1250, -1.0000])", lambda x: 1 - x,
    lambda i, x, p, q: ((2 * i - 1 - x) * q - (i - 1) * p) / i,
)  # fmt: skip
legendre_polynomial_p = _polynomial(
    "legendre_polynomial_p", "The Legendre polynomial",
    "tensor([-0.1250,  5.5000])", lambda x: x,
    lambda i, x, p, q: ((2 * i - 1) * x * q - (i - 1) * p) / i,
)  # fmt: skip


def _from_scipy(name, scipy_name, text, value):
    def forward(k, x):
        found = scipy_special(scipy_name)(x)
        return (found[0] if isinstance(found, tuple) else found).astype(x.dtype)

    example = f"tidu.tensor([2.0]))\n    tensor([{value}])"
    return _declare(name, forward, text + " Needs SciPy.", example)


airy_ai = _from_scipy("airy_ai", "airy", "The Airy function Ai.", "0.0349")
bessel_j0 = _from_scipy(
    "bessel_j0", "j0", "The Bessel function of the first kind, of order 0.", "0.2239"
)
bessel_j1 = _from_scipy(
    "bessel_j1", "j1", "The Bessel function of the first kind, of order 1.", "0.5767"
)
bessel_y0 = _from_scipy(
    "bessel_y0", "y0", "The Bessel function of the second kind, of order 0.", "0.5104"
)
bessel_y1 = _from_scipy(
    "bessel_y1", "y1", "The Bessel function of the second kind, of order 1.", "-0.1070"
)
modified_bessel_k0 = _from_scipy(
    "modified_bessel_k0", "k0", "The modified Bessel function of the second kind, of order 0.",
    "0.1139",
)  # fmt: skip
modified_bessel_k1 = _from_scipy(
    "modified_bessel_k1", "k1", "The modified Bessel function of the second kind, of order 1.",
    "0.1399",
)  # fmt: skip
scaled_modified_bessel_k0 = _from_scipy(
    "scaled_modified_bessel_k0", "k0e", "exp(x) times modified_bessel_k0(x).", "0.8416"
)
scaled_modified_bessel_k1 = _from_scipy(
    "scaled_modified_bessel_k1", "k1e", "exp(x) times modified_bessel_k1(x).", "1.0335"
)
modified_bessel_i0 = _declare(
    "modified_bessel_i0", lambda k, x: _kernels().i0(x), "The same as `i0`, without a gradient.",
    "tidu.tensor([2.0]))\n    tensor([2.2796])",
)  # fmt: skip
modified_bessel_i1 = _declare(
    "modified_bessel_i1", lambda k, x: _kernels().i1(x), "The same as `i1`, without a gradient.",
    "tidu.tensor([2.0]))\n    tensor([1.5906])",
)  # fmt: skip


def _spherical_j0(k, x):
    xp = k.xp
    at_ends = xp.where(xp.isinf(x), 0, 1).astype(x.dtype)
    return xp.where((x == 0) | xp.isinf(x), at_ends, xp.sin(x) / x)


spherical_bessel_j0 = _declare(
    "spherical_bessel_j0", _spherical_j0, "The spherical Bessel function of order 0: sin(x) / x.",
    "tidu.tensor([2.0]))\n    tensor([0.4546])",
)  # fmt: skip
