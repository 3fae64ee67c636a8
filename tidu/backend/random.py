"""Random numbers as PyTorch's CPU functions make them, into NumPy arrays.

Every function here takes a `Twister` (or a `tidu.Generator`, which is one) and an array, fills the
array from the stream and returns it:

    uniform(gen, out, low=0.0, high=1.0)      floating dtypes, complex too
    normal(gen, out, mean=0.0, std=1.0)       floating dtypes, complex too
    integers(gen, out, low, high)             low <= x < high, any dtype but complex
    integers_all(gen, out)                    what `random_()` draws: 0 to the dtype's largest
    integers_64(gen, out)                     all 64 bits: int64, float32, float64
    bernoulli(gen, out, p)                    0 or 1 in out's dtype; p a float, or an array like out
    exponential(gen, out, rate=1.0)
    geometric(gen, out, p)
    cauchy(gen, out, median=0.0, sigma=1.0)
    log_normal(gen, out, mean=1.0, std=2.0)
    poisson(gen, out, rates)                  rates: an array like out
    permutation(gen, out)                     one dimension: 0 to n-1, shuffled
    multinomial(gen, weights, count, replacement)    returns a new int64 array of indices

A new array is `uniform(gen, np.empty(shape, dtype))`. A dropout mask is
`bernoulli(gen, out, 1 - p)` into an array with the strides of the input. Arrays that are not
contiguous are filled in the order of their memory, as PyTorch does; arrays whose elements overlap
must not be passed.

Which draws make which number is PyTorch's: float32 and float16 take one 32-bit draw for a uniform
number, float64 one 64-bit draw; all that is not uniform works in double precision on 64-bit draws,
except blocks of normal numbers (see `normal`). PyTorch's own build for x86 fuses `x * a + b` into
one rounding; so does this. Where it uses Intel's library on Intel's processors (`bernoulli_` and
`exponential_`), this gives what it gives on all others: one stream for every machine.
"""

from __future__ import annotations

from math import ceil, cos, exp, floor, inf, lgamma, log, log1p, pi, sin, sqrt

import numpy as np

from .quiet import IGNORE, loud, quiet
from .table import FORWARDS, Kernels

_CHUNK = 1 << 16  # elements worked on at a time: they and their temporaries stay in the cache
_SKEW_LIMIT = 1 << 28  # from this range on, PyTorch takes 64-bit draws for integers
_DIGITS = {"e": 11, "f": 24, "d": 53}  # bits of a floating dtype's significand
# Constants as arrays: a ufunc takes them in half the time of a number.
_MASK24 = np.array((1 << 24) - 1, np.uint32)
_MASK53 = np.array((1 << 53) - 1, np.uint64)
_UNIT24 = np.array(2.0**-24, np.float32)
_UNIT53 = np.array(2.0**-53)
_TINY = 2.0**-53


# How arrays are filled


def _kernel(function):
    """Enters what fills a flat array into the kernel table, under the function's own name."""
    FORWARDS[function.__name__] = function
    return Kernels(function.__name__)


def _fill(gen, out, write, *args):
    """Has `write(gen, flat, *args)` fill `out`, in chunks, in the order of its memory."""
    if type(write) is Kernels and out.size and out.flags.c_contiguous:
        with gen.lock:
            if gen.begin():  # all at once, by a kernel
                write.cpu(gen, out if out.ndim == 1 else out.reshape(-1), *args)
                return out
    view, flat = None, out
    if out.ndim != 1 or not out.flags.c_contiguous:
        view = out if out.flags.c_contiguous else out.transpose(_order(out))
        flat = view.reshape(-1) if view.flags.c_contiguous else np.empty(out.size, out.dtype)
    size = flat.size
    settings = quiet(IGNORE)
    try:
        with gen.lock:
            if type(write) is Kernels:
                whole = size > 0 and gen.begin()
                write = write.cpu
            else:
                whole = False
            if 0 < size <= _CHUNK or whole:
                write(gen, flat, *args)
            else:
                for start in range(0, size, _CHUNK):
                    write(gen, flat[start : start + _CHUNK], *args)
    finally:
        loud(settings)
    if view is not None and not view.flags.c_contiguous:
        view[...] = flat.reshape(view.shape)
    return out


def _order(out):
    """The axes of `out` as they follow each other in memory."""
    strides = out.strides
    return sorted(range(out.ndim), key=lambda axis: -strides[axis])


class _Companion:
    """The elements of an array of `out`'s shape, handed out in the order `_fill` goes."""

    def __init__(self, out, array):
        array = np.broadcast_to(array, out.shape)
        if not out.flags.c_contiguous:
            array = array.transpose(_order(out))
        self.flat, self.position = array.reshape(-1), 0

    def take(self, count):
        """The next `count` elements."""
        self.position += count
        return self.flat[self.position - count : self.position]


def _store(flat, doubles):
    """Casts double results into `flat`; PyTorch goes to float16 through float32."""
    kind = flat.dtype.char
    if kind == "e":
        doubles = doubles.astype(np.float32)
    elif kind not in "fd":
        doubles = doubles.astype(np.int64)  # then cut to the dtype's bits, as a C cast does
    flat[:] = doubles


def _floats(gen, count, out=None):
    """`count` uniform float32 numbers, multiples of 2**-24 below 1."""
    drawn = gen.draw32(count)
    np.bitwise_and(drawn, _MASK24, drawn)
    # To float as signed integers: processors have an instruction for these only.
    values = drawn.view(np.int32).astype(np.float32)
    return np.multiply(values, _UNIT24, values if out is None else out)


def _doubles(gen, count, out=None):
    """`count` uniform float64 numbers, multiples of 2**-53 below 1."""
    drawn = gen.draw64(count)
    np.bitwise_and(drawn, _MASK53, drawn)
    values = drawn.view(np.int64).astype(np.float64)
    return np.multiply(values, _UNIT53, values if out is None else out)


def _split(x):
    """`x` as a sum of two doubles of 26 bits each (Veltkamp), whose products are exact."""
    scaled = x * 134217729.0  # 2**27 + 1
    high = scaled - (scaled - x)
    return high, x - high


def _fused(x, factor, term):
    """`x * factor + term` for an array of doubles, rounded once.

    The product's rounding error is found exactly (Dekker), the sum's too (Knuth), and both are put
    back at the end. See T. J. Dekker, "A floating-point technique for extending the available
    precision", Numerische Mathematik 18 (1971).
    """
    product = x * factor
    if term == 0:
        return product
    total = product + term
    if abs(factor) == 1 or not 1e-250 < abs(factor) < 1e250:
        return total
    (xh, xl), (fh, fl) = _split(x), _split(factor)
    product_error = ((xh * fh - product) + xh * fl + xl * fh) + xl * fl
    carried = total - product
    total_error = (product - (total - carried)) + (term - carried)
    result = total + (total_error + product_error)
    return np.where(np.isfinite(result), result, total)


def _scale(x, factor, term):
    """`x * factor + term` in x's dtype, float32 or float64, rounded once."""
    if x.dtype.char == "d":
        return _fused(x, float(factor), float(term))
    if term == 0:
        return x * np.float32(factor)
    # In double precision the product of two float32 numbers is exact.
    wide = x * np.array(np.float32(factor), np.float64)
    wide += np.array(np.float32(term), np.float64)
    return wide.astype(np.float32)


# Uniform


def uniform(gen, out, low=0.0, high=1.0):
    """Fills `out` with numbers from low <= x < high."""
    if low == 0 and high == 1:
        return _fill(gen, out, random_unit)
    return _fill(gen, out, random_uniform, low, high)


@_kernel
def random_unit(k, gen, flat):
    """Uniform numbers from 0 to 1."""
    kind = flat.dtype.char
    if kind in "FD":
        flat = flat.view(flat.real.dtype)
        kind = flat.dtype.char
    if kind == "f":
        _floats(gen, flat.size, flat)
    elif kind == "d":
        _doubles(gen, flat.size, flat)
    else:
        flat[:] = _floats(gen, flat.size)
        flat[flat == 1] = 0  # what rounding brought up to the bound


@_kernel
def random_uniform(k, gen, flat, low, high):
    """Uniform numbers between two bounds."""
    if flat.dtype.kind == "c":
        flat = flat.view(flat.real.dtype)
    if flat.dtype.char == "d":
        flat[:] = _scale(_doubles(gen, flat.size), high - low, low)
    else:
        low, high = np.float32(low), np.float32(high)
        flat[:] = _scale(_floats(gen, flat.size), high - low, low)
    at_bound = flat == flat.dtype.type(high)  # rounding may bring a number up to the bound
    np.copyto(flat, low, where=at_bound, casting="unsafe")


# Normal


def normal(gen, out, mean=0.0, std=1.0):
    """Fills `out` with normal numbers, by the method of Box and Muller.

    Arrays that are contiguous and have 16 elements or more are made in blocks of 16, in the
    dtype's own precision: 8 pairs each, from 16 uniform numbers. Should the size not be a multiple
    of 16, the last 16 elements are drawn once more. All other arrays take their numbers one by
    one, in pairs from two double uniforms; the second of a pair waits for the next call.
    """
    target = out
    if out.dtype.kind == "c":  # each part gets the mean, and half of the variance
        std /= sqrt(2)
        parts = out.real.dtype
        if not out.flags.c_contiguous:
            return _fill(gen, out, lambda gen, flat: random_pairs.cpu(gen, flat.view(parts), mean, std))
        target = out.reshape(-1).view(parts)
    if out.flags.c_contiguous and target.size >= 16:
        with gen.lock:
            gen.begin()
            random_normal.cpu(gen, target.reshape(-1), mean, std)
    else:
        _fill(gen, target, random_pairs, mean, std)
    return out


@_kernel
def random_normal(k, gen, flat, mean, std):
    """Normal numbers, 16 or more, in blocks of 16."""
    rest = flat.size % 16
    whole = flat.size - rest
    with gen.lock:  # all of it, as no other thread may draw in between
        done = whole // _CHUNK * _CHUNK if rest else whole
        _fill(gen, flat[:done], _write_blocks, mean, std)
        if rest:
            last = np.empty(whole - done + 16, flat.dtype)
            # PyTorch draws for the rest first, then for the last 16 again; not so in float16.
            skip = 0 if flat.dtype.char == "e" else rest
            _fill(gen, last, _write_blocks, mean, std, skip)
            flat[done:whole] = last[:-16]
            flat[-16:] = last[-16:]


def _write_blocks(gen, flat, mean, std, skip=0):
    """Makes blocks of 16 normal numbers: from 8 uniforms for the radii, then 8 for the angles.

    `skip`: uniforms that are drawn and not used before the last block.
    """
    draw = _doubles if flat.dtype.char == "d" else _floats
    u = draw(gen, flat.size + skip)
    if skip:
        u = np.concatenate((u[: flat.size - 16], u[-16:]))
    u = u.reshape(-1, 2, 8)
    radius, angle = u[:, 0], u[:, 1]
    if len(u) > 1:  # 8 at a time would take longer than making them contiguous
        radius, angle = np.ascontiguousarray(radius), np.ascontiguousarray(angle)
    np.subtract(1, radius, radius)  # above 0, so the logarithm is finite
    np.log(radius, radius)
    np.multiply(radius, -2, radius)
    np.sqrt(radius, radius)
    np.multiply(angle, 2 * pi, angle)
    first = np.cos(angle)
    np.multiply(first, radius, first)
    second = np.sin(angle, angle)
    np.multiply(second, radius, second)
    if mean != 0 or std != 1:
        first, second = _scale(first, std, mean), _scale(second, std, mean)
    pairs = flat.reshape(-1, 2, 8)
    pairs[:, 0] = first
    pairs[:, 1] = second


@_kernel
def random_pairs(k, gen, flat, mean, std):
    """Normal numbers one by one."""
    values = _standard_normals(gen, flat.size)
    if mean != 0 or std != 1:
        values = _fused(values, float(std), float(mean))
    _store(flat, values)


def _standard_normals(gen, count):
    """`count` normal doubles, the one that waits first; leaves one waiting if `count` is odd."""
    if count <= 16:
        return np.array(_few_standard_normals(gen, count))
    result = np.empty(count + 1)
    start = 0
    if gen.waiting is not None:
        result[0] = gen.waiting
        gen.waiting = None
        start = 1
    pairs = (count - start + 1) // 2
    end = start + 2 * pairs
    uniforms = _doubles(gen, 2 * pairs)
    angle = uniforms[0::2] * (2 * pi)
    radius = np.sqrt(-2 * np.log1p(-uniforms[1::2]))
    np.multiply(radius, np.cos(angle), out=result[start:end:2])
    np.multiply(radius, np.sin(angle), out=result[start + 1 : end : 2])
    if end > count:
        gen.waiting = float(result[count])
    return result[:count]


def _few_standard_normals(gen, count):
    values = [] if gen.waiting is None else [gen.waiting]
    missing = count - len(values)
    halves = gen.draw32((missing + 1) // 2 * 4).tolist()
    for i in range(0, len(halves), 4):
        a, b, c, d = halves[i : i + 4]
        angle = 2 * pi * (((a & 0x1FFFFF) << 32 | b) * _TINY)
        radius = sqrt(-2 * log1p(-(((c & 0x1FFFFF) << 32 | d) * _TINY)))
        values.append(radius * cos(angle))
        values.append(radius * sin(angle))
    gen.waiting = values.pop() if missing % 2 else None
    return values


# Other continuous distributions, and geometric


def exponential(gen, out, rate=1.0):
    """Fills `out` with exponential numbers: -log(1 - u) / rate."""
    factor = -1.0 / rate if rate else -inf

    def write(gen, flat):
        values = np.log1p(-_doubles(gen, flat.size))
        values *= factor
        _store(flat, values)

    return _fill(gen, out, write)


def geometric(gen, out, p):
    """Fills `out` with the number of trials up to the first success, each of probability `p`."""
    base = log1p(-p) if p < 1 else -inf

    def write(gen, flat):
        _store(flat, np.ceil(np.log(_doubles(gen, flat.size)) / base))

    return _fill(gen, out, write)


def cauchy(gen, out, median=0.0, sigma=1.0):
    """Fills `out` with Cauchy numbers: median + sigma * tan(pi * (u - 1/2))."""

    def write(gen, flat):
        values = np.tan(pi * (_doubles(gen, flat.size) - 0.5))
        _store(flat, _fused(values, float(sigma), float(median)))

    return _fill(gen, out, write)


def log_normal(gen, out, mean=1.0, std=2.0):
    """Fills `out` with exp(z), z normal with this mean and std."""

    def write(gen, flat):
        values = _standard_normals(gen, flat.size)
        _store(flat, np.exp(_fused(values, float(std), float(mean))))

    return _fill(gen, out, write)


# Integers


def _remainder(drawn, divisor):
    """`drawn % divisor`, in place. NumPy divides by one number with SIMD, but has no such `%`."""
    if divisor & (divisor - 1) == 0:
        drawn &= drawn.dtype.type(divisor - 1)
        return drawn
    divisor = drawn.dtype.type(divisor)
    quotient = drawn // divisor
    quotient *= divisor
    drawn -= quotient
    return drawn


@_kernel
def random_integers(k, gen, flat, span, low, wide):
    """Writes draw % span + low, from 64-bit draws if `wide`; a span of 0 stands for all 2**64."""
    drawn = gen.draw64(flat.size) if wide else gen.draw32(flat.size)
    if span:
        drawn = _remainder(drawn, span)
    if low or wide:
        drawn = drawn.astype(np.uint64, copy=False)
        drawn += np.uint64(low % (1 << 64))  # wraps round, as it shall
        if flat.dtype != np.uint64:
            drawn = drawn.view(np.int64)
    if flat.dtype.char == "e":
        drawn = drawn.astype(np.float32)
    flat[:] = drawn


def integers(gen, out, low, high):
    """Fills `out` with integers from low <= x < high."""
    span = high - low
    return _fill(gen, out, random_integers, span, low, span >= _SKEW_LIMIT)


def integers_all(gen, out):
    """Fills `out` with integers from 0 to the largest its dtype holds exactly, both included."""
    kind = out.dtype.char
    if kind in _DIGITS:
        span = (1 << _DIGITS[kind]) + 1
    elif kind == "?":
        span = 2
    else:
        span = int(np.iinfo(out.dtype).max) + 1
    return _fill(gen, out, random_integers, span, 0, out.dtype.itemsize == 8)


def integers_64(gen, out):
    """Fills `out` with all 64-bit integers, signed, alike."""
    return _fill(gen, out, random_integers, 0, 0, True)


def permutation(gen, out):
    """Fills `out`, of one dimension, with 0 to n-1 in random order (Fisher and Yates)."""
    with gen.lock:
        if out.size >= 0xFFFFFFFF // 20:
            _shuffle_inside_out(gen, out)
        else:
            gen.begin()
            random_permutation.cpu(gen, out)
    return out


@_kernel
def random_permutation(k, gen, out):
    """0 to n-1 shuffled, for sizes where 32 bits are fine enough."""
    if out.size <= 700:
        _shuffle_one_by_one(gen, out)
    else:
        out[:] = _shuffle(_swaps(gen, out.size))


def _swaps(gen, count):
    """For each position but the last: the later one (or itself) that it changes places with."""
    places = np.arange(count - 1, dtype=np.uint32)
    drawn = gen.draw32(count - 1)
    drawn %= np.uint32(count) - places
    drawn += places
    return drawn


def _shuffle_one_by_one(gen, flat):
    values = list(range(flat.size))
    if len(values) > 1:
        for i, j in enumerate(_swaps(gen, flat.size).tolist()):
            values[i], values[j] = values[j], values[i]
    flat[:] = np.array(values, np.int64)


def _shuffle(swaps):
    """What 0 to n-1 becomes when position i changes places with `swaps[i]` for each i in turn.

    Step i puts into place the value that stood at swaps[i], and never touches it again; what stood
    at i, call it moved[i], goes to swaps[i]. So the value at any later position is moved[k] for the
    last step k that went there, or its own number if none did:

        moved[i]  = moved[k], k the last step before i with swaps[k] == i;         else i
        result[i] = moved[k], k the last step before i with swaps[k] == swaps[i];  else swaps[i]

    A sort by (target, step) brings the steps with one target together; moved follows by pointer
    doubling, since what k points to is its own last step, and so on down to a step without any.
    """
    steps = len(swaps)
    numbers = np.arange(steps, dtype=np.int32)
    keys = swaps.astype(np.int64)
    keys <<= 32
    keys |= numbers
    keys.sort()
    step = keys.astype(np.int32)  # the low halves
    keys >>= 32
    before = np.full(steps, -1, np.int32)
    before[step[1:]] = np.where(keys[1:] == keys[:-1], step[:-1], -1)

    moved = np.arange(steps + 1, dtype=np.int32)
    elsewhere = np.flatnonzero(swaps != numbers)
    moved[swaps[elsewhere]] = elsewhere  # of several steps with one target, the last one stays
    while True:
        further = moved.take(moved)
        if np.array_equal(further, moved):
            break
        moved = further

    result = np.empty(steps + 1, np.int64)
    result[:-1] = np.where(before >= 0, moved.take(before, mode="clip"), swaps)
    result[-1] = moved[-1]  # what stands at the end that no step was taken from
    return result


def _shuffle_inside_out(gen, flat):
    """For sizes where 32 bits are too coarse (some two hundred million; takes minutes)."""
    values = memoryview(flat)
    for start in range(0, flat.size, _CHUNK):
        positions = np.arange(start, min(start + _CHUNK, flat.size), dtype=np.uint64)
        drawn = gen.draw64(len(positions)) % (positions + np.uint64(1))
        for i, j in enumerate(drawn.tolist(), start):
            values[i] = i
            values[i], values[j] = values[j], i


# Trials


def bernoulli(gen, out, p, value=1):
    """Fills `out` with 1 (or `value`, for a float `p`) where a uniform number is below `p`, else 0.

    A float `p` is compared with doubles; an array with numbers of its own precision.
    """
    if isinstance(p, np.ndarray):
        return _fill(gen, out, _write_trials, _Companion(out, p))
    # u * 2**-53 < p for an integer u says u < ceil(p * 2**53): no need to make doubles.
    return _fill(gen, out, random_trials, ceil(p * 2.0**53), value)


def _write_trials(gen, flat, probabilities):
    p = probabilities.take(flat.size)
    draw = _doubles if p.dtype.char == "d" else _floats
    flat[:] = draw(gen, flat.size) < p


@_kernel
def random_trials(k, gen, flat, bound, value):
    """`value` where 53 bits, taken as an integer, are below the bound, else 0."""
    drawn = gen.draw64(flat.size)
    np.bitwise_and(drawn, _MASK53, drawn)
    flat[:] = drawn < np.uint64(bound)
    if value != 1:
        flat *= flat.dtype.type(value)


def multinomial(gen, weights, count, replacement=False):
    """Indices drawn from each row of `weights` with these probabilities, not normalised.

    `weights` has one or two dimensions, of a floating dtype; the result has `count` in place of the
    last. Without replacement, the `count` largest of weight / exponential noise win.
    """
    if not replacement or count == 1:
        noise = exponential(gen, np.empty(weights.shape, weights.dtype))
        with np.errstate(all="ignore"):
            np.divide(weights, noise, out=noise)
        if count == 1:
            return noise.argmax(-1, keepdims=True)
        order = np.argsort(-noise, axis=-1, kind="stable")
        return np.ascontiguousarray(order[..., :count])
    rows = weights.reshape(-1, weights.shape[-1])
    result = np.empty((len(rows), count), np.int64)
    with gen.lock:
        for row, target in zip(rows, result):
            sums = np.cumsum(row, dtype=np.result_type(row, np.float32))
            sums /= sums[-1]
            sums[-1] = 1
            target[:] = np.searchsorted(sums.astype(np.float64), _doubles(gen, count))
    return result.reshape(*weights.shape[:-1], count)


def poisson(gen, out, rates):
    """Fills `out` with Poisson numbers, one for each of `rates`."""
    return _fill(gen, out, _write_poisson, _Companion(out, rates))


def _write_poisson(gen, flat, rates):
    rates = rates.take(flat.size).astype(np.float64).tolist()
    _store(flat, np.array([_poisson(gen, rate) for rate in rates], np.float64))


def _double(gen):
    high, low = gen.draw32(2).tolist()
    return ((high & 0x1FFFFF) << 32 | low) * _TINY


def _poisson(gen, rate):
    """One Poisson number.

    Small rates: multiply uniforms until the product falls to exp(-rate) (Knuth). Others: method
    PTRS of W. Hörmann, "The transformed rejection method for generating Poisson random variables",
    Insurance: Mathematics and Economics 12 (1993).
    """
    if rate == 0:
        return 0
    if rate < 10:
        bound, product, count = exp(-rate), 1.0, 0
        while True:
            product *= _double(gen)
            if product <= bound:
                return count
            count += 1
    b = 0.931 + 2.53 * sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    sure = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = _double(gen) - 0.5
        v = _double(gen)
        edge = 0.5 - abs(u)
        if edge == 0:
            continue
        k = floor((2 * a / edge + b) * u + rate + 0.43)
        if edge >= 0.07 and v <= sure:
            return k
        if k < 0 or v == 0 or (edge < 0.013 and v > edge):
            continue
        accepted = log(v) + log(inverse_alpha) - log(a / (edge * edge) + b)
        if accepted <= -rate + k * log(rate) - lgamma(k + 1):
            return k
