"""Blocks of images as columns, and back."""

from __future__ import annotations

from .. import functional as F
from .module import Module


class Unfold(Module):
    """The blocks of (N, C, H, W) as columns: (N, C * kernel elements, blocks).

    >>> import tidu
    >>> tidu.nn.Unfold(2)(tidu.tensor([[[[1., 2., 3.], [4., 5., 6.]]]]))  # two blocks: two columns
    tensor([[[1., 2.],
             [2., 3.],
             [4., 5.],
             [5., 6.]]])
    >>> tidu.nn.Unfold(2)(tidu.zeros(1, 3, 4, 5)).shape
    tidu.Size([1, 12, 12])
    """

    __constants__ = ["kernel_size", "dilation", "padding", "stride"]

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.kernel_size, self.dilation = kernel_size, dilation
        self.padding, self.stride = padding, stride

    def forward(self, input):
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self):
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Fold(Unfold):
    """Columns as Unfold makes them, added up to (N, C, *output_size).

    Shapes: (N, C * kernel elements, blocks) to (N, C, H, W), or both without N; where blocks
    overlap, their elements are summed.

    >>> import tidu
    >>> tidu.nn.Fold((4, 5), 2)(tidu.zeros(1, 12, 12)).shape
    tidu.Size([1, 3, 4, 5])
    """

    __constants__ = ["output_size", *Unfold.__constants__]

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__(kernel_size, dilation, padding, stride)
        self.output_size = output_size

    def forward(self, input):
        return F.fold(
            input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride
        )

    def extra_repr(self):
        return f"output_size={self.output_size}, {super().extra_repr()}"
