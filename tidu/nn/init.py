"""Initialisation: filling parameters before training.

Each function fills a tensor in place, outside the graph, and returns it. `generator`: what random
numbers come from in place of the default generator.
"""

from __future__ import annotations

import math
import warnings

from ..autograd.grad_mode import no_grad
from ..ops.creation import empty_like


def calculate_gain(nonlinearity, param=None):
    """The factor by which a layer's weights should grow to keep variances behind `nonlinearity`.

    `param`: the slope of "leaky_relu". Raises ValueError for a nonlinearity that it does not know.

    >>> from tidu.nn import init
    >>> init.calculate_gain("tanh")
    1.6666666666666667
    """
    linear = (
        "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
        "conv_transpose3d",
    )  # fmt: skip
    if nonlinearity in linear or nonlinearity == "sigmoid":
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        if param is None:
            slope = 0.01
        elif isinstance(param, (int, float)) and not isinstance(param, bool):
            slope = param
        else:
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


def uniform_(tensor, a=0.0, b=1.0, generator=None):
    """Draws from the uniform distribution between `a` and `b`.

    >>> import tidu
    >>> w = tidu.nn.init.uniform_(tidu.empty(3, 5), -0.5, 0.5)
    >>> bool((w >= -0.5).all() and (w <= 0.5).all())
    True
    """
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor, mean=0.0, std=1.0, generator=None):
    """Draws from the normal distribution with this mean and standard deviation.

    >>> import tidu
    >>> w = tidu.nn.init.normal_(tidu.empty(100, 100), mean=5.0, std=0.1)
    >>> print(f"{w.mean():.1f} {w.std():.1f}")
    5.0 0.1
    """
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    """Draws from the normal distribution between `a` and `b`.

    The bounds are values, not numbers of standard deviations. Warns of a mean that lies more than
    two standard deviations beyond them.

    >>> import tidu
    >>> w = tidu.nn.init.trunc_normal_(tidu.empty(3, 5), std=0.5, a=-0.25, b=0.25)
    >>> bool((w >= -0.25).all() and (w <= 0.25).all())
    True
    """

    def below(x):
        return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0

    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values "
            "may be incorrect.",
            stacklevel=2,
        )
    share = below((b - mean) / std) - below((a - mean) / std)
    with no_grad():
        if share > 0.3:
            return tensor.copy_(_normal_within(tensor, mean, std, a, b, generator))
        return tensor.copy_(_uniform_accepted(tensor, mean, std, a, b, generator))


def _normal_within(tensor, mean, std, a, b, generator):
    """Normal numbers, those outside the bounds drawn again until none is left."""
    low, high = tensor.new_tensor(a), tensor.new_tensor(b)
    drawn = tensor.normal_(mean, std, generator=generator)
    while (outside := (drawn < low) | (drawn > high)).any():
        drawn = empty_like(drawn).normal_(mean, std, generator=generator).where(outside, drawn)
    return drawn


def _uniform_accepted(tensor, mean, std, a, b, generator):
    """Uniform numbers, each kept with a chance in proportion to its density, else drawn again.

    Where the bounds cut off most of the distribution, normal numbers would hardly ever fall between.
    """
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    drawn = pending = None
    while pending is None or pending.any():
        candidates = empty_like(tensor).uniform_(a, b, generator=generator)
        chances = empty_like(tensor).uniform_(generator=generator)
        rejected = chances.log() > -0.5 * ((candidates - mean) / std) ** 2 - peak
        drawn = candidates if pending is None else candidates.where(pending, drawn)
        pending = rejected if pending is None else pending & rejected
    return drawn


def constant_(tensor, val):
    """Fills with `val`.

    >>> import tidu
    >>> tidu.nn.init.constant_(tidu.empty(3), 0.5)
    tensor([0.5000, 0.5000, 0.5000])
    """
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor):
    """Fills with 1.

    >>> import tidu
    >>> layer = tidu.nn.LayerNorm(3)
    >>> _ = tidu.nn.init.ones_(layer.weight)
    >>> layer.weight.data
    tensor([1., 1., 1.])
    """
    return constant_(tensor, 1.0)


def zeros_(tensor):
    """Fills with 0.

    >>> import tidu
    >>> layer = tidu.nn.Linear(2, 3)
    >>> _ = tidu.nn.init.zeros_(layer.bias)
    >>> layer.bias.data
    tensor([0., 0., 0.])
    """
    with no_grad():
        return tensor.zero_()


def eye_(tensor):
    """Makes a matrix the identity (as far as it is square): a linear layer that changes nothing.

    Raises ValueError for another number of dimensions than two.

    >>> import tidu
    >>> tidu.nn.init.eye_(tidu.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    if tensor.ndimension() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with no_grad():
        from ..ops.ranges import eye

        return tensor.copy_(eye(*tensor.shape, dtype=tensor.dtype))


def dirac_(tensor, groups=1):
    """Makes a convolution's weight hand its input channels through unchanged, as many as fit.

    Shape: (O, C, ...) with one to three spatial dimensions, O a multiple of `groups`; ValueError is
    raised for others.

    >>> import tidu
    >>> w = tidu.nn.init.dirac_(tidu.empty(1, 1, 3))
    >>> tidu.nn.functional.conv1d(tidu.tensor([[[1.0, 2.0, 4.0]]]), w, padding=1)
    tensor([[[1., 2., 4.]]])
    """
    dimensions = tensor.ndimension()
    if dimensions not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    sizes = tensor.size()
    if sizes[0] % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    out_each = sizes[0] // groups
    middle = tuple(n // 2 for n in sizes[2:])
    with no_grad():
        tensor.zero_()
        for g in range(groups):
            for d in range(min(out_each, sizes[1])):
                tensor[(g * out_each + d, d, *middle)] = 1
        return tensor


def _calculate_fan_in_and_fan_out(tensor):
    if tensor.dim() < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        )
    field = math.prod(tensor.shape[2:])
    return tensor.size(1) * field, tensor.size(0) * field


def _calculate_correct_fan(tensor, mode):
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return _calculate_fan_in_and_fan_out(tensor)[mode == "fan_out"]


def xavier_uniform_(tensor, gain=1.0, generator=None):
    """Uniform with variance gain² * 2 / (fan_in + fan_out) (Glorot and Bengio, 2010).

    Shape: (out, in, ...); ValueError for fewer dimensions. The fans are these sizes times the rest.

    >>> import tidu
    >>> w = tidu.nn.init.xavier_uniform_(tidu.empty(200, 300))
    >>> bound = (3 * 2 / (200 + 300)) ** 0.5
    >>> bool(0.1 < w.max() <= bound)
    True
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    std = gain * math.sqrt(2.0 / float(fan_in + fan_out))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor, gain=1.0, generator=None):
    """Normal with variance gain² * 2 / (fan_in + fan_out) (Glorot and Bengio, 2010).

    Shape: (out, in, ...); ValueError for fewer dimensions. The fans are these sizes times the rest.

    >>> import tidu
    >>> w = tidu.nn.init.xavier_normal_(tidu.empty(100, 100))
    >>> print(f"{w.std():.1f}")
    0.1
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / float(fan_in + fan_out)), generator)


def _kaiming_std(tensor, a, mode, nonlinearity):
    fan = _calculate_correct_fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def _is_empty(tensor):
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return True
    return False


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Uniform with variance gain² / fan (He et al., 2015); `a`: leaky_relu's slope.

    `mode`: "fan_in" (outputs keep their size) or "fan_out" (gradients do); the gain is
    `calculate_gain(nonlinearity, a)`. Shape: (out, in, ...); ValueError for fewer dimensions.

    >>> import tidu
    >>> w = tidu.nn.init.kaiming_uniform_(tidu.empty(200, 600), nonlinearity="relu")
    >>> bound = (3 * 2 / 600) ** 0.5
    >>> bool(0.09 < w.max() <= bound)
    True
    """
    if _is_empty(tensor):
        return tensor
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Normal with variance gain² / fan (He et al., 2015); `a`: leaky_relu's slope.

    `mode`: "fan_in" (outputs keep their size) or "fan_out" (gradients do); the gain is
    `calculate_gain(nonlinearity, a)`. Shape: (out, in, ...); ValueError for fewer dimensions.

    >>> import tidu
    >>> w = tidu.nn.init.kaiming_normal_(tidu.empty(100, 200), nonlinearity="relu")
    >>> print(f"{w.std():.1f}")
    0.1
    """
    if _is_empty(tensor):
        return tensor
    return normal_(tensor, 0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor, gain=1, generator=None):
    """Makes rows (columns, if there are more rows) orthonormal, times `gain` (Saxe et al., 2013).

    Dimensions behind the second count as part of it; ValueError for fewer than two.

    >>> import tidu
    >>> w = tidu.nn.init.orthogonal_(tidu.empty(2, 5))
    >>> tidu.allclose(w @ w.T, tidu.eye(2), atol=1e-6)
    True
    """
    if tensor.ndimension() < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    from .. import linalg

    rows = tensor.size(0)
    cols = tensor.numel() // rows
    flat = tensor.new_empty((rows, cols)).normal_(0, 1, generator=generator)
    with no_grad():
        q, r = linalg.qr(flat.t() if rows < cols else flat)
        q = q * r.diagonal().sign()
        tensor.view_as(q.t() if rows < cols else q).copy_(q.t() if rows < cols else q)
        return tensor.mul_(gain)


def sparse_(tensor, sparsity, std=0.01, generator=None):
    """Normal, with a share `sparsity` of each column set to zero (Martens, 2010).

    Raises ValueError for another number of dimensions than two.

    >>> import tidu
    >>> w = tidu.nn.init.sparse_(tidu.empty(10, 4), sparsity=0.75)
    >>> (w == 0).sum(0)
    tensor([8, 8, 8, 8])
    """
    if tensor.ndimension() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    from ..ops.random import randperm

    rows, cols = tensor.shape
    zeros = math.ceil(sparsity * rows)
    with no_grad():
        tensor.normal_(0, std, generator=generator)
        for column in range(cols):
            tensor[randperm(rows)[:zeros], column] = 0
    return tensor


def _deprecated(new, size="3, 3", more=""):
    """`new` under its former name; `size` and `more`: a weight and arguments for its example."""
    old = new.__name__[:-1]

    def call(*args, **kwargs):
        warnings.warn(
            f"`nn.init.{old}` is now deprecated in favor of `nn.init.{new.__name__}`.",
            FutureWarning,
            stacklevel=2,
        )
        return new(*args, **kwargs)

    call.__name__ = call.__qualname__ = old
    call.__doc__ = f"""The deprecated name of `{new.__name__}`; warns with FutureWarning.

    >>> import warnings
    >>> import tidu
    >>> w = tidu.empty({size})
    >>> with warnings.catch_warnings(action="ignore"):
    ...     tidu.nn.init.{old}(w{more}) is w
    True
    """
    return call


uniform, normal, eye, orthogonal = map(_deprecated, (uniform_, normal_, eye_, orthogonal_))
xavier_uniform, xavier_normal = map(_deprecated, (xavier_uniform_, xavier_normal_))
kaiming_uniform, kaiming_normal = map(_deprecated, (kaiming_uniform_, kaiming_normal_))
constant, sparse = _deprecated(constant_, more=", 0.5"), _deprecated(sparse_, more=", 0.5")
dirac = _deprecated(dirac_, "3, 3, 3")
