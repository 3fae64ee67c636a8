"""Padding layers: a border around the last one, two or three dimensions.

`padding` is one number for all sides, or (left, right), (left, right, top, bottom) or (left, right,
top, bottom, front, back); negative numbers cut off. A first dimension for samples may be missing.
"""

from __future__ import annotations

from .. import functional as F
from .family import Family


class _Pad(Family):
    """What all of them share; a class states its number of dimensions and its mode."""

    __constants__ = ["padding"]
    _dims: int
    _mode: str

    def __init__(self, padding):
        super().__init__()
        sides = 2 * self._dims
        self.padding = tuple(padding) if hasattr(padding, "__iter__") else (padding,) * sides

    def forward(self, input):
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self):
        return f"{self.padding}"


class _ConstantPad(_Pad):
    __constants__ = ["padding", "value"]

    def __init__(self, padding, value):
        super().__init__(padding)
        self.value = value

    def forward(self, input):
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self):
        return f"padding={self.padding}, value={self.value}"


class _CircularPad(_Pad):
    _mode = "circular"

    def forward(self, input):
        lowest = self._dims + 1
        if input.dim() not in (lowest, lowest + 1):
            raise ValueError(
                f"expected {lowest}D or {lowest + 1}D input (got {input.dim()}D input)"
            )
        return super().forward(input)


class ConstantPad1d(_ConstantPad):
    """Pads the last dimension of (N, C, W) with a `value`.

    >>> import tidu
    >>> tidu.nn.ConstantPad1d((1, 2), 9.0)(tidu.zeros(1, 2))
    tensor([[9., 0., 0., 9., 9.]])
    """

    _dims = 1

    def __init__(self, padding, value):
        super().__init__(padding, value)


class ConstantPad2d(_ConstantPad):
    """Pads the last two dimensions of (N, C, H, W) with a `value`."""

    _dims = 2

    def __init__(self, padding, value):
        super().__init__(padding, value)


class ConstantPad3d(_ConstantPad):
    """Pads the last three dimensions of (N, C, D, H, W) with a `value`."""

    _dims = 3

    def __init__(self, padding, value):
        super().__init__(padding, value)


class ZeroPad1d(ConstantPad1d):
    """Pads the last dimension of (N, C, W) with zeros."""

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    def extra_repr(self):
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """Pads the last two dimensions of (N, C, H, W) with zeros."""

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    def extra_repr(self):
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    """Pads the last three dimensions of (N, C, D, H, W) with zeros."""

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    def extra_repr(self):
        return f"{self.padding}"


class ReflectionPad1d(_Pad):
    """Pads the last dimension of (N, C, W) with its mirror image, the edge not repeated.

    >>> import tidu
    >>> tidu.nn.ReflectionPad1d(1)(tidu.tensor([[1., 2., 3.]]))
    tensor([[2., 1., 2., 3., 2.]])
    """

    _dims, _mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """Pads the last two dimensions of (N, C, H, W) with its mirror image, the edge not repeated."""

    _dims, _mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """Pads the last three dimensions of (N, C, D, H, W) with its mirror image, the edge not repeated."""

    _dims, _mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """Pads the last dimension of (N, C, W) with copies of its edge.

    >>> import tidu
    >>> tidu.nn.ReplicationPad1d(1)(tidu.tensor([[1., 2., 3.]]))
    tensor([[1., 1., 2., 3., 3.]])
    """

    _dims, _mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """Pads the last two dimensions of (N, C, H, W) with copies of its edge."""

    _dims, _mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """Pads the last three dimensions of (N, C, D, H, W) with copies of its edge."""

    _dims, _mode = 3, "replicate"


class CircularPad1d(_CircularPad):
    """Pads the last dimension of (N, C, W) with its other end.

    >>> import tidu
    >>> tidu.nn.CircularPad1d(1)(tidu.tensor([[1., 2., 3.]]))
    tensor([[3., 1., 2., 3., 1.]])
    """

    _dims = 1


class CircularPad2d(_CircularPad):
    """Pads the last two dimensions of (N, C, H, W) with its other end."""

    _dims = 2


class CircularPad3d(_CircularPad):
    """Pads the last three dimensions of (N, C, D, H, W) with its other end."""

    _dims = 3
