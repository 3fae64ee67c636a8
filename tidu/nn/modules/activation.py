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
    """x where x > threshold, else value."""

    function = "threshold"
    settings = (("threshold", None), ("value", None), *_INPLACE)
    shown = "threshold={threshold}, value={value}"

    def __init__(self, threshold, value, inplace=False):
        super().__init__(threshold, value, inplace)


class ReLU(_Activation):
    """max(x, 0).

    >>> import tidu
    >>> tidu.nn.ReLU()(tidu.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    function = "relu"
    settings = _INPLACE
    shown = ""


class RReLU(Module):
    """Leaky ReLU whose slope is drawn from [lower, upper] in training (Xu et al., 2015)."""

    def __init__(self, lower=1.0 / 8, upper=1.0 / 3, inplace=False):
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input):
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self):
        return f"lower={self.lower}, upper={self.upper}" + ", inplace=True" * self.inplace


class Hardtanh(_Activation):
    """x clamped to [min_val, max_val]."""

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
    """min(max(x, 0), 6)."""

    def __init__(self, inplace=False):
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self):
        return "inplace=True" if self.inplace else ""


class Sigmoid(_Activation):
    """1 / (1 + exp(-x))."""

    function = "sigmoid"


class Hardsigmoid(_Activation):
    """Piecewise linear sigmoid: (x + 3) / 6 clamped to [0, 1]."""

    function = "hardsigmoid"
    settings = _INPLACE


class Tanh(_Activation):
    """tanh(x)."""

    function = "tanh"


class SiLU(_Activation):
    """x * sigmoid(x) (also called swish)."""

    function = "silu"
    settings = _INPLACE
    shown = ""


class Mish(_Activation):
    """x * tanh(softplus(x)) (Misra, 2019)."""

    function = "mish"
    settings = _INPLACE
    shown = ""


class Hardswish(_Activation):
    """x * relu6(x + 3) / 6 (Howard et al., 2019)."""

    function = "hardswish"
    settings = _INPLACE


class ELU(_Activation):
    """x where positive, else alpha * (exp(x) - 1) (Clevert et al., 2015)."""

    function = "elu"
    settings = (("alpha", 1.0), *_INPLACE)
    shown = "alpha={alpha}"


class CELU(_Activation):
    """ELU that is smooth for every alpha (Barron, 2017)."""

    function = "celu"
    settings = (("alpha", 1.0), *_INPLACE)
    shown = "alpha={alpha}"


class SELU(_Activation):
    """ELU scaled so that deep networks keep their variance (Klambauer et al., 2017)."""

    function = "selu"
    settings = _INPLACE
    shown = ""


class GLU(_Activation):
    """a * sigmoid(b) for the two halves a, b along `dim` (Dauphin et al., 2016)."""

    function = "glu"
    settings = (("dim", -1),)
    shown = "dim={dim}"


class GELU(Module):
    """x times the normal distribution's cumulative function (Hendrycks and Gimpel, 2016).

    `approximate="tanh"` uses the authors' approximation.
    """

    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input):
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self):
        return f"approximate={self.approximate!r}"


class Hardshrink(_Activation):
    """x where |x| > lambd, else 0."""

    function = "hardshrink"
    settings = (("lambd", 0.5),)
    shown = "{lambd}"


class LeakyReLU(_Activation):
    """x where positive, else negative_slope * x."""

    function = "leaky_relu"
    settings = (("negative_slope", 1e-2), *_INPLACE)
    shown = "negative_slope={negative_slope}"


class LogSigmoid(_Activation):
    """log(sigmoid(x))."""

    function = "logsigmoid"


class Softplus(_Activation):
    """log(1 + exp(beta * x)) / beta; x itself where beta * x > threshold."""

    function = "softplus"
    settings = (("beta", 1.0), ("threshold", 20.0))
    shown = "beta={beta}, threshold={threshold}"


class Softshrink(_Activation):
    """x moved towards 0 by lambd, 0 within ±lambd."""

    function = "softshrink"
    settings = (("lambd", 0.5),)
    shown = "{lambd}"


class PReLU(Module):
    """Leaky ReLU whose slope is learnt, one for all channels or one each (He et al., 2015)."""

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
    """x / (1 + |x|)."""

    function = "softsign"


class Tanhshrink(_Activation):
    """x - tanh(x)."""

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
    """softmax(-x) along `dim`."""

    function = "softmin"


class Softmax(_Softmax):
    """exp(x) scaled to a sum of 1 along `dim`.

    >>> import tidu
    >>> tidu.nn.Softmax(dim=0)(tidu.zeros(2))
    tensor([0.5000, 0.5000])
    """

    function = "softmax"


class LogSoftmax(_Softmax):
    """log(softmax(x)) along `dim`."""

    function = "log_softmax"


class Softmax2d(Module):
    """Softmax over the channels of images (C, H, W) or (N, C, H, W)."""

    def forward(self, input):
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return F.softmax(input, -3, _stacklevel=5)
