"""Reductions: sums, means, products and what is made of them."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.op import Array, op
from ..autograd.public import composite
from ..backend.summation import LONGEST, SIDE_BY_SIDE, sum_rows

F16, F32, F64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
I64 = np.dtype("int64")
add: Any = np.add.reduce  # called by position: keywords cost as much as a small sum
multiply: Any = np.multiply.reduce
logical_and: Any = np.logical_and.reduce
SHORT = 256  # so many additions one after another still round well


def dims_of(dim, ndim, keepdim=False):
    """`dim` (None, an int or several) as a tuple of axes, with PyTorch's errors.

    `keepdim` has to be a bool, lest x.sum(0, 1) do something else than it seems to.
    """
    if type(keepdim) is not bool:
        raise TypeError(f"'keepdim' must be bool, not {type(keepdim).__name__}")
    if type(dim) is int and -ndim <= dim < ndim:  # the usual case
        return (dim % ndim,)
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(ndim))
    axes = []
    for d in dim if isinstance(dim, (tuple, list)) else (dim,):
        low = ndim or 1
        if not -low <= d < low:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-low}, {low - 1}], but got "
                f"{d})"
            )
        if ndim == 0:
            continue
        d %= ndim
        if d in axes:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
        axes.append(d)
    return tuple(axes)


def kept_shape(shape, dim):
    """The shape that a reduction of `dim` has with keepdim=True."""
    axes = dims_of(dim, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def restore(k, g, shape, dim, keepdim):
    """A reduction's result (or its gradient) with the reduced dimensions back, of size 1."""
    return g if keepdim else k.reshape(g, kept_shape(shape, dim))


@op(public=False, method=False, node="ExpandBackward0")
def spread_over(k, g: Array, shape, dim, keepdim):
    """What was reduced, repeated over the elements that went into it (the adjoint of `sum`)."""
    if g.ndim == 0:  # np.broadcast_to takes ten times as long
        return np.ndarray(shape, g.dtype, g, 0, (0,) * len(shape))
    if not keepdim:
        g = g.reshape(kept_shape(shape, dim))
    return k.xp.broadcast_to(g, shape)


spread_over.vjp(g=lambda k, g, dim, keepdim: k.sum(g, dim, keepdim))


def spread(k, g, shape, dim, keepdim):
    """The gradient of a reduction's result, repeated over the elements that went into it."""
    return k.spread_over(g, tuple(shape), dim, keepdim)


def add_up(x, axes, keepdim):
    """The sum over `axes` (None: all) in x's own dtype, its rounding error growing as log(n).

    NumPy adds pairwise only along the innermost axis in memory; along any other it adds one element
    after another, which in float32 loses digits from a few thousand on.
    """
    if axes is None:
        if x.size <= SHORT or x.flags.c_contiguous:
            return add(x, None, None, None, keepdim)
    elif len(axes) == 1:
        (axis,) = axes
        if x.shape[axis] <= SHORT or x.strides[axis] == x.itemsize:
            return add(x, axis, None, None, keepdim)
    elif x.size <= SHORT:
        return add(x, axes, None, None, keepdim)
    ndim = x.ndim
    axes = tuple(range(ndim)) if axes is None else axes
    if not axes:
        return x
    if keepdim:
        shape = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    else:
        shape = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    order = sorted(range(ndim), key=lambda i: -abs(x.strides[i]))  # as it lies in memory
    back = tuple(sorted(range(ndim), key=order.__getitem__))
    total = _add_blocks(x.transpose(order), [i in axes for i in order])
    return total.transpose(back).reshape(shape)


def _add_blocks(x, reduced):
    """The sum over the axes marked in `reduced`, which stay with size 1."""
    shape, ndim = x.shape, x.ndim
    run = ndim  # axes from here on are reduced and follow each other in memory
    step = x.itemsize
    while run and reduced[run - 1] and (x.strides[run - 1] == step or shape[run - 1] == 1):
        run -= 1
        step *= shape[run]
    outer = [i for i in range(run) if reduced[i] and shape[i] > 1]
    steps = 1
    for i in outer:
        steps *= shape[i]
    if run < ndim and (steps > SHORT or run + 1 < ndim):
        x = add(x, tuple(range(run, ndim)), None, None, True)
        return _add_blocks(x, [*reduced[:run], *[False] * (ndim - run)]) if outer else x
    every = tuple(i for i in range(ndim) if reduced[i])
    if steps <= SHORT:
        return add(x, every, None, None, True)
    axis = max(outer, key=shape.__getitem__)
    n = shape[axis]
    if n <= SHORT // 2:  # several middling axes: one after another
        x = add(x, axis, None, None, True)
        return _add_blocks(x, [r and i != axis for i, r in enumerate(reduced)])
    block = SHORT // 2
    full = n // block * block
    before = (slice(None),) * axis
    rest = x[(*before, slice(full, None))]
    blocks = x[(*before, slice(full))].reshape(*shape[:axis], n // block, block, *shape[axis + 1 :])
    partial = add(blocks, axis + 1)
    if full < n:
        partial = np.concatenate([partial, add(rest, axis, None, None, True)], axis)
    return _add_blocks(partial, reduced)


def add_in_order(x, axes, keepdim):
    """`add_up`, but where PyTorch's sum has a fixed order, in that order, so that all digits agree."""
    if SIDE_BY_SIDE < x.size <= LONGEST and x.dtype.kind == "f" and x.flags.c_contiguous:
        if axes is None:
            return sum_rows(x.reshape(1, -1)).reshape((1,) * x.ndim if keepdim else ())
        n, lead = x.shape[-1], x.shape[:-1]
        if axes == (x.ndim - 1,) and n > SIDE_BY_SIDE:
            return sum_rows(x.reshape(-1, n)).reshape((*lead, 1) if keepdim else lead)
    return add_up(x, axes, keepdim)


def total(x, axes, keepdim):
    """The sum as PyTorch has it: integers as int64, float16 added up as float32."""
    kind = x.dtype.kind
    if kind in "biu":
        return add(x, axes, I64, None, keepdim)
    if x.dtype == F16:
        return np.asarray(add_in_order(x.astype(F32), axes, keepdim)).astype(F16)
    return add_in_order(x, axes, keepdim)


def count(shape, dim):
    """How many elements go into each result."""
    n = 1
    for axis in dims_of(dim, len(shape)):
        n *= shape[axis]
    return n


def floating(name, x, dtype):
    """`x` in `dtype`, if given; PyTorch's error for operations that have no integer form."""
    if dtype is not None:
        if dtype.kind < dtypes.FLOAT:
            raise RuntimeError(
                f"{name}(): could not infer output dtype. Optional dtype must be either a floating "
                f"point or complex dtype. Got: {dtype.title}"
            )
        return x.astype(dtype.numpy, copy=False)
    if x.dtype.kind in "biu":
        raise RuntimeError(
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point "
            f"or complex dtype. Got: {dtypes.of(x).title}"
        )
    return x


# Sums and means


def _overload(name):
    """PyTorch numbers the forms without (0) and with (1) `dim`."""
    return lambda x, dim=None, *_: f"{name}Backward{int(dim is not None)}"


@op(node=_overload("Sum"), row_order=True)
def sum(k, x: Array, dim=None, keepdim=False, *, dtype=None):
    """The sum of the elements, over all dimensions or over `dim` (an int or several).

    Integers and bools are summed as int64; `dtype` converts first. An empty sum is 0.

    >>> import tidu
    >>> tidu.ones(2, 3).sum(0)
    tensor([2., 2., 2.])
    """
    if dtype is not None:
        x = x.astype(dtype.numpy, copy=False)
        if dtype.kind < dtypes.FLOAT:
            axes = dims_of(dim, x.ndim, keepdim)
            return add(x, axes, dtype.numpy, None, keepdim)
    return total(x, None if dim is None else dims_of(dim, x.ndim, keepdim), keepdim)


sum.vjp(x=lambda k, g, x_shape, dim, keepdim: spread(k, g, x_shape, dim, keepdim))


@op(row_order=True)
def nansum(k, x: Array, dim=None, keepdim=False, *, dtype=None):
    """The sum of the elements, counting nan as 0.

    >>> import tidu
    >>> tidu.tensor([1.0, float("nan"), 2.0]).nansum()
    tensor(3.)
    """
    if x.dtype.kind == "c":
        raise RuntimeError("nansum on CPU does not support complex inputs")
    if x.dtype.kind == "f":
        x = k.xp.where(k.xp.isnan(x), x.dtype.type(0), x)
    return k.sum(x, dim, keepdim, dtype)


nansum.vjp(x=lambda k, g, x, dim, keepdim: k.keep(spread(k, g, x.shape, dim, keepdim), x == x))


@op(node=_overload("Mean"), row_order=True)
def mean(k, x: Array, dim=None, keepdim=False, *, dtype=None):
    """The mean of the elements, over all dimensions or over `dim` (an int or several).

    Integers need `dtype`. The mean of nothing is nan.

    >>> import tidu
    >>> tidu.tensor([[1.0, 3.0], [5.0, 7.0]]).mean(1)
    tensor([2., 6.])
    """
    if dtype is not None or x.dtype.kind in "biu":
        x = floating("mean", x, dtype)
    if dim is None:
        n, axes = x.size, None
    else:
        axes = dims_of(dim, x.ndim, keepdim)
        n = count(x.shape, axes) if axes else 1
    if x.dtype == F16:
        return k.xp.asarray(add_in_order(x.astype(F32), axes, keepdim) / (n or np.nan)).astype(F16)
    return add_in_order(x, axes, keepdim) / (n or np.nan)


@mean.vjp_joint("x")
def _(k, g, x_shape, dim, keepdim):
    n = count(x_shape, dim)
    return spread(k, g / n if n else g, x_shape, dim, keepdim)


@composite(method=True)
def nanmean(input, dim=None, keepdim=False, *, dtype=None):
    """The mean of the elements that are not nan.

    >>> import tidu
    >>> tidu.tensor([1.0, float("nan"), 3.0]).nanmean()
    tensor(2.)
    """
    if input.dtype.kind < dtypes.FLOAT:
        raise RuntimeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{input.dtype.title}"
        )
    present = (input == input).sum(dim, keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / present


@op(node=_overload("Prod"), row_order=True)
def prod(k, x: Array, dim=None, keepdim=False, *, dtype=None):
    """The product of the elements, over all dimensions or over one.

    Integers are multiplied as int64; an empty product is 1.

    >>> import tidu
    >>> tidu.tensor([[1, 2], [3, 4]]).prod(1)
    tensor([ 2, 12])
    """
    if dtype is not None:
        x = x.astype(dtype.numpy, copy=False)
    axes = None if dim is None else dims_of((dim,), x.ndim, keepdim)
    kind = x.dtype.kind
    if dtype is not None and kind in "iu":
        return multiply(x, axes, x.dtype, None, keepdim)
    if dtype is not None and kind == "b":
        return logical_and(x, axes, None, None, keepdim)
    if kind in "biu":
        return multiply(x, axes, I64, None, keepdim)
    return multiply(x, axes, None, None, keepdim)


@prod.vjp_joint("x")
def _(k, g, x, out, dim, keepdim):
    shape = x.shape
    if not (x == 0).any():
        return restore(k, g * out, shape, dim, keepdim) / x
    # Where a factor is 0 there is no dividing by it: the product of all others, from both sides.
    line = k.reshape(x, (-1,)) if dim is None else x
    axis = 0 if dim is None or len(shape) == 0 else dim % len(shape)
    if len(shape) == 0:
        return g
    others = _before(k, line, axis) * k.flip(_before(k, k.flip(line, (axis,)), axis), (axis,))
    return restore(k, g, shape, dim, keepdim) * k.reshape(others, shape)


def _before(k, x, axis):
    """For each element the product of all that stand before it."""
    lead = (slice(None),) * axis
    first = x[(*lead, slice(0, 1))]
    return k.cumprod(k.cat([first * 0 + 1, x[(*lead, slice(0, -1))]], axis), axis)


# Variance and standard deviation


@op(public=False, method=False, name="variance", node="VarBackward0", holomorphic=False,
    row_order=True)  # fmt: skip
def variance(k, x: Array, dim, correction, keepdim):
    return _variance(k, x, dim, correction, keepdim)[0]


def _variance(k, x, dim, correction, keepdim):
    """The variance and the mean. Two passes: the difference of squares would cancel."""
    axes = dims_of(dim, x.ndim, keepdim)
    wide = x.astype(F32) if x.dtype == F16 else x
    n = count(x.shape, axes)
    center = np.asarray(add_up(wide, axes, True)) / (n or np.nan)
    apart = wide - center
    squares = apart.real**2 + apart.imag**2 if x.dtype.kind == "c" else apart * apart
    free = n - correction
    # A Python number divides: 0 / 0 is nan here, as in PyTorch.
    result = np.asarray(add_up(squares, axes, keepdim))
    result = result / result.dtype.type(free if free > 0 else 0)
    if not keepdim:
        center = center.reshape(result.shape)
    if x.dtype == F16:
        result, center = result.astype(F16), center.astype(F16)
    return result, center


def _variance_rule(k, g, x, dim, correction, keepdim):
    n = count(x.shape, dim)
    if n == 0:
        return x * 0
    free = n - correction
    apart = x - k.mean(x, dim, True)
    factor = 2 / free if free > 0 else float("inf")
    return restore(k, g * factor, x.shape, dim, keepdim) * apart


variance.vjp(
    x=lambda k, g, x, dim, correction, keepdim: _variance_rule(k, g, x, dim, correction, keepdim)
)


@op(public=False, method=False, name="deviation", node="StdBackward0", holomorphic=False,
    row_order=True)  # fmt: skip
def deviation(k, x: Array, dim, correction, keepdim):
    return k.xp.sqrt(k.variance(x, dim, correction, keepdim))


def _std_factor(k, g, out):
    """From the gradient of a root to that of its square; 0 where the root is 0."""
    return k.keep(g / (out * 2), out != 0)


deviation.vjp(
    x=lambda k, g, x, out, dim, correction, keepdim: _variance_rule(
        k, _std_factor(k, g, out), x, dim, correction, keepdim
    )
)


@op(public=False, method=False, outputs=("out", "center"), node="VarMeanBackward0",
    holomorphic=False, row_order=True)  # fmt: skip
def variance_and_mean(k, x: Array, dim, correction, keepdim):
    return _variance(k, x, dim, correction, keepdim)


@variance_and_mean.vjp_joint("x")
def _(k, g, x, dim, correction, keepdim):
    n = count(x.shape, dim)
    return _variance_rule(k, g[0], x, dim, correction, keepdim) + restore(
        k, g[1], x.shape, dim, keepdim
    ) / (n or 1)


@op(public=False, method=False, outputs=("out", "center"), node="StdMeanBackward0",
    holomorphic=False, row_order=True)  # fmt: skip
def deviation_and_mean(k, x: Array, dim, correction, keepdim):
    result, center = _variance(k, x, dim, correction, keepdim)
    return k.xp.sqrt(result), center


@deviation_and_mean.vjp_joint("x")
def _(k, g, x, out, dim, correction, keepdim):
    n = count(x.shape, dim)
    squared = _std_factor(k, g[0], out)
    return _variance_rule(k, squared, x, dim, correction, keepdim) + restore(
        k, g[1], x.shape, dim, keepdim
    ) / (n or 1)


def _spread_options(name, input, dim, unbiased, keepdim, correction):
    """PyTorch's three ways to say what to divide by, as one: (dim, correction)."""
    if isinstance(dim, builtins.bool):  # var(unbiased)
        dim, unbiased = None, dim
    if unbiased is not None:
        correction = int(unbiased)
    if correction is None:
        correction = 1
    if input.dtype.kind < dtypes.FLOAT:
        raise RuntimeError(f"{name} only support floating point and complex dtypes")
    if count(input.shape, dim) <= correction:
        import warnings

        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the "
            "reduction factor (input numel divided by output numel).",
            stacklevel=4,
        )
    return dim, correction


def _spread_function(name, operation, what, example):
    both = name.endswith("_mean")

    def function(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
        if isinstance(dim, builtins.bool) and unbiased is not None:
            raise TypeError(f"{name}() received an invalid combination of arguments")
        title = "std and var" if both is False else name
        dim, correction = _spread_options(title, input, dim, unbiased, keepdim, correction)
        return operation.op.apply(input, dim, correction, keepdim)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{what}, over all dimensions or over `dim`.

    The sum of squares is divided by n - correction; `unbiased=False` is `correction=0`, and the
    usual correction is 1.

    >>> import tidu
    {example}
    """
    return composite(method=not both)(function)


var = _spread_function(
    "var", variance, "The variance of the elements",
    ">>> tidu.tensor([1.0, 2.0, 3.0]).var()\n    tensor(1.)",
)  # fmt: skip
std = _spread_function(
    "std", deviation, "The standard deviation of the elements",
    ">>> tidu.tensor([1.0, 2.0, 3.0]).std()\n    tensor(1.)",
)  # fmt: skip
var_mean = _spread_function(
    "var_mean", variance_and_mean, "The variance and the mean of the elements",
    ">>> tidu.var_mean(tidu.tensor([1.0, 2.0, 3.0]))\n    (tensor(1.), tensor(2.))",
)  # fmt: skip
std_mean = _spread_function(
    "std_mean", deviation_and_mean, "The standard deviation and the mean of the elements",
    ">>> tidu.std_mean(tidu.tensor([1.0, 2.0, 3.0]))\n    (tensor(1.), tensor(2.))",
)  # fmt: skip


# Truth and counting


def _logic(k, ufunc, x, dim, keepdim):
    if isinstance(dim, (tuple, list)) and not dim:  # here, unlike in sums, no dimension at all
        return x != 0 if x.dtype != np.uint8 else (x != 0).astype(x.dtype)
    axes = None if dim is None else dims_of(dim, x.ndim, keepdim)
    result = ufunc.reduce(x, axes, np.dtype(bool), None, keepdim)
    return k.xp.asarray(result, x.dtype) if x.dtype == np.uint8 else result


@op(names={"x": "input"}, row_order=True)
def any(k, x: Array, dim=None, keepdim=False):
    """Whether any element is not zero, over all dimensions or over `dim`.

    >>> import tidu
    >>> tidu.tensor([[False, True], [False, False]]).any(1)
    tensor([ True, False])
    """
    return _logic(k, k.xp.logical_or, x, dim, keepdim)


@op(row_order=True)
def all(k, x: Array, dim=None, keepdim=False):
    """Whether no element is zero, over all dimensions or over `dim`.

    >>> import tidu
    >>> tidu.tensor([[True, True], [False, True]]).all(1)
    tensor([ True, False])
    """
    return _logic(k, k.xp.logical_and, x, dim, keepdim)


@op(row_order=True)
def count_nonzero(k, x: Array, dim=None):
    """How many elements are not zero, over all dimensions or over `dim`.

    >>> import tidu
    >>> tidu.count_nonzero(tidu.tensor([[0, 1], [2, 3]]), 0)
    tensor([1, 2])
    """
    return add(x != 0, dims_of(dim, x.ndim), I64)


# In logarithms


@op(row_order=True)
def logsumexp(k, x: Array, dim, keepdim=False):
    """log(sum(exp(x))) over `dim` (an int or several), computed without overflow.

    >>> import tidu
    >>> tidu.tensor([0.0, 0.0]).logsumexp(0)
    tensor(0.6931)
    """
    xp = k.xp
    if x.dtype.kind in "biu":
        x = x.astype(dtypes.get_default_dtype().numpy)
    axes = dims_of(dim, x.ndim, keepdim)
    if x.size == 0:
        return xp.log(xp.add.reduce(xp.exp(x), axes, None, None, keepdim))
    top = xp.maximum.reduce(x.real, axes, None, None, True)
    top = xp.where(xp.isinf(top), top.dtype.type(0), top)
    result = xp.log(total(xp.exp(x - top), axes, True)) + top
    return (
        result if keepdim else result.reshape([n for i, n in enumerate(x.shape) if i not in axes])
    )


@logsumexp.vjp_joint("x")
def _(k, g, x, out, dim, keepdim):
    shape = x.shape
    weights = k.exp(x - restore(k, out, shape, dim, keepdim))
    # All of a slice at -inf gives -inf - -inf: no element of it counts.
    return restore(k, g, shape, dim, keepdim) * k.keep(weights, weights == weights)


def _line(x, dim):
    """`x` with at least one dimension, and the axis that `dim` means."""
    axis = dims_of((dim,), x.ndim)
    return (x, axis[0]) if axis else (x.reshape(1), 0)


def _floats_only(name, x, dim):
    if x.dtype.kind != "f":
        last = dims_of((dim,), x.ndim) in ((), (x.ndim - 1,))
        kernel = f"{name}_{'lastdim_' if last else ''}kernel_impl"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.of(x).title}'")


def _exponentials(k, x, dim):
    """x - max(x) and its exponentials along `dim`, in at least float32."""
    x, axis = _line(x, dim)
    if x.dtype == F16:
        x = x.astype(F32)
    xp = k.xp
    if not x.shape[axis]:
        return x, x, axis
    low = x - xp.maximum.reduce(x, axis, None, None, True)
    return low, xp.exp(low), axis


@op(row_order=True)
def softmax(k, x: Array, dim, dtype=None):
    """exp(x) / sum(exp(x)) along `dim`: positive numbers that sum to 1.

    >>> import tidu
    >>> tidu.tensor([0.0, 0.0]).softmax(0)
    tensor([0.5000, 0.5000])
    """
    shape = x.shape
    if dtype is not None:
        x = x.astype(dtype.numpy, copy=False)
    _floats_only("softmax", x, dim)
    _, e, axis = _exponentials(k, x, dim)
    e /= add_up(e, (axis,), True)
    return e.reshape(shape).astype(x.dtype, copy=False)


softmax.vjp(x=lambda k, g, out, dim: out * (g - k.sum(g * out, dim, True)))


@op(row_order=True)
def log_softmax(k, x: Array, dim, dtype=None):
    """log(softmax(x)) along `dim`, computed without overflow.

    >>> import tidu
    >>> tidu.tensor([0.0, 0.0]).log_softmax(0)
    tensor([-0.6931, -0.6931])
    """
    shape = x.shape
    if dtype is not None:
        x = x.astype(dtype.numpy, copy=False)
    _floats_only("log_softmax", x, dim)
    low, e, axis = _exponentials(k, x, dim)
    low = low - k.xp.log(add_up(e, (axis,), True))
    return low.reshape(shape).astype(x.dtype, copy=False)


log_softmax.vjp(x=lambda k, g, out, dim: g - k.exp(out) * k.sum(g, dim, True))


# Compositions


@op()
def trace(k, x: Array):
    """The sum of a matrix's diagonal.

    >>> import tidu
    >>> tidu.tensor([[1.0, 2.0], [3.0, 4.0]]).trace()
    tensor(5.)
    """
    if x.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {x.ndim}")
    return total(np.diagonal(x), None, False)


trace.vjp(x=lambda k, g, x_shape: k.trace_of(g, tuple(x_shape)))


@op(public=False, method=False, node="TraceBackwardBackward0")
def trace_of(k, g: Array, shape):
    """A matrix with `g` along its diagonal: the adjoint of `trace`."""
    whole = np.zeros(shape, g.dtype)
    np.fill_diagonal(whole[: shape[1]], g)
    return whole


trace_of.vjp(g=lambda k, g: k.trace(g))


@composite(aliases=("trapz",))
def trapezoid(y, x=None, *, dx=None, dim=-1):
    """The integral along `dim` by the trapezoidal rule, at points `x` or `dx` apart.

    >>> import tidu
    >>> tidu.trapezoid(tidu.tensor([1.0, 2.0, 3.0]))
    tensor(4.)
    """
    areas = _trapezoids("trapezoid", y, x, dx, dim)
    return y.sum(dim) * 0.0 if areas is None else areas.sum(dim) / 2


@composite()
def cumulative_trapezoid(y, x=None, *, dx=None, dim=-1):
    """The integral up to each point along `dim` by the trapezoidal rule.

    >>> import tidu
    >>> tidu.cumulative_trapezoid(tidu.tensor([1.0, 2.0, 3.0]))
    tensor([1.5000, 4.0000])
    """
    areas = _trapezoids("cumulative_trapezoid", y, x, dx, dim)
    return y.clone() if areas is None else areas.cumsum(dim) / 2


def _check_trapezoids(name, y, x, dim):
    tensors = (y,) if x is None else (y, x)
    if builtins.any(t._array.dtype.kind == "b" for t in tensors):
        inputs = "`y`" if x is None else "`x` or `y`"
        raise RuntimeError(f"{name}: received a bool input for {inputs}, but bool is not supported")
    if not y.ndim:
        if name == "cumulative_trapezoid" and (x is None or not x.ndim):
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        where = dim if x is None else 0
        raise IndexError(f"Dimension specified as {where} but tensor has no dimensions")
    dims_of((dim,), y.ndim)


def _trapezoids(name, y, x, dx, dim):
    """Twice the area between each two neighbours; None if there is no point at all."""
    _check_trapezoids(name, y, x, dim)
    n = y.shape[dim]
    if n == 0:
        return None
    if isinstance(dx, (builtins.bool, complex)):
        raise RuntimeError(f"{name}: Currently, we only support dx as a real number.")
    both = y.narrow(dim, 0, n - 1) + y.narrow(dim, 1, n - 1)
    if x is None:
        return both * (1.0 if dx is None else dx)
    if x.ndim == 1:
        if x.shape[0] != n:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        x = x.reshape([n if i == dim % y.ndim else 1 for i in range(y.ndim)])
    if not x.ndim:  # no intervals at all
        return both * x.new_empty([0 if i == dim % y.ndim else 1 for i in range(y.ndim)])
    m = x.shape[dim]
    return both * (x.narrow(dim, 1, m - 1) - x.narrow(dim, 0, m - 1))
