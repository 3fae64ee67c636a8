"""Activation functions, with PyTorch's parameter `inplace`.

They keep the shape (`glu` halves it) and the dtype of floating point. Integers stay what they are
in `relu`, `relu6`, `hardtanh` and `threshold`, become floating point in `sigmoid`, `tanh`,
`softsign` and `tanhshrink`, and raise NotImplementedError in the others.
"""

from __future__ import annotations

from ...autograd.inplace import write
from ...autograd.usual import usual
from ...dtypes import plain
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


def _in_place(name, function, more="", result=""):
    """`function` under the name `name`, its result written into the input.

    For the example in its docstring: what follows the input [-1, 2], and what that becomes.
    """

    def call(input, *args, **kwargs):
        return write(name, input, function, args, kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"`{function.__name__}`, written into the input itself."
    if result:  # the others are not public
        call.__doc__ += f"""

    >>> import tidu
    >>> x = tidu.tensor([-1.0, 2.0])
    >>> tidu.nn.functional.{name}(x{more}) is x
    True
    >>> x
    tensor([{result}])
    """
    op = getattr(function, "op", None)  # compositions have none
    return usual(op, call, writes=name) if op else call


relu_ = _in_place("relu_", ops.relu, "", "0., 2.")
hardtanh_ = _in_place("hardtanh_", ops.hardtanh, "", "-1.,  1.")
leaky_relu_ = _in_place("leaky_relu_", ops.leaky_relu, ", 0.25", "-0.2500,  2.0000")
elu_ = _in_place("elu_", ops.elu, "", "-0.6321,  2.0000")
selu_ = _in_place("selu_", ops.selu, "", "-1.1113,  2.1014")
rrelu_ = _in_place("rrelu_", ops.rrelu, ", 0.25, 0.75", "-0.5000,  2.0000")
celu_ = _in_place("celu_", ops.celu, ", 2.0", "-0.7869,  2.0000")
threshold_ = _in_place("threshold_", ops.threshold, ", 0.0, 9.0", "9., 2.")
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
    """The elements, limited to [0, 6]. (Krizhevsky, 2010.)

    >>> import tidu
    >>> tidu.nn.functional.relu6(tidu.tensor([-1.0, 2.0, 9.0]))
    tensor([0., 2., 6.])
    """
    return hardtanh(input, 0, 6, inplace)


def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """The elements, limited to [min_val, max_val].

    Raises ValueError where the limits are the wrong way round.

    >>> import tidu
    >>> tidu.nn.functional.hardtanh(tidu.tensor([-3.0, 0.5, 3.0]), -1, 2)
    tensor([-1.0000,  0.5000,  2.0000])
    """
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return (hardtanh_ if inplace else ops.hardtanh)(input, min_val, max_val)


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """The element if it is positive, else `negative_slope` times it. (Maas et al., 2013.)

    >>> import tidu
    >>> tidu.nn.functional.leaky_relu(tidu.tensor([-2.0, 2.0]), negative_slope=0.25)
    tensor([-0.5000,  2.0000])
    """
    return (leaky_relu_ if inplace else ops.leaky_relu)(input, negative_slope)


def elu(input, alpha=1.0, inplace=False):
    """x above 0, alpha * (exp(x) - 1) below. (Clevert et al., 2016.)

    >>> import tidu
    >>> tidu.nn.functional.elu(tidu.tensor([-100.0, -1.0, 2.0]))
    tensor([-1.0000, -0.6321,  2.0000])
    """
    return (elu_ if inplace else ops.elu)(input, alpha)


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """The element if it is positive, else a slope times it. (Xu et al., 2015.)

    In training each element draws its slope from [lower, upper); otherwise it is the middle of
    both. Raises RuntimeError for `lower` above `upper`.

    >>> import tidu
    >>> tidu.nn.functional.rrelu(tidu.tensor([-2.0, 2.0]), 0.25, 0.75)
    tensor([-1.,  2.])
    >>> drawn = tidu.nn.functional.rrelu(tidu.full((1000,), -1.0), 0.25, 0.75, training=True)
    >>> bool((-0.75 < drawn).all() and (drawn <= -0.25).all())
    True
    """
    return (rrelu_ if inplace else ops.rrelu)(input, lower, upper, training)


def selu(input, inplace=False):
    """`elu` with the constants of Klambauer et al. (2017), which keep mean 0 and variance 1.

    >>> import tidu
    >>> tidu.nn.functional.selu(tidu.tensor([-1.0, 0.0, 1.0]))
    tensor([-1.1113,  0.0000,  1.0507])
    """
    return (selu_ if inplace else ops.selu)(input)


def celu(input, alpha=1.0, inplace=False):
    """x above 0, alpha * (exp(x / alpha) - 1) below: `elu`, without its bend at 0. (Barron, 2017.)

    >>> import tidu
    >>> tidu.nn.functional.celu(tidu.tensor([-1.0, 1.0]), alpha=2.0)
    tensor([-0.7869,  1.0000])
    """
    return (celu_ if inplace else ops.celu)(input, alpha)


def threshold(input, threshold, value, inplace=False):
    """The element if it is above `threshold`, else `value`.

    >>> import tidu
    >>> tidu.nn.functional.threshold(tidu.tensor([0.1, 0.5, 0.9]), 0.5, 0.0)
    tensor([0.0000, 0.0000, 0.9000])
    """
    return (threshold_ if inplace else ops.threshold)(input, threshold, value)


def hardsigmoid(input, inplace=False):
    """x / 6 + 1/2, limited to [0, 1]: a sigmoid of straight lines.

    >>> import tidu
    >>> tidu.nn.functional.hardsigmoid(tidu.tensor([-4.0, 0.0, 1.5, 4.0]))
    tensor([0.0000, 0.5000, 0.7500, 1.0000])
    """
    return (_hardsigmoid_ if inplace else ops.hardsigmoid)(input)


def hardswish(input, inplace=False):
    """x * hardsigmoid(x): a `silu` of straight lines. (Howard et al., 2019.)

    >>> import tidu
    >>> tidu.nn.functional.hardswish(tidu.tensor([-4.0, 1.0, 4.0]))
    tensor([-0.0000, 0.6667, 4.0000])
    """
    return (_hardswish_ if inplace else ops.hardswish)(input)


def silu(input, inplace=False):
    """x * sigmoid(x), also called swish. (Elfwing et al., 2018.)

    >>> import tidu
    >>> tidu.nn.functional.silu(tidu.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.2689,  0.0000,  1.7616])
    """
    return (_silu_ if inplace else ops.silu)(input)


def mish(input, inplace=False):
    """x * tanh(softplus(x)). (Misra, 2019.)

    >>> import tidu
    >>> tidu.nn.functional.mish(tidu.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.3034,  0.0000,  1.9440])
    """
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
    """exp(x) / sum(exp(x)) along `dim`: positive numbers that sum to 1.

    `dtype`: the input is converted to it first. Without `dim`, which is deprecated and warned of,
    it is 0 for 0, 1 or 3 dimensions and 1 for others.

    >>> import tidu
    >>> tidu.nn.functional.softmax(tidu.tensor([[0.0, 0.0], [0.0, 1.0]]), dim=1)
    tensor([[0.5000, 0.5000],
            [0.2689, 0.7311]])
    """
    if dim is None:
        dim = _implicit_dim("softmax", input.dim(), _stacklevel)
    return _softmax(input, dim, plain(dtype))


def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """softmax(-x) along `dim`: the smallest element gets the largest share.

    >>> import tidu
    >>> tidu.nn.functional.softmin(tidu.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([0.6652, 0.2447, 0.0900])
    """
    if dim is None:
        dim = _implicit_dim("softmin", input.dim(), _stacklevel)
    return _softmax(-input, dim, plain(dtype))


def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """log(softmax(x)) along `dim`, computed without overflow; what `nll_loss` takes.

    >>> import tidu
    >>> tidu.nn.functional.log_softmax(tidu.tensor([0.0, 1000.0]), dim=0)
    tensor([-1000.,     0.])
    """
    if dim is None:
        dim = _implicit_dim("log_softmax", input.dim(), _stacklevel)
    return _log_softmax(input, dim, plain(dtype))


def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """A random choice through which gradients flow: softmax((logits + Gumbel noise) / tau).

    `hard`: the value is one-hot, the gradient that of the soft choice (Jang et al., 2016).

    >>> import tidu
    >>> scores = tidu.tensor([0.0, 100.0, 0.0], requires_grad=True)
    >>> chosen = tidu.nn.functional.gumbel_softmax(scores, hard=True)
    >>> chosen.round().tolist(), chosen.requires_grad
    ([0.0, 1.0, 0.0], True)
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
