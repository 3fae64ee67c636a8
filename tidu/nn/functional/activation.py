"""Activation functions, with PyTorch's parameter `inplace`."""

from __future__ import annotations

from ...autograd.inplace import write
from ...ops import activation as ops
from ...ops.creation import empty_like, zeros_like
from ...ops.exponential import sigmoid
from ...ops.reduction import log_softmax as _log_softmax
from ...ops.reduction import softmax as _softmax
from ...ops.trigonometric import tanh

__all__ = [
    "celu", "celu_", "elu", "elu_", "gelu", "glu", "gumbel_softmax", "hardshrink", "hardsigmoid",
    "hardswish", "hardtanh", "hardtanh_", "leaky_relu", "leaky_relu_", "log_softmax", "logsigmoid",
    "mish", "prelu", "relu", "relu6", "relu_", "rrelu", "rrelu_", "selu", "selu_", "sigmoid", "silu",
    "softmax", "softmin", "softplus", "softshrink", "softsign", "tanh", "tanhshrink", "threshold",
    "threshold_",
]  # fmt: skip

gelu, glu, hardshrink, logsigmoid = ops.gelu, ops.glu, ops.hardshrink, ops.logsigmoid
prelu, softplus, softshrink = ops.prelu, ops.softplus, ops.softshrink
softsign, tanhshrink = ops.softsign, ops.tanhshrink


def _in_place(name, function):
    """`function` under the name `name`, its result written into the input."""

    def call(input, *args, **kwargs):
        return write(name, input, function, args, kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"`{function.__name__}`, written into the input itself."
    return call


relu_ = _in_place("relu_", ops.relu)
hardtanh_ = _in_place("hardtanh_", ops.hardtanh)
leaky_relu_ = _in_place("leaky_relu_", ops.leaky_relu)
elu_ = _in_place("elu_", ops.elu)
selu_ = _in_place("selu_", ops.selu)
rrelu_ = _in_place("rrelu_", ops.rrelu)
celu_ = _in_place("celu_", ops.celu)
threshold_ = _in_place("threshold_", ops.threshold)
_hardsigmoid_ = _in_place("hardsigmoid_", ops.hardsigmoid)
_hardswish_ = _in_place("hardswish_", ops.hardswish)
_silu_ = _in_place("silu_", ops.silu)
_mish_ = _in_place("mish_", ops.mish)


def relu(input, inplace=False):
    """max(x, 0), element by element.

    >>> import tidu
    >>> tidu.nn.functional.relu(tidu.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return relu_(input) if inplace else ops.relu(input)


def relu6(input, inplace=False):
    """The elements, limited to [0, 6]."""
    return hardtanh(input, 0, 6, inplace)


def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """The elements, limited to [min_val, max_val]."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return (hardtanh_ if inplace else ops.hardtanh)(input, min_val, max_val)


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """The element if it is positive, else `negative_slope` times it."""
    return (leaky_relu_ if inplace else ops.leaky_relu)(input, negative_slope)


def elu(input, alpha=1.0, inplace=False):
    """x above 0, alpha * (exp(x) - 1) below."""
    return (elu_ if inplace else ops.elu)(input, alpha)


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """The element if it is positive, else a random slope from [lower, upper) times it."""
    return (rrelu_ if inplace else ops.rrelu)(input, lower, upper, training)


def selu(input, inplace=False):
    """`elu` with the constants of Klambauer et al. (2017), which keep mean 0 and variance 1."""
    return (selu_ if inplace else ops.selu)(input)


def celu(input, alpha=1.0, inplace=False):
    """x above 0, alpha * (exp(x / alpha) - 1) below."""
    return (celu_ if inplace else ops.celu)(input, alpha)


def threshold(input, threshold, value, inplace=False):
    """The element if it is above `threshold`, else `value`."""
    return (threshold_ if inplace else ops.threshold)(input, threshold, value)


def hardsigmoid(input, inplace=False):
    """x / 6 + 1/2, limited to [0, 1]."""
    return (_hardsigmoid_ if inplace else ops.hardsigmoid)(input)


def hardswish(input, inplace=False):
    """x * hardsigmoid(x)."""
    return (_hardswish_ if inplace else ops.hardswish)(input)


def silu(input, inplace=False):
    """x * sigmoid(x)."""
    return (_silu_ if inplace else ops.silu)(input)


def mish(input, inplace=False):
    """x * tanh(softplus(x))."""
    return (_mish_ if inplace else ops.mish)(input)


def _implicit_dim(name, ndim, level):
    import warnings

    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.",
        stacklevel=level,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input, dim=None, _stacklevel=3, dtype=None):
    """exp(x) / sum(exp(x)) along `dim`: positive numbers that sum to 1."""
    if dim is None:
        dim = _implicit_dim("softmax", input.dim(), _stacklevel)
    return _softmax(input, dim, dtype)


def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """softmax(-x) along `dim`."""
    if dim is None:
        dim = _implicit_dim("softmin", input.dim(), _stacklevel)
    return _softmax(-input, dim, dtype)


def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """log(softmax(x)) along `dim`, computed without overflow."""
    if dim is None:
        dim = _implicit_dim("log_softmax", input.dim(), _stacklevel)
    return _log_softmax(input, dim, dtype)


def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """A random choice through which gradients flow: softmax((logits + Gumbel noise) / tau).

    `hard`: the value is one-hot, the gradient that of the soft choice (Jang et al., 2016).
    """
    if eps != 1e-10:
        import warnings

        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    noise = -empty_like(logits).exponential_().log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft
    chosen = soft.max(dim, keepdim=True)[1]
    one_hot = zeros_like(logits).scatter_(dim, chosen, 1.0)
    return one_hot - soft.detach() + soft
