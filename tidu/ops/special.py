"""Special functions, element by element: error functions, gamma and its family, Bessel, ndtr.

`tidu.special` exports them under PyTorch's names there. The numerical work is in
`tidu/backend/special.py`; what is rare needs SciPy, which is imported when it is called.
"""

from __future__ import annotations

import math

from ..autograd.op import elementwise
from ..autograd.public import composite
from .arithmetic import undefined
from .checks import only

_2_ROOT_PI = 2 / math.sqrt(math.pi)
_ROOT_HALF = math.sqrt(0.5)
_LOG_PI = math.log(math.pi)


def _kernels():
    """The numerical functions, which are loaded when the first of them is called."""
    from ..backend import special

    return special


def _real(kernel, **options):
    return elementwise(to_float=True, check=only("biuf", kernel), **options)


def _special(kernel, node=None, **options):
    """A function that only `tidu.special` has."""
    return _real(kernel, public=False, method=False, node=node, **options)


# Error functions


@_real("erf_vml_cpu", inplace="public")
def erf(k, x):
    """The error function: 2 / sqrt(pi) times the integral of exp(-t²) from 0 to x.

    >>> import tidu
    >>> tidu.tensor([0.0, 1.0]).erf()
    tensor([0.0000, 0.8427])
    """
    return _kernels().erf(x)


erf.vjp(x=lambda k, g, x: g * (k.exp(-x * x) * _2_ROOT_PI))


@_real("erfc_vml_cpu", inplace="public")
def erfc(k, x):
    """1 - erf(x), exact also where that is small.

    >>> import tidu
    >>> tidu.tensor([0.0, 1.0]).erfc()
    tensor([1.0000, 0.1573])
    """
    return _kernels().erfc(x)


erfc.vjp(x=lambda k, g, x: g * (k.exp(-x * x) * -_2_ROOT_PI))


@_real("erfinv_vml_cpu", inplace=True)
def erfinv(k, x):
    """The inverse of `erf`; NaN outside of [-1, 1].

    >>> import tidu
    >>> tidu.tensor([0.0, 0.8427]).erfinv()
    tensor([0.0000, 1.0000])
    """
    return _kernels().erfinv(x)


def _erfinv(k, g, x):
    out = k.erfinv(x)
    return g * (k.exp(out * out) / _2_ROOT_PI)


erfinv.vjp(x=_erfinv)


@_special("erfcx_cpu", "SpecialErfcxBackward0", name="special_erfcx")
def erfcx(k, x):
    """exp(x²) * erfc(x), which does not vanish as fast as erfc.

    >>> import tidu
    >>> tidu.special.erfcx(tidu.tensor([10.0]))
    tensor([0.0561])
    """
    return _kernels().erfcx(x)


erfcx.vjp(x=lambda g, x, out: g * (2 * x * out - _2_ROOT_PI))


@_special("ndtr", "MulBackward1", name="special_ndtr")
def ndtr(k, x):
    """The share of the standard normal distribution below x.

    >>> import tidu
    >>> tidu.special.ndtr(tidu.tensor([0.0, 1.0]))
    tensor([0.5000, 0.8413])
    """
    return 0.5 * k.erfc(x * -_ROOT_HALF)


ndtr.vjp(x=lambda k, g, x: g * (k.exp(x * x * -0.5) * (0.5 * _2_ROOT_PI * _ROOT_HALF)))


@_special("log_ndtr_cpu", "SpecialLogNdtrBackward0", name="special_log_ndtr")
def log_ndtr(k, x):
    """log(ndtr(x)), exact also where ndtr is small.

    >>> import tidu
    >>> tidu.special.log_ndtr(tidu.tensor([-10.0]))
    tensor([-53.2313])
    """
    xp = k.xp
    t = x * _ROOT_HALF
    low = xp.minimum(t, 0)
    tail = xp.log(_kernels().erfcx(-low) / 2) - low * low
    return xp.where(x < -1, tail, xp.log1p(-k.erfc(t) / 2))


log_ndtr.vjp(x=lambda k, g, x: g / k.special_erfcx(x * -_ROOT_HALF) * (_2_ROOT_PI * _ROOT_HALF))


@_special("ndtri_cpu", "SpecialNdtriBackward0", name="special_ndtri")
def ndtri(k, x):
    """The inverse of `ndtr`.

    >>> import tidu
    >>> tidu.special.ndtri(tidu.tensor([0.5, 0.8413]))
    tensor([0.0000, 0.9998])
    """
    return _kernels().ndtri(x)


ndtri.vjp(x=lambda k, g, out: g * (k.exp(out * out * 0.5) * math.sqrt(2 * math.pi)))

# Gamma and its family


@_real("lgamma_vml_cpu", inplace=True)
def lgamma(k, x):
    """log |gamma(x)|.

    >>> import tidu
    >>> tidu.tensor([1.0, 5.0]).lgamma()
    tensor([0.0000, 3.1781])
    """
    return _kernels().lgamma(x)


lgamma.vjp(x=lambda k, g, x: g * k.digamma(x))


@_real("digamma", inplace=True)
def digamma(k, x):
    """The derivative of log gamma.

    >>> import tidu
    >>> tidu.tensor([1.0]).digamma()
    tensor([-0.5772])
    """
    return _kernels().digamma(x)


digamma.vjp(x=lambda k, g, x: g * k.polygamma_of(x, 1))


@_real("polygamma", name="polygamma_of", public=False, method=False, node="PolygammaBackward0")
def _polygamma(k, x, n):
    """The n-th derivative of digamma."""
    return k.digamma(x) if n == 0 else _kernels().polygamma(n, x)


_polygamma.vjp(x=lambda k, g, x, n: g * k.polygamma_of(x, n + 1))


@composite()
def polygamma(n, input):
    """The n-th derivative of digamma, for n >= 0.

    >>> import tidu
    >>> tidu.polygamma(1, tidu.tensor([1.0]))
    tensor([1.6449])
    """
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return _polygamma(input, n)


@composite(public=False, method=True, inplace=True, out=False, name="polygamma")
def _polygamma_method(input, n):
    """The n-th derivative of digamma: see `tidu.polygamma`.

    >>> import tidu
    >>> tidu.tensor([1.0]).polygamma(1)
    tensor([1.6449])
    """
    return polygamma(n, input)


def _mvlgamma_check(x):
    only("iuf", "mvlgamma")(x)


@elementwise(inplace=True, to_float=True, check=_mvlgamma_check)
def mvlgamma(k, x, p):
    """The logarithm of the multivariate gamma function of dimension p; elements > (p - 1) / 2.

    >>> import tidu
    >>> tidu.tensor([2.0]).mvlgamma(2)
    tensor([0.4516])
    """
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    total = p * (p - 1) / 4 * _LOG_PI
    for j in range(p):
        total = total + k.lgamma(x - j / 2)
    return total


def _mvlgamma(k, g, x, p):
    total = k.digamma(x)
    for j in range(1, p):
        total = total + k.digamma(x - j / 2)
    return g * total


mvlgamma.vjp(x=_mvlgamma)


@elementwise(name="special_zeta", public=False, method=False, to_float=True, forms="one",
             check=only("biuf", "zeta"), names={"y": "other"})  # fmt: skip
def zeta(k, x, y):
    """Hurwitz's zeta function: the sum of (other + n)**-input for n = 0, 1, ...

    >>> import tidu
    >>> tidu.special.zeta(tidu.tensor(2.0), tidu.tensor(1.0))
    tensor(1.6449)
    """
    return _kernels().zeta(x, y)


zeta.vjp(x=undefined("zeta"), y=lambda k, g, x, y: g * (-x * k.special_zeta(x + 1, y)))


def scipy_special(name):
    """SciPy's function of that name; SciPy is an optional dependency."""
    try:
        import scipy.special
    except ImportError as error:
        raise ImportError(
            f"this function needs SciPy ({name}): install it with  pip install 'tidu[special]'"
        ) from error
    return getattr(scipy.special, name)


@elementwise(inplace=True, strict=True, to_float=True,
             check=only("biuf", "igamma"))  # fmt: skip
def igamma(k, x, y):
    """The regularized lower incomplete gamma function of shape `input` at `other`. Needs SciPy.

    >>> import tidu
    >>> tidu.igamma(tidu.tensor([1.0]), tidu.tensor([2.0]))
    tensor([0.8647])
    """
    return scipy_special("gammainc")(x, y).astype(x.dtype)


@elementwise(inplace=True, strict=True, to_float=True,
             check=only("biuf", "igammac"))  # fmt: skip
def igammac(k, x, y):
    """1 - igamma: the regularized upper incomplete gamma function. Needs SciPy.

    >>> import tidu
    >>> tidu.igammac(tidu.tensor([1.0]), tidu.tensor([2.0]))
    tensor([0.1353])
    """
    return scipy_special("gammaincc")(x, y).astype(x.dtype)


def _gamma_density(k, x, y):
    return k.exp((x - 1) * k.log(y) - y - k.lgamma(x))


igamma.vjp(x=undefined("igamma: input"), y=lambda k, g, x, y: g * _gamma_density(k, x, y))
igammac.vjp(x=undefined("igammac: input"), y=lambda k, g, x, y: -g * _gamma_density(k, x, y))

# Bessel functions


@_real("i0_vml_cpu", inplace="public")
def i0(k, x):
    """The modified Bessel function of the first kind, of order 0.

    >>> import tidu
    >>> tidu.tensor([0.0, 1.0]).i0()
    tensor([1.0000, 1.2661])
    """
    return _kernels().i0(x)


i0.vjp(x=lambda k, g, x: g * k.special_i1(x))


@_special("i0e_cpu", "SpecialI0EBackward0", name="special_i0e")
def i0e(k, x):
    """exp(-|x|) * i0(x).

    >>> import tidu
    >>> tidu.special.i0e(tidu.tensor([1.0]))
    tensor([0.4658])
    """
    return _kernels().i0e(x)


i0e.vjp(x=lambda k, g, x, out: g * (k.special_i1e(x) - k.sgn(x) * out))


@_special("i1_cpu", "SpecialI1Backward0", name="special_i1")
def i1(k, x):
    """The modified Bessel function of the first kind, of order 1.

    >>> import tidu
    >>> tidu.special.i1(tidu.tensor([1.0]))
    tensor([0.5652])
    """
    return _kernels().i1(x)


def _away_from_zero(k, x):
    """Whether x is not tiny, and x with something else in place of what is."""
    away = k.abs(x) > 1e-7
    return away, k.where(away, x, 1e-7)


def _i1(k, g, x, out):
    away, safe = _away_from_zero(k, x)
    return g * k.where(away, k.i0(safe) - out / safe, 0.5)


def _i1e(k, g, x, out):
    away, safe = _away_from_zero(k, x)
    slope = k.special_i0e(safe) - out * (k.sgn(safe) + 1 / safe)
    return g * k.where(away, slope, 0.5)


i1.vjp(x=_i1)


@_special("i1e_cpu", "SpecialI1EBackward0", name="special_i1e")
def i1e(k, x):
    """exp(-|x|) * i1(x).

    >>> import tidu
    >>> tidu.special.i1e(tidu.tensor([1.0]))
    tensor([0.2079])
    """
    return _kernels().i1e(x)


i1e.vjp(x=_i1e)

# Others


@elementwise(to_float=True, inplace="public")
def sinc(k, x):
    """sin(pi x) / (pi x), and 1 at 0.

    >>> import tidu
    >>> tidu.tensor([0.0, 0.5]).sinc()
    tensor([1.0000, 0.6366])
    """
    angle = x * math.pi
    return k.xp.where(x == 0, x.dtype.type(1), k.xp.sin(angle) / angle)


def _sinc(k, g, x):
    angle = x * math.pi
    return k.keep(g * ((angle * k.cos(angle) - k.sin(angle)) / (angle * x)), x != 0)


sinc.vjp(x=_sinc)


@_special("entr_cpu", "SpecialEntrBackward0", name="special_entr")
def entr(k, x):
    """-x log(x), 0 at 0, -inf below: the terms of an entropy.

    >>> import tidu
    >>> tidu.special.entr(tidu.tensor([0.0, 0.5]))
    tensor([0.0000, 0.3466])
    """
    xp = k.xp
    inner = xp.where(x == 0, x.dtype.type(0), -x * xp.log(x))
    return xp.where(x < 0, x.dtype.type(-xp.inf), inner)


entr.vjp(x=lambda k, g, x: g * (-k.log(x) - 1))


@elementwise(name="special_xlog1py", public=False, method=False, to_float=True, forms="one",
             check=only("biuf", "xlog1py_cpu"), node=lambda x, y: _xlog1py_node(x, y))  # fmt: skip
def xlog1py(k, x, y):
    """x * log1p(other), and 0 where x is 0 (unless other is NaN).

    >>> import tidu
    >>> tidu.special.xlog1py(tidu.tensor([0.0, 2.0]), tidu.tensor([-1.0, 1.0]))
    tensor([0.0000, 1.3863])
    """
    xp = k.xp
    product = x * xp.log1p(y)
    return xp.where((x == 0) & ~xp.isnan(y), product.dtype.type(0), product)


def _xlog1py_node(x, y):
    number = 1 if not hasattr(x, "_array") else 2 if not hasattr(y, "_array") else 0
    return f"SpecialXlog1PyBackward{number}"


xlog1py.vjp(
    x=lambda k, g, x, y: k.keep(k.special_xlog1py(g, y), k.logical_not((x == 0) & (y <= -1))),
    y=lambda g, x, y: g * x / (y + 1),
)
