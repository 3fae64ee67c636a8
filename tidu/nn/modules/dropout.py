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

    >>> import tidu
    >>> tidu.nn.Dropout(0.5).eval()(tidu.ones(2))
    tensor([1., 1.])
    """

    function = "dropout"


class Dropout1d(_DropoutNd):
    """Zeroes whole channels of sequences (N, C, L) or (C, L) in training."""

    function = "dropout1d"


class Dropout2d(_DropoutNd):
    """Zeroes whole channels of images (N, C, H, W) in training."""

    function = "dropout2d"


class Dropout3d(_DropoutNd):
    """Zeroes whole channels of volumes (N, C, D, H, W) or (C, D, H, W) in training."""

    function = "dropout3d"


class AlphaDropout(_DropoutNd):
    """Dropout for SELU networks: keeps mean and variance (Klambauer et al., 2017)."""

    function = "alpha_dropout"

    def forward(self, input):
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """Alpha dropout of whole channels."""

    function = "feature_alpha_dropout"

    def forward(self, input):
        return F.feature_alpha_dropout(input, self.p, self.training)
