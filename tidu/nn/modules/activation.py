"""Layers that apply one function to every element, and softmax."""

from __future__ import annotations

import warnings

from ...ops.creation import empty
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .family import Family
from .module import Module


class _Activation(Module):
    """A layer whose settings are attributes, in the order in which `F.<function>` takes them.

    `settings`: (name, default) pairs; `shown`: how `extra_repr` writes them, a format string.
    """

    function = ""
    settings: tuple = ()
    shown: str | None = None

    def __init__(self, *args, **kwargs):
        super().__init__()
        names = [name for name, _ in self.settings]
        if len(args) > len(names):
            takes = f"from 1 to {len(names) + 1} positional arguments" if names else "1 positional argument"
            raise TypeError(
                f"{type(self).__name__}.__init__() takes {takes} but {len(args) + 1} were given"
            )
        for name, value in [*self.settings, *zip(names, args)]:
            setattr(self, name, value)
        for name, value in kwargs.items():
            if name not in names:
                raise TypeError(
                    f"{type(self).__name__}.__init__() got an unexpected keyword argument '{name}'"
                )
            if name in names[: len(args)]:
                raise TypeError(
                    f"{type(self).__name__}.__init__() got multiple values for argument '{name}'"
                )
            setattr(self, name, value)

    def forward(self, input):
        values = [getattr(self, name) for name, _ in self.settings]
        return getattr(F, self.function)(input, *values)

    def extra_repr(self):
        if self.shown is None:
            return ""
        text = self.shown.format(**self.__dict__)
        if getattr(self, "inplace", False):
            text += ", inplace=True" if text else "inplace=True"
        return text


_INPLACE = (("inplace", False),)


class Threshold(_Activation):
    """x where x > threshold, else value.

    Shapes: (*) to (*); real numbers, integers too.

    >>> import tidu
    >>> tidu.nn.Threshold(0.5, -1.0)(tidu.tensor([0.2, 0.9]))
    tensor([-1.0000,  0.9000])
    """

    function = "threshold"
    settings = (("threshold", None), ("value", None), *_INPLACE)
    shown = "threshold={threshold}, value={value}"

    def __init__(self, threshold, value, inplace=False):
        super().__init__(threshold, value, inplace)


class ReLU(_Activation):
    """max(x, 0).

    Shapes: (*) to (*); real numbers, integers too.

    >>> import tidu
    >>> tidu.nn.ReLU()(tidu.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    function = "relu"
    settings = _INPLACE
    shown = ""


class RReLU(Module):
    """Leaky ReLU whose slope is drawn from [lower, upper] in training (Xu et al., 2015).

    In evaluation the slope is (lower + upper) / 2. Shapes: (*) to (*), floating point. Calling it
    raises RuntimeError if lower > upper.

    >>> import tidu
    >>> tidu.nn.RReLU(0.25, 0.75).eval()(tidu.tensor([-1.0, 2.0]))
    tensor([-0.5000,  2.0000])
    """

    def __init__(self, lower=1.0 / 8, upper=1.0 / 3, inplace=False):
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input):
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self):
        return f"lower={self.lower}, upper={self.upper}" + ", inplace=True" * self.inplace


class Hardtanh(_Activation):
    """x clamped to [min_val, max_val].

    Shapes: (*) to (*); real numbers, integers too. Raises AssertionError unless min_val < max_val.

    >>> import tidu
    >>> tidu.nn.Hardtanh(-1, 2)(tidu.tensor([-3.0, 0.5, 3.0]))
    tensor([-1.0000,  0.5000,  2.0000])
    """

    function = "hardtanh"
    settings = (("min_val", -1.0), ("max_val", 1.0), *_INPLACE)
    shown = "min_val={min_val}, max_val={max_val}"

    def __init__(self, min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None):
        for name, value in (("min_val", min_value), ("max_val", max_value)):
            if value is not None:
                warnings.warn(
                    f"keyword argument `{name}ue` is deprecated and renamed to `{name}`",
                    FutureWarning,
                    stacklevel=2,
                )
        super().__init__(
            min_val if min_value is None else min_value,
            max_val if max_value is None else max_value,
            inplace,
        )
        if self.max_val <= self.min_val:
            raise AssertionError(
                f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})"
            )


class ReLU6(Hardtanh):
    """min(max(x, 0), 6) (Krizhevsky, 2010).

    Shapes: (*) to (*); real numbers, integers too.

    >>> import tidu
    >>> tidu.nn.ReLU6()(tidu.tensor([-1.0, 2.0, 8.0]))
    tensor([0., 2., 6.])
    """

    def __init__(self, inplace=False):
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self):
        return "inplace=True" if self.inplace else ""


class Sigmoid(_Activation):
    """1 / (1 + exp(-x)).

    Shapes: (*) to (*); integers give the default floating-point dtype.

    >>> import tidu
    >>> tidu.nn.Sigmoid()(tidu.tensor([-100.0, 0.0, 100.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """

    function = "sigmoid"


class Hardsigmoid(_Activation):
    """Piecewise linear sigmoid: (x + 3) / 6 clamped to [0, 1].

    Shapes: (*) to (*), floating point.

    >>> import tidu
    >>> tidu.nn.Hardsigmoid()(tidu.tensor([-4.0, 0.0, 1.5, 4.0]))
    tensor([0.0000, 0.5000, 0.7500, 1.0000])
    """

    function = "hardsigmoid"
    settings = _INPLACE


class Tanh(_Activation):
    """tanh(x).

    Shapes: (*) to (*); integers give the default floating-point dtype.

    >>> import tidu
    >>> tidu.nn.Tanh()(tidu.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.7616,  0.0000,  0.7616])
    """

    function = "tanh"


class SiLU(_Activation):
    """x * sigmoid(x) (also called swish; Hendrycks and Gimpel, 2016; Elfwing et al., 2017).

    Shapes: (*) to (*), floating point or complex.

    >>> import tidu
    >>> tidu.nn.SiLU()(tidu.tensor([0.0, 1.0, 100.0]))
    tensor([  0.0000,   0.7311, 100.0000])
    """

    function = "silu"
    settings = _INPLACE
    shown = ""


class Mish(_Activation):
    """x * tanh(softplus(x)) (Misra, 2019).

    Shapes: (*) to (*), floating point.

    >>> import tidu
    >>> tidu.nn.Mish()(tidu.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.3034,  0.0000,  0.8651])
    """

    function = "mish"
    settings = _INPLACE
    shown = ""


class Hardswish(_Activation):
    """x * relu6(x + 3) / 6 (Howard et al., 2019).

    Shapes: (*) to (*), floating point.

    >>> import tidu
    >>> tidu.nn.Hardswish()(tidu.tensor([-4.0, 1.5, 4.0]))
    tensor([-0.0000, 1.1250, 4.0000])
    """

    function = "hardswish"
    settings = _INPLACE


class ELU(_Activation):
    """x where positive, else alpha * (exp(x) - 1) (Clevert et al., 2015).

    Shapes: (*) to (*), floating point.

    >>> import tidu
    >>> tidu.nn.ELU(alpha=2.0)(tidu.tensor([-100.0, 0.0, 1.0]))
    tensor([-2.,  0.,  1.])
    """

    function = "elu"
    settings = (("alpha", 1.0), *_INPLACE)
    shown = "alpha={alpha}"


class CELU(_Activation):
    """ELU that is smooth for every alpha (Barron, 2017).

    max(x, 0) + min(0, alpha * (exp(x / alpha) - 1)). Shapes: (*) to (*), floating point. Calling it
    raises RuntimeError if alpha is 0.

    >>> import tidu
    >>> tidu.nn.CELU(alpha=2.0)(tidu.tensor([-2.0, 0.0, 1.0]))
    tensor([-1.2642,  0.0000,  1.0000])
    """

    function = "celu"
    settings = (("alpha", 1.0), *_INPLACE)
    shown = "alpha={alpha}"


class SELU(_Activation):
    """ELU scaled so that deep networks keep their variance (Klambauer et al., 2017).

    Shapes: (*) to (*), floating point.

    >>> import tidu
    >>> tidu.nn.SELU()(tidu.tensor([-1.0, 0.0, 1.0]))
    tensor([-1.1113,  0.0000,  1.0507])
    """

    function = "selu"
    settings = _INPLACE
    shown = ""


class GLU(_Activation):
    """a * sigmoid(b) for the two halves a, b along `dim` (Dauphin et al., 2016).

    Shapes: (*, 2 n, *) to (*, n, *), floating point. Calling it raises RuntimeError if the size of
    `dim` is odd.

    >>> import tidu
    >>> tidu.nn.GLU()(tidu.tensor([1.0, 2.0, 0.0, 0.0]))
    tensor([0.5000, 1.0000])
    """

    function = "glu"
    settings = (("dim", -1),)
    shown = "dim={dim}"


class GELU(Module):
    """x times the normal distribution's cumulative function (Hendrycks and Gimpel, 2016).

    `approximate="tanh"` uses the authors' approximation. Shapes: (*) to (*), floating point.

    >>> import tidu
    >>> tidu.nn.GELU()(tidu.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.1587,  0.0000,  0.8413])
    """

    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input):
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self):
        return f"approximate={self.approximate!r}"


class Hardshrink(_Activation):
    """x where |x| > lambd, else 0.

    Shapes: (*) to (*), floating point.

    >>> import tidu
    >>> tidu.nn.Hardshrink(0.5)(tidu.tensor([-2.0, 0.3, 2.0]))
    tensor([-2.,  0.,  2.])
    """

    function = "hardshrink"
    settings = (("lambd", 0.5),)
    shown = "{lambd}"


class LeakyReLU(_Activation):
    """x where positive, else negative_slope * x (Maas et al., 2013).

    Shapes: (*) to (*), floating point.

    >>> import tidu
    >>> tidu.nn.LeakyReLU(0.1)(tidu.tensor([-2.0, 3.0]))
    tensor([-0.2000,  3.0000])
    """

    function = "leaky_relu"
    settings = (("negative_slope", 1e-2), *_INPLACE)
    shown = "negative_slope={negative_slope}"


class LogSigmoid(_Activation):
    """log(sigmoid(x)).

    Shapes: (*) to (*), floating point. It stays finite where sigmoid(x) is too small for a number.

    >>> import tidu
    >>> tidu.nn.LogSigmoid()(tidu.tensor([-200.0, 0.0]))
    tensor([-200.0000,   -0.6931])
    """

    function = "logsigmoid"


class Softplus(_Activation):
    """log(1 + exp(beta * x)) / beta; x itself where beta * x > threshold.

    Shapes: (*) to (*), floating point.

    >>> import tidu
    >>> tidu.nn.Softplus()(tidu.tensor([-1.0, 0.0, 100.0]))
    tensor([  0.3133,   0.6931, 100.0000])
    """

    function = "softplus"
    settings = (("beta", 1.0), ("threshold", 20.0))
    shown = "beta={beta}, threshold={threshold}"


class Softshrink(_Activation):
    """x moved towards 0 by lambd, 0 within ±lambd.

    Shapes: (*) to (*), floating point. Calling it raises RuntimeError if lambd is negative.

    >>> import tidu
    >>> tidu.nn.Softshrink(0.5)(tidu.tensor([-2.0, 0.3, 2.0]))
    tensor([-1.5000,  0.0000,  1.5000])
    """

    function = "softshrink"
    settings = (("lambd", 0.5),)
    shown = "{lambd}"


class PReLU(Module):
    """Leaky ReLU whose slope is learnt, one for all channels or one each (He et al., 2015).

    Shapes: (N, C, *) to the same, of the weight's dtype; weight (num_parameters), which is 1 or C.

    >>> import tidu
    >>> prelu = tidu.nn.PReLU()
    >>> prelu(tidu.tensor([-2.0, 3.0])).detach()
    tensor([-0.5000,  3.0000])
    >>> prelu.weight
    Parameter containing:
    tensor([0.2500], requires_grad=True)
    """

    def __init__(self, num_parameters=1, init=0.25, device=None, dtype=None):
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self):
        """Sets every slope to `init`."""
        init.constant_(self.weight, self.init)

    def forward(self, input):
        return F.prelu(input, self.weight)

    def extra_repr(self):
        return f"num_parameters={self.num_parameters}"


class Softsign(_Activation):
    """x / (1 + |x|).

    Shapes: (*) to (*); integers give the default floating-point dtype.

    >>> import tidu
    >>> tidu.nn.Softsign()(tidu.tensor([-1.0, 0.0, 3.0]))
    tensor([-0.5000,  0.0000,  0.7500])
    """

    function = "softsign"


class Tanhshrink(_Activation):
    """x - tanh(x).

    Shapes: (*) to (*); integers give the default floating-point dtype.

    >>> import tidu
    >>> tidu.nn.Tanhshrink()(tidu.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.2384,  0.0000,  0.2384])
    """

    function = "tanhshrink"


class _Softmax(Family):
    function = ""

    def __init__(self, dim=None):
        super().__init__()
        self.dim = dim

    def __setstate__(self, state):
        super().__setstate__(state)
        self.__dict__.setdefault("dim", None)

    def forward(self, input):
        return getattr(F, self.function)(input, self.dim, _stacklevel=5)

    def extra_repr(self):
        return f"dim={self.dim}"


class Softmin(_Softmax):
    """softmax(-x) along `dim`.

    Shapes: (*) to (*), floating point.

    >>> import tidu
    >>> tidu.nn.Softmin(dim=0)(tidu.tensor([1.0, 1.0, 3.0]))
    tensor([0.4683, 0.4683, 0.0634])
    """

    function = "softmin"


class Softmax(_Softmax):
    """exp(x) scaled to a sum of 1 along `dim`.

    Shapes: (*) to (*), floating point.

    >>> import tidu
    >>> tidu.nn.Softmax(dim=0)(tidu.zeros(2))
    tensor([0.5000, 0.5000])
    """

    function = "softmax"


class LogSoftmax(_Softmax):
    """log(softmax(x)) along `dim`.

    Shapes: (*) to (*), floating point.

    >>> import tidu
    >>> tidu.nn.LogSoftmax(dim=0)(tidu.zeros(4))  # log(1 / 4)
    tensor([-1.3863, -1.3863, -1.3863, -1.3863])
    """

    function = "log_softmax"


class Softmax2d(Module):
    """Softmax over the channels of images (C, H, W) or (N, C, H, W).

    The result has the input's shape; other numbers of dimensions raise ValueError.

    >>> import tidu
    >>> tidu.nn.Softmax2d()(tidu.zeros(4, 1, 2))[:, 0]
    tensor([[0.2500, 0.2500],
            [0.2500, 0.2500],
            [0.2500, 0.2500],
            [0.2500, 0.2500]])
    """

    def forward(self, input):
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return F.softmax(input, -3, _stacklevel=5)
