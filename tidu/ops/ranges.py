"""New tensors that follow a rule: ranges, the identity, triangles' indices."""

from __future__ import annotations

import math

import numpy as np

from .. import dtypes
from ..tensor import Tensor
from .creation import dtype_of, factory, finish, into, number_of


@factory
def arange(*args, out=None, dtype=None, layout=None, device=None, pin_memory=False,
           requires_grad=False, **keywords):  # fmt: skip
    """The numbers from `start` (0) up to but not including `end`, `step` (1) apart.

    The dtype is int64 if all three are integers, else the default dtype.

    >>> import tidu
    >>> tidu.arange(5)
    tensor([0, 1, 2, 3, 4])
    >>> tidu.arange(1, 2, 0.5)
    tensor([1.0000, 1.5000])
    """
    if len(args) == 1 and not keywords:
        start, end, step = 0, number_of(args[0], "arange", "end", 1), 1
    else:
        start, end, step = _bounds(args, keywords)
    if dtype is not None:
        wanted = dtype_of(dtype, "arange")
    elif out is not None:
        wanted = out.dtype
    elif isinstance(start, float) or isinstance(end, float) or isinstance(step, float):
        wanted = dtypes.get_default_dtype()
    else:
        wanted = dtypes.int64
    array = _range(start, end, step, wanted)
    if out is not None:
        return into("arange", out, None, array, requires_grad)
    return finish(array, requires_grad, device, pin_memory, layout, "arange")


def _bounds(args, keywords):
    """start, end and step from a call's arguments."""
    names = ("start", "end", "step")
    given = dict(zip(names if len(args) > 1 or "end" in keywords else ("end",), args))
    if len(args) > 3 or not given.keys().isdisjoint(keywords):
        raise _invalid(args, keywords)
    given.update(keywords)
    needed = {"start", "end"} if "step" in given else {"end"}
    if not needed <= given.keys() <= set(names):
        raise _invalid(args, keywords)
    start, end, step = given.get("start", 0), given["end"], given.get("step", 1)
    return tuple(
        number_of(value, "arange", name, i + 1)
        for i, (name, value) in enumerate(zip(names, (start, end, step)))
    )


def _invalid(args, keywords):
    got = [type(a).__name__ for a in args] + [
        f"{k}={type(v).__name__}" for k, v in keywords.items()
    ]
    return TypeError(
        f"arange() received an invalid combination of arguments - got ({', '.join(got)}), but "
        "expected (end), (start, end) or (start, end, step)"
    )


def _range(start, end, step, dtype):
    for value in (start, end, step):
        if isinstance(value, complex):
            raise RuntimeError("value cannot be converted to type double without overflow")
    if dtype.kind in (dtypes.BOOL, dtypes.COMPLEX):
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{dtype.title}'")
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start:g} -> {end:g}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if dtype.kind == dtypes.INTEGER:
        if int(step) == 0:
            raise ValueError("step must be nonzero")
        if dtype is dtypes.int64:
            start, end, step = int(start), int(end), int(step)
        exact = type(start) is type(end) is type(step) is int
        count = -((start - end) // step) if exact else math.ceil((end - start) / step)
        if exact and count and dtype is dtypes.int64:
            return np.arange(start, start + count * step, step)
        return (np.arange(count) * int(step) + int(start)).astype(dtype.numpy)
    return _real_range(start, step, math.ceil((end - start) / step), dtype.numpy)


_LANES = {2: 16, 4: 8, 8: 4}  # bytes of an element -> elements in a vector of 256 bits


def _real_range(start, step, count, dtype):
    """start + i * step, rounded as PyTorch's loop over vectors of 256 bits rounds it.

    Within a vector the first element is rounded before the others are counted on from it. The loop
    takes two vectors at a time; what is left over is computed one by one.
    """
    wide = np.longdouble if dtype.itemsize == 8 else np.float64
    i = np.arange(count, dtype=wide)
    start, step = wide(start), wide(step)
    values = (i * step + start).astype(dtype)
    lanes = _LANES[dtype.itemsize]
    full = count // (2 * lanes) * (2 * lanes)
    if full:
        first = values[:full:lanes].astype(wide)[:, None]
        values[:full] = (first + i[:lanes] * step).reshape(-1).astype(dtype)
    return values


@factory
def range(start=0, end=None, step=1, *, out=None, dtype=None, layout=None, device=None,
          requires_grad=False):  # fmt: skip
    """The numbers from `start` up to and including `end` (deprecated: use `arange`).

    >>> import tidu
    >>> tidu.range(1, 3)  # doctest: +SKIP
    tensor([1., 2., 3.])
    """
    import warnings

    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is "
        "inconsistent with Python's range builtin. Instead, use torch.arange, which produces "
        "values in [start, end).",
        stacklevel=2,
    )
    if end is None:
        start, end = 0, start
    wanted = dtypes.get_default_dtype() if dtype is None else dtype_of(dtype, "range")
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    count = math.floor((end - start) / step) + 1
    array = (np.arange(count, dtype=np.float64) * step + start).astype(wanted.numpy)
    if out is not None:
        return into("range", out, None, array)
    return finish(array, requires_grad, device, False, layout, "range")


@factory
def linspace(start, end, steps, *, out=None, dtype=None, layout=None, device=None,
             pin_memory=False, requires_grad=False):  # fmt: skip
    """`steps` numbers from `start` to `end`, both included, at equal distances.

    >>> import tidu
    >>> tidu.linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    start, end, steps, wanted = _interval("linspace", start, end, steps, out, dtype)
    work = np.dtype(float) if wanted.kind == dtypes.INTEGER else wanted.numpy
    wide = _WIDE.get(work.name, work.type)
    array = _points(start, end, steps, work, wide).astype(work).astype(wanted.numpy, copy=False)
    if out is not None:
        return into("linspace", out, None, array, requires_grad)
    return finish(array, requires_grad, device, pin_memory, layout, "linspace")


@factory
def logspace(start, end, steps, base=10.0, *, out=None, dtype=None, layout=None, device=None,
             pin_memory=False, requires_grad=False):  # fmt: skip
    """`base` to the power of `steps` numbers at equal distances from `start` to `end`.

    >>> import tidu
    >>> tidu.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    start, end, steps, wanted = _interval("logspace", start, end, steps, out, dtype)
    work = np.dtype(complex if wanted.is_complex else float)
    array = (base ** _points(start, end, steps, work, work.type)).astype(wanted.numpy)
    if out is not None:
        return into("logspace", out, None, array, requires_grad)
    return finish(array, requires_grad, device, pin_memory, layout, "logspace")


# The dtypes in which a product and a sum come out as if rounded once, as a fused multiply-add does.
_WIDE = {"float32": np.float64, "float64": np.longdouble}


def _spaced_dtype(name, start, end, out, dtype):
    if dtype is not None:
        return dtype_of(dtype, name)
    if out is not None:
        return out.dtype
    default = dtypes.get_default_dtype()
    return (
        default.to_complex() if isinstance(start, complex) or isinstance(end, complex) else default
    )


def _end_points(name, start, end):
    """The ends as Python numbers; tensors of one are welcome."""
    bad = [
        f"{label} with {value._array.ndim} dimension(s)"
        for label, value in (("start", start), ("end", end))
        if isinstance(value, Tensor) and value._array.ndim
    ]
    if bad:
        raise RuntimeError(
            f"{name} only supports 0-dimensional start and end tensors, but got "
            f"{' and '.join(bad)}."
        )
    return (x._array.item() if isinstance(x, Tensor) else x for x in (start, end))


def _interval(name, start, end, steps, out, dtype):
    """The ends as numbers of the result's dtype, the number of steps, and that dtype."""
    start, end = _end_points(name, start, end)
    wanted = _spaced_dtype(name, start, end, out, dtype)
    if isinstance(steps, float) or not hasattr(steps, "__index__"):
        raise TypeError(
            f"{name}() received an invalid combination of arguments: steps must be int, not "
            f"{type(steps).__name__}"
        )
    steps = steps.__index__()
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    if wanted.kind == dtypes.INTEGER:
        return int(start), int(end), steps, wanted
    return wanted.numpy.type(start), wanted.numpy.type(end), steps, wanted


def _points(start, end, steps, work, wide):
    """Numbers at equal distances, counted from `start` on up to the middle and from `end` beyond.

    The distance is of dtype `work`; products and sums are computed in `wide`.
    """
    start, end = work.type(start), work.type(end)
    if steps == 1:
        return np.array([start])
    i = np.arange(steps)
    with np.errstate(over="ignore"):  # float16 counts no further than 65504
        step = (end - start) / work.type(max(steps - 1, 1))
        low = wide(start) + wide(step) * i[: steps // 2].astype(work)
        high = wide(end) - wide(step) * (steps - 1 - i[steps // 2 :]).astype(work)
    return np.concatenate([low, high])


@factory
def eye(n, m=None, *, out=None, dtype=None, layout=None, device=None, pin_memory=False,
        requires_grad=False):  # fmt: skip
    """A matrix of `n` rows and `m` (`n`) columns with ones on the diagonal and zeros elsewhere.

    >>> import tidu
    >>> tidu.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    sizes = []
    for position, (name, value) in enumerate((("n", n), ("m", n if m is None else m))):
        if isinstance(value, float) or not hasattr(value, "__index__"):
            raise TypeError(
                f"eye(): argument '{name}' (position {position + 1}) must be int, not "
                f"{type(value).__name__}"
            )
        sizes.append(value.__index__())
        if sizes[-1] < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {sizes[-1]}")
    if out is not None:
        return into("eye", out, dtype, np.eye(*sizes, dtype=out._array.dtype), requires_grad)
    wanted = dtypes.get_default_dtype() if dtype is None else dtype_of(dtype, "eye")
    return finish(
        np.eye(*sizes, dtype=wanted.numpy), requires_grad, device, pin_memory, layout, "eye"
    )


@factory
def tril_indices(
    row, col, offset=0, *, dtype=None, device=None, layout=None, pin_memory=False
):
    """The indices (2, count) of the elements on and below a diagonal of a `row` x `col` matrix.

    >>> import tidu
    >>> tidu.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return _triangle(tril_indices, np.tril_indices, row, col, offset, dtype, device, layout, pin_memory)


@factory
def triu_indices(
    row, col, offset=0, *, dtype=None, device=None, layout=None, pin_memory=False
):
    """The indices (2, count) of the elements on and above a diagonal of a `row` x `col` matrix.

    >>> import tidu
    >>> tidu.triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
    """
    return _triangle(triu_indices, np.triu_indices, row, col, offset, dtype, device, layout, pin_memory)


def _triangle(function, places, row, col, offset, dtype, device, layout, pin_memory):
    name = function.__name__
    for title, n in (("row", row), ("col", col)):
        if n < 0:
            raise RuntimeError(f"{title} must be non-negative, got{n}")
    wanted = dtypes.int64 if dtype is None else dtype_of(dtype, name)
    indices = np.stack(places(row, offset, col)).astype(wanted.numpy)
    return finish(indices, False, device, pin_memory, layout, name)
