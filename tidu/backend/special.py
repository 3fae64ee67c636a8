"""Special functions that NumPy lacks, on arrays of float32 or float64 (float16 as float32).

Sources: DLMF (dlmf.nist.gov) for series, reflections and asymptotic expansions; the coefficients
were fitted for this file with 50-digit arithmetic (Chebyshev interpolation).
"""

from __future__ import annotations

import math

import numpy as np

_BLOCK = 1 << 14  # elements at a time, so that the steps of a polynomial stay in the cache
_2_ROOT_PI = 2 / math.sqrt(math.pi)
_ROOT_PI = math.sqrt(math.pi)


def _blocks(function):
    """Runs `function` on a flat float array, block by block, and restores dtype and shape."""

    def run(x):
        flat = np.ascontiguousarray(x, np.float32 if x.dtype == np.float16 else x.dtype).reshape(-1)
        if flat.size <= _BLOCK:
            result = function(flat)
        else:
            result = np.empty_like(flat)
            for i in range(0, flat.size, _BLOCK):
                result[i : i + _BLOCK] = function(flat[i : i + _BLOCK])
        return result.reshape(x.shape).astype(x.dtype, copy=False)

    run.__name__ = run.__qualname__ = function.__name__
    run.__doc__ = function.__doc__
    return run


def _in_double(function):
    """Computes in float64 whatever the dtype, for functions that are rarely used."""

    def run(x):
        return function(x.astype(np.float64).reshape(-1)).reshape(x.shape).astype(x.dtype)

    run.__name__ = run.__qualname__ = function.__name__
    run.__doc__ = function.__doc__
    return run


def _horner(coefficients, x):
    total = np.full_like(x, coefficients[-1])
    for c in coefficients[-2::-1]:
        total *= x
        total += c
    return total


def _clenshaw(coefficients, t):
    """The sum of Chebyshev polynomials T_k(t), for t in [-1, 1]."""
    twice = t + t
    b1, b2 = np.zeros_like(t), np.zeros_like(t)
    for c in coefficients[:0:-1]:
        b1, b2 = twice * b1 - b2 + c, b1
    return t * b1 - b2 + coefficients[0]


# The error function

# erf(x) / x = P(x²) / Q(x²) for |x| < 3.9, to 2e-8: enough for float32.
_ERF32_P = (
    1.1283791521685, 0.18874986854635895, 0.05255277778418753, 0.003701046607671335,
    0.0002845761627371041, 2.0778969252342116e-06,
)  # fmt: skip
_ERF32_Q = (
    1.0, 0.5006081007769395, 0.11344547145175017, 0.0148387878283455, 0.0011490206355273093,
    3.836351253480072e-05,
)  # fmt: skip
# erf(x) / x as a polynomial in x², for |x| <= 1.
_ERF_SMALL = (
    1.1283791670955126, -0.37612638903183754, 0.1128379167095512, -0.026866170645129854,
    0.005223977625423455, -0.0008548327021945428, 0.00012055332903350668,
    -1.4925647581008593e-05, 1.6462045711013026e-06, -1.6364645854816389e-07,
    1.479243542696247e-08, -1.2164764337224506e-09, 8.709755232851789e-11,
    -4.2320376764874594e-12,
)  # fmt: skip
# (1 + 2x) exp(x²) erfc(x) for x >= 0, as Chebyshev polynomials of t = (x - 3) / (x + 3).
_ERFCX = (
    1.17756257419656, 0.005353904539615676, -0.09377550342284209, 0.05436652555744322,
    -0.018976596707845208, 0.004453426061462712, -0.0006335531710553147,
    1.7661719523171593e-05, 1.2841532864056673e-05, -2.00722856590599e-06,
    -1.8075227904148302e-07, 7.549828343825089e-08, 1.8856685238378494e-09,
    -2.6995190497996903e-09, -1.4600791201045877e-11, 1.0361607445801508e-10,
    1.4757159752257783e-12, -4.277340065258189e-12, -2.0792249302960514e-13,
    1.8134502058119212e-13, 1.9734256909957257e-14, -7.287942174395753e-15,
    -1.5169861956139686e-15, 2.35142598930391e-16, 1.0006212662878482e-16,
)  # fmt: skip


@_blocks
def erf(x):
    """The error function."""
    if x.dtype == np.float32:
        clipped = np.clip(x, -3.9, 3.9)
        square = clipped * clipped
        return clipped * _horner(_ERF32_P, square) / _horner(_ERF32_Q, square)
    size = np.abs(x)
    small = size <= 1
    result = x * _horner(_ERF_SMALL, np.minimum(x * x, 1))
    far = size[~small]
    result[~small] = np.copysign(1 - _erfcx_positive(far) * _gauss(far), x[~small])
    return result


@_blocks
def erfc(x):
    """1 - erf(x), exact also where that is small."""
    wide = x.astype(np.float64, copy=False)
    size = np.abs(wide)
    result = 1 - wide * _horner(_ERF_SMALL, np.minimum(wide * wide, 1))
    far = ~(size <= 0.5)
    tail = _erfcx_positive(size[far]) * _gauss(size[far])
    result[far] = np.where(wide[far] < 0, 2 - tail, tail)
    return result


@_blocks
def erfcx(x):
    """exp(x²) * erfc(x)."""
    wide = x.astype(np.float64, copy=False)
    result = _erfcx_positive(np.abs(wide))
    return np.where(wide < 0, 2 * np.exp(wide * wide) - result, result)


def _erfcx_positive(x):
    t = np.where(np.isinf(x), 1, (x - 3) / (x + 3))
    return _clenshaw(_ERFCX, t) / (1 + 2 * x)


def _gauss(x):
    """exp(-x²) for x >= 0, with x² split so that its rounding does not show."""
    x = np.minimum(x, 30)  # beyond 27 it is 0
    near = x.astype(np.float32).astype(np.float64)
    return np.exp(-near * near) * np.exp((near - x) * (near + x))


@_in_double
def erfinv(y):
    """The inverse of erf."""
    size = np.abs(y)
    x = _erfcinv(1 - np.maximum(size, 0.5))
    middle = size < 0.5
    m = y[middle]
    guess = _winitzki(np.log1p(-m * m))
    for _ in range(3):
        f = (erf(guess) - np.abs(m)) / (_2_ROOT_PI * np.exp(-guess * guess))
        guess = guess - f / (1 + guess * f)
    result = np.copysign(x, y)
    result[middle] = np.copysign(guess, m)
    result[size > 1] = np.nan
    result[size == 1] = np.copysign(np.inf, y[size == 1])
    return result


def _winitzki(log):
    """S. Winitzki's approximation of erfinv(y), from log(1 - y²); good to 2e-3."""
    a = 0.147
    half = 2 / (math.pi * a) + log / 2
    return np.sqrt(np.maximum(np.sqrt(half * half - log / a) - half, 0))


def _erfcinv(q):
    """x with erfc(x) = q, for 0 <= q <= 0.5, by Newton's method on the logarithm of both."""
    log = np.log(q)
    x = _winitzki(log + np.log(2 - q))
    for _ in range(5):
        scaled = _erfcx_positive(x)
        x = x + (np.log(scaled) - x * x - log) * scaled / _2_ROOT_PI
    return np.where(q == 0, np.inf, x)


@_in_double
def ndtri(p):
    """The inverse of the normal distribution function."""
    middle = np.abs(p - 0.5) < 0.25
    upper = p > 0.5
    tail = _erfcinv(2 * np.clip(np.where(upper, 1 - p, p), 0, 0.25)) * math.sqrt(2)
    x = np.where(upper, tail, -tail)
    x[middle] = erfinv(2 * p[middle] - 1) * math.sqrt(2)
    x[~((p >= 0) & (p <= 1))] = np.nan
    return x


# Gamma and its family


@_in_double
def lgamma(x):
    """log |gamma(x)|, by Stirling's series beyond 8 and the recurrence below it (DLMF 5.11.1)."""
    with np.errstate(all="ignore"):
        a = np.where(x < 0.5, 1 - x, x)
        near = a < 3
        result = _lgamma_large(a)
        result[near] = [math.lgamma(v) for v in a[near].tolist()]
        reflected = np.log(math.pi / np.abs(np.sin(math.pi * (x - np.rint(x))))) - result
        result = np.where(x < 0.5, reflected, result)
        result[(x <= 0) & (x == np.floor(x))] = np.inf
        return result


def _lgamma_large(a):
    shifted, product = a, np.ones_like(a)
    for _ in range(5):
        low = shifted < 8
        product = np.where(low, product * shifted, product)
        shifted = np.where(low, shifted + 1, shifted)
    inverse = 1 / shifted
    square = inverse * inverse
    series = inverse * _horner(
        (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400),
        square,
    )
    log = np.log(shifted)
    stirling = (shifted - 0.5) * log - shifted + 0.5 * math.log(2 * math.pi) + series
    return np.where(np.isinf(a), np.inf, stirling - np.log(product))


@_in_double
def digamma(x):
    """The derivative of log gamma, by recurrence and its asymptotic series (DLMF 5.11.2)."""
    with np.errstate(all="ignore"):
        low = x < 0.5
        a = np.where(low, 1 - x, x)
        total = np.zeros_like(a)
        for _ in range(10):
            small = a < 10
            total = np.where(small, total - 1 / a, total)
            a = np.where(small, a + 1, a)
        square = 1 / (a * a)
        series = square * _horner(
            (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12), square
        )
        result = total + np.log(a) - 0.5 / a - series
        angle = math.pi * (x - np.rint(x))
        result = np.where(low, result - math.pi / np.tan(angle), result)
        pole = (x == np.floor(x)) & (x <= 0)
        result[pole] = np.nan
        result[x == 0] = np.copysign(np.inf, -x[x == 0])
        result[x == -np.inf] = np.nan
        return result


# B_2j / (2j)! for j = 1, 2, ...: the coefficients of Euler and Maclaurin's formula.
_BERNOULLI = (
    1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000,
    1 / 74724249600, -3617 / 10670622842880000, 43867 / 5109094217170944000,
)  # fmt: skip


def zeta(s, q):
    """Hurwitz's zeta function: the sum of (q + n)**-s, by Euler and Maclaurin's formula."""
    dtype = np.result_type(s, q)
    s, q = np.broadcast_arrays(s.astype(np.float64), q.astype(np.float64))
    with np.errstate(all="ignore"):
        total = np.zeros(s.shape)
        lowest = np.min(q, initial=0, where=np.isfinite(q))
        steps = 12 + math.ceil(-lowest)  # the formula is good from 12 on
        for n in range(steps):
            total += (q + n) ** -s
        a = q + steps
        power = a**-s
        total += power * a / (s - 1) + power / 2
        factor = s * power / a
        for j, b in enumerate(_BERNOULLI):
            total += b * factor
            factor = factor * (s + 2 * j + 1) * (s + 2 * j + 2) / (a * a)
        total = np.where(q == np.inf, 0, total)
        total = np.where(s == 1, np.inf, total)
        total = np.where(s < 1, np.nan, total)
        bad = (q <= 0) & (q != np.floor(q)) & (s != np.floor(s))
        total = np.where(bad, np.nan, total)
        total = np.where((q <= 0) & (q == np.floor(q)) & (s > 1), np.inf, total)
    return total.astype(dtype)


def polygamma(n, x):
    """The n-th derivative of digamma (n >= 1), from zeta (DLMF 25.11.12)."""
    sign = -1.0 if n % 2 == 0 else 1.0
    order = np.full((), n + 1.0)
    return (sign * math.factorial(n) * zeta(order, x.astype(np.float64))).astype(x.dtype)


# Bessel functions of imaginary argument, scaled by exp(-|x|)


@_in_double
def i0e(x):
    """exp(-|x|) I0(x)."""
    return _scaled_bessel(np.abs(x), 0)


@_in_double
def i1e(x):
    """exp(-|x|) I1(x)."""
    return np.copysign(_scaled_bessel(np.abs(x), 1), x)


@_in_double
def i0(x):
    """The modified Bessel function of the first kind, of order 0."""
    a = np.abs(x)
    return _scaled_bessel(a, 0) * np.exp(a)


@_in_double
def i1(x):
    """The modified Bessel function of the first kind, of order 1."""
    a = np.abs(x)
    return np.copysign(_scaled_bessel(a, 1) * np.exp(a), x)


def _scaled_bessel(x, order):
    """exp(-x) I_order(x) for x >= 0: the power series to 20, then the asymptotic one.

    All terms of the power series (DLMF 10.25.2) are positive, so that nothing cancels; beyond 20
    the terms of the asymptotic one (DLMF 10.40.1) fall to 1e-17 before they grow.
    """
    with np.errstate(all="ignore"):
        near = np.minimum(x, 20)
        quarter = near * near / 4
        term = np.exp(-near) * (near / 2) ** order
        total = term.copy()
        for n in range(1, 60):
            term = term * quarter / (n * (n + order))
            total += term
        far = np.maximum(x, 20)
        term, tail = np.ones_like(far), np.ones_like(far)
        for n in range(1, 30):
            term = term * ((2 * n - 1) ** 2 - 4 * order * order) / (8 * n * far)
            tail += term
        asymptotic = tail / np.sqrt(2 * math.pi * far)
        result = np.where(x <= 20, total, asymptotic)
        return np.where(np.isinf(x), 0, np.where(np.isnan(x), x, result))
