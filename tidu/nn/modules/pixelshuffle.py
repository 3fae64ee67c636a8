"""Layers that move elements between channels and places."""

from __future__ import annotations

from .. import functional as F
from .module import Module


class PixelShuffle(Module):
    """Spreads channels over an image r times as large: (*, C r^2, H, W) to (*, C, H r, W r).

    r is `upscale_factor`. (Shi et al., 2016.) Calling it raises RuntimeError unless r^2 divides the
    channels.

    >>> import tidu
    >>> tidu.nn.PixelShuffle(2)(tidu.arange(4).reshape(1, 4, 1, 1))
    tensor([[[[0, 1],
              [2, 3]]]])
    >>> tidu.nn.PixelShuffle(3)(tidu.zeros(1, 9, 4, 4)).shape
    tidu.Size([1, 1, 12, 12])
    """

    __constants__ = ["upscale_factor"]

    def __init__(self, upscale_factor):
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input):
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self):
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """The inverse of PixelShuffle: (*, C, H r, W r) to (*, C r^2, H, W).

    >>> import tidu
    >>> tidu.nn.PixelUnshuffle(3)(tidu.zeros(1, 1, 12, 12)).shape
    tidu.Size([1, 9, 4, 4])
    """

    __constants__ = ["downscale_factor"]

    def __init__(self, downscale_factor):
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input):
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self):
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Deals out the channels of (N, C, *) in `groups` groups, taking one of each group in turn.

    (Zhang et al., 2018.) Calling it raises RuntimeError unless `groups` divides C.

    >>> import tidu
    >>> tidu.nn.ChannelShuffle(2)(tidu.arange(4).reshape(1, 4, 1)).flatten()
    tensor([0, 2, 1, 3])
    """

    __constants__ = ["groups"]

    def __init__(self, groups):
        super().__init__()
        self.groups = groups

    def forward(self, input):
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self):
        return f"groups={self.groups}"
