"""Pooling over any number of spatial dimensions: the reference kernels.

A window is walked position by position: for each place inside the window, the elements that lie there
in all windows are one strided view of the (padded) input. So the work is a few passes over whole arrays,
however many windows there are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def out_size(size, kernel, stride, padding, dilation, ceil_mode):
    """The spatial size of the result."""
    found = []
    for n, k, s, p, d in zip(size, kernel, stride, padding, dilation):
        span = n + 2 * p - d * (k - 1) - 1
        out = (span + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (out - 1) * s >= n + p:
            out -= 1  # the last window would lie wholly in the padding
        found.append(out)
    return tuple(found)


def padded(x, kernel, stride, padding, dilation, out, value):
    """x with `value` around it, as far as the windows reach; x itself if they stay inside."""
    size = x.shape[2:]
    reach = [(m - 1) * s + d * (k - 1) + 1 for m, s, d, k in zip(out, stride, dilation, kernel)]
    if not any(padding) and all(r <= n for r, n in zip(reach, size)):
        return x
    full = [max(r, n + p) for r, n, p in zip(reach, size, padding)]
    wide: Any = np.full((*x.shape[:2], *full), value, x.dtype)
    wide[(..., *(slice(p, p + n) for p, n in zip(padding, size)))] = x
    return wide


def places(kernel, stride, dilation, out):
    """For each place in the window: its offset, and the index of its elements in all windows."""
    for offset in np.ndindex(*kernel):
        yield offset, (
            ...,
            *(
                slice(k * d, k * d + s * (m - 1) + 1, s)
                for k, d, s, m in zip(offset, dilation, stride, out)
            ),
        )


def max_forward(x, kernel, stride, padding, dilation, ceil_mode):
    """The largest element of each window, and the number of its place in the window.

    The first of several equal ones counts; nan is larger than anything.
    """
    out = out_size(x.shape[2:], kernel, stride, padding, dilation, ceil_mode)
    low = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    wide = padded(x, kernel, stride, padding, dilation, out, low)
    small = np.uint8 if math.prod(kernel) < 256 else np.int32
    # nan and -inf are rare; a sum finds them in one pass (and other sums that are not finite).
    plain = x.dtype.kind != "f" or math.isfinite(np.add.reduce(x, axis=None))
    best, place = None, np.zeros((*x.shape[:2], *out), small)
    for number, (offset, index) in enumerate(places(kernel, stride, dilation, out)):
        here = wide[index]
        if best is None:
            best = here.copy()
            outside = None if plain or not any(padding) else ~_inside_all(best, offset, x, stride,
                                                                          padding, dilation)  # fmt: skip
            continue
        better = here > best
        if not plain:
            better |= (here != here) & (best == best)
            if outside is not None:  # what lies in the padding must not win, not even among -inf
                inside = _inside_all(best, offset, x, stride, padding, dilation)
                better = (better | outside) & inside
                outside &= ~inside
            np.copyto(best, here, where=better)
        else:
            np.maximum(best, here, out=best)
        # Numbers only grow, so the last place that was better is the largest.
        np.maximum(place, better * small(number), out=place)
    return best, place


def _inside_all(best, offset, x, stride, padding, dilation):
    """`_inside`, for every image and channel."""
    inside = _inside(offset, x.shape[2:], stride, padding, dilation, best.shape[2:])
    return np.broadcast_to(inside, best.shape).copy()


def _inside(offset, size, stride, padding, dilation, out):
    """Whether this place lies inside the input, for each window."""
    inside = np.ones(out, bool)
    for axis, (k, n, s, p, d, m) in enumerate(zip(offset, size, stride, padding, dilation, out)):
        at = np.arange(m) * s + k * d - p
        shape = [1] * len(out)
        shape[axis] = m
        inside = inside & ((at >= 0) & (at < n)).reshape(shape)
    return inside


def flat_indices(place, kernel, stride, padding, dilation, size):
    """PyTorch's indices: the position of each window's maximum in the (flattened) plane."""
    out = place.shape[2:]
    offsets = np.array(list(np.ndindex(*kernel)), np.int64).reshape(-1, len(kernel))
    flat = np.zeros(place.shape, np.int64)
    for axis, n in enumerate(size):
        at = offsets[:, axis][place] * dilation[axis] - padding[axis]
        start = np.arange(out[axis], dtype=np.int64) * stride[axis]
        at += start.reshape(-1, *(1,) * (len(out) - axis - 1))
        flat = flat * n + at
    return flat


def max_backward(g, place, size, kernel, stride, padding, dilation):
    """Each window's gradient at the place of its maximum, summed over windows."""
    out = g.shape[2:]
    reach = [(m - 1) * s + d * (k - 1) + 1 for m, s, d, k in zip(out, stride, dilation, kernel)]
    full = [max(r, n + 2 * p) for r, n, p in zip(reach, size, padding)]
    wide: Any = np.zeros((*g.shape[:2], *full), g.dtype)
    overlap = any(d * (k - 1) + 1 > s for d, k, s in zip(dilation, kernel, stride))
    for number, (_, index) in enumerate(places(kernel, stride, dilation, out)):
        if overlap:
            wide[index] += g * (place == number)
        else:
            np.multiply(g, place == number, out=wide[index])
    return wide[(..., *(slice(p, p + n) for p, n in zip(padding, size)))]


def max_pick(x, place, kernel, stride, padding, dilation):
    """The elements of x at the places that `max_forward` found: its backward's own gradient."""
    out = place.shape[2:]
    wide = padded(x, kernel, stride, padding, dilation, out, 0)
    found = np.zeros(place.shape, x.dtype)
    for number, (_, index) in enumerate(places(kernel, stride, dilation, out)):
        np.copyto(found, wide[index], where=place == number)
    return found


def divisors(size, kernel, stride, padding, out, count_include_pad, divisor_override):
    """What each window's sum is divided by in average pooling: a number or an array of shape out."""
    if divisor_override is not None:
        return divisor_override
    total = np.ones((), np.int64)
    for axis, (n, k, s, p, m) in enumerate(zip(size, kernel, stride, padding, out)):
        start = np.arange(m) * s - p
        end = np.minimum(start + k, n + p)
        if not count_include_pad:
            start, end = np.maximum(start, 0), np.minimum(end, n)
        shape = [1] * len(out)
        shape[axis] = m
        total = total * (end - start).reshape(shape)
    return total


def sum_forward(x, kernel, stride, padding, out):
    """The sum of each window."""
    ones = (1,) * len(kernel)
    wide = padded(x, kernel, stride, padding, ones, out, 0)
    total = None
    for _, index in places(kernel, stride, ones, out):
        if total is None:
            total = wide[index].copy()
        else:
            total += wide[index]
    return total


def sum_backward(g, size, kernel, stride, padding):
    """Each window's gradient at all its places, summed over windows."""
    out = g.shape[2:]
    ones = (1,) * len(kernel)
    reach = [(m - 1) * s + k for m, s, k in zip(out, stride, kernel)]
    full = [max(r, n + 2 * p) for r, n, p in zip(reach, size, padding)]
    wide: Any = np.zeros((*g.shape[:2], *full), g.dtype)
    for _, index in places(kernel, stride, ones, out):
        wide[index] += g
    return wide[(..., *(slice(p, p + n) for p, n in zip(padding, size)))]
