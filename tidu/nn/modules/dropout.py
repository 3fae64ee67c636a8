"""Dropout layers: active in training, the identity in evaluation."""

from __future__ import annotations

from .. import functional as F
from .module import Module


class _DropoutNd(Module):
    __constants__ = ["p", "inplace"]
    function = ""

    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input):
        return getattr(F, self.function)(input, self.p, self.training, self.inplace)

    def extra_repr(self):
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """Zeroes elements with probability `p` in training and scales the others by 1 / (1 - p).

    In evaluation it changes nothing. (Srivastava et al., 2014.) Shapes: (*) to (*). Raises
    ValueError unless `p` is in [0, 1].

    >>> import tidu
    >>> _ = tidu.manual_seed(0)
    >>> tidu.nn.Dropout(0.5)(tidu.ones(4))
    tensor([0., 0., 2., 0.])
    >>> tidu.nn.Dropout(0.5).eval()(tidu.ones(2))
    tensor([1., 1.])
    """

    function = "dropout"


class Dropout1d(_DropoutNd):
    """Zeroes whole channels of sequences (N, C, L) or (C, L) in training, with probability `p`.

    The others are scaled by 1 / (1 - p). Other numbers of dimensions raise RuntimeError.

    >>> import tidu
    >>> _ = tidu.manual_seed(0)
    >>> tidu.nn.Dropout1d(0.5)(tidu.ones(4, 3))
    tensor([[0., 0., 0.],
            [0., 0., 0.],
            [2., 2., 2.],
            [0., 0., 0.]])
    """

    function = "dropout1d"


class Dropout2d(_DropoutNd):
    """Zeroes whole channels of images (N, C, H, W) in training, with probability `p`.

    The others are scaled by 1 / (1 - p). (Tompson et al., 2015.)

    >>> import tidu
    >>> _ = tidu.manual_seed(0)
    >>> tidu.nn.Dropout2d(0.5)(tidu.ones(1, 3, 2, 2)).flatten(2)
    tensor([[[0., 0., 0., 0.],
             [0., 0., 0., 0.],
             [2., 2., 2., 2.]]])
    """

    function = "dropout2d"


class Dropout3d(_DropoutNd):
    """Zeroes whole channels of volumes (N, C, D, H, W) in training, with probability `p`.

    N may be missing. The others are scaled by 1 / (1 - p).

    >>> import tidu
    >>> _ = tidu.manual_seed(0)
    >>> tidu.nn.Dropout3d(0.5)(tidu.ones(1, 3, 2, 1, 2)).flatten(2)
    tensor([[[0., 0., 0., 0.],
             [0., 0., 0., 0.],
             [2., 2., 2., 2.]]])
    """

    function = "dropout3d"


class AlphaDropout(_DropoutNd):
    """Dropout for SELU networks: keeps mean and variance (Klambauer et al., 2017).

    What is dropped becomes SELU's least value, then all is scaled and shifted. Shapes: (*) to (*).

    >>> import tidu
    >>> _ = tidu.manual_seed(0)
    >>> tidu.nn.AlphaDropout(0.2)(tidu.randn(10000)).std().round(decimals=1)
    tensor(1.)
    """

    function = "alpha_dropout"

    def forward(self, input):
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """Alpha dropout of whole channels.

    Shapes: (N, C, *) to the same; fewer than 2 dimensions raise RuntimeError.

    >>> import tidu
    >>> _ = tidu.manual_seed(0)
    >>> tidu.nn.FeatureAlphaDropout(0.5)(tidu.zeros(1, 3, 2))
    tensor([[[-0.7792, -0.7792],
             [-0.7792, -0.7792],
             [ 0.7792,  0.7792]]])
    """

    function = "feature_alpha_dropout"

    def forward(self, input):
        return F.feature_alpha_dropout(input, self.p, self.training)
