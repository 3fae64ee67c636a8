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

    `padding`: one number, or (left, right). Shapes: (N, C, W) to (N, C, left + W + right), or both
    without N.

    >>> import tidu
    >>> tidu.nn.ConstantPad1d((1, 2), 9.0)(tidu.zeros(1, 2))
    tensor([[9., 0., 0., 9., 9.]])
    """

    _dims = 1

    def __init__(self, padding, value):
        super().__init__(padding, value)


class ConstantPad2d(_ConstantPad):
    """Pads the last two dimensions of (N, C, H, W) with a `value`.

    `padding`: one number, or (left, right, top, bottom). Shapes: (N, C, H, W) to (N, C, top + H +
    bottom, left + W + right), or both without N.

    >>> import tidu
    >>> tidu.nn.ConstantPad2d(1, 9.0)(tidu.zeros(1, 1, 2))
    tensor([[[9., 9., 9., 9.],
             [9., 0., 0., 9.],
             [9., 9., 9., 9.]]])
    """

    _dims = 2

    def __init__(self, padding, value):
        super().__init__(padding, value)


class ConstantPad3d(_ConstantPad):
    """Pads the last three dimensions of (N, C, D, H, W) with a `value`.

    `padding`: one number, or (left, right, top, bottom, front, back). Shapes: (N, C, D, H, W) to
    (N, C, front + D + back, top + H + bottom, left + W + right), or both without N.

    >>> import tidu
    >>> tidu.nn.ConstantPad3d((1, 1, 0, 0, 0, 2), 9.0)(tidu.zeros(1, 3, 4, 5, 6)).shape
    tidu.Size([1, 3, 6, 5, 8])
    """

    _dims = 3

    def __init__(self, padding, value):
        super().__init__(padding, value)


class ZeroPad1d(ConstantPad1d):
    """Pads the last dimension of (N, C, W) with zeros.

    `padding`: one number, or (left, right). Shapes: (N, C, W) to (N, C, left + W + right), or both
    without N.

    >>> import tidu
    >>> tidu.nn.ZeroPad1d((2, 1))(tidu.tensor([[1., 2., 3.]]))
    tensor([[0., 0., 1., 2., 3., 0.]])
    >>> tidu.nn.ZeroPad1d((-1, 1))(tidu.tensor([[1., 2., 3.]]))  # cuts one off on the left
    tensor([[2., 3., 0.]])
    """

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    def extra_repr(self):
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """Pads the last two dimensions of (N, C, H, W) with zeros.

    `padding`: one number, or (left, right, top, bottom). Shapes: (N, C, H, W) to (N, C, top + H +
    bottom, left + W + right), or both without N.

    >>> import tidu
    >>> tidu.nn.ZeroPad2d((2, 0, 1, 0))(tidu.ones(1, 1, 2))  # left, right, top, bottom
    tensor([[[0., 0., 0., 0.],
             [0., 0., 1., 1.]]])
    """

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    def extra_repr(self):
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    """Pads the last three dimensions of (N, C, D, H, W) with zeros.

    `padding`: one number, or (left, right, top, bottom, front, back). Shapes: (N, C, D, H, W) to
    (N, C, front + D + back, top + H + bottom, left + W + right), or both without N.

    >>> import tidu
    >>> tidu.nn.ZeroPad3d((0, 1, 0, 2, 0, 3))(tidu.ones(1, 1, 2, 2, 2)).shape
    tidu.Size([1, 1, 5, 4, 3])
    """

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    def extra_repr(self):
        return f"{self.padding}"


class ReflectionPad1d(_Pad):
    """Pads the last dimension of (N, C, W) with its mirror image, the edge not repeated.

    `padding`: one number, or (left, right). Shapes: (N, C, W) to (N, C, left + W + right), or both
    without N. Calling it raises RuntimeError where a side is not smaller than its dimension.

    >>> import tidu
    >>> tidu.nn.ReflectionPad1d(1)(tidu.tensor([[1., 2., 3.]]))
    tensor([[2., 1., 2., 3., 2.]])
    """

    _dims, _mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """Pads the last two dimensions of (N, C, H, W) with its mirror image, the edge not repeated.

    `padding`: one number, or (left, right, top, bottom). Shapes: (N, C, H, W) to (N, C, top + H +
    bottom, left + W + right), or both without N. Calling it raises RuntimeError where a side is not
    smaller than its dimension.

    >>> import tidu
    >>> tidu.nn.ReflectionPad2d(1)(tidu.tensor([[[1., 2.], [3., 4.]]]))
    tensor([[[4., 3., 4., 3.],
             [2., 1., 2., 1.],
             [4., 3., 4., 3.],
             [2., 1., 2., 1.]]])
    """

    _dims, _mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """Pads the last three dimensions of (N, C, D, H, W) with its mirror image, the edge not repeated.

    `padding`: one number, or (left, right, top, bottom, front, back). Shapes: (N, C, D, H, W) to
    (N, C, front + D + back, top + H + bottom, left + W + right), or both without N. Calling it
    raises RuntimeError where a side is not smaller than its dimension.

    >>> import tidu
    >>> tidu.nn.ReflectionPad3d(1)(tidu.ones(1, 1, 2, 3, 4)).shape
    tidu.Size([1, 1, 4, 5, 6])
    """

    _dims, _mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """Pads the last dimension of (N, C, W) with copies of its edge.

    `padding`: one number, or (left, right). Shapes: (N, C, W) to (N, C, left + W + right), or both
    without N.

    >>> import tidu
    >>> tidu.nn.ReplicationPad1d(1)(tidu.tensor([[1., 2., 3.]]))
    tensor([[1., 1., 2., 3., 3.]])
    """

    _dims, _mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """Pads the last two dimensions of (N, C, H, W) with copies of its edge.

    `padding`: one number, or (left, right, top, bottom). Shapes: (N, C, H, W) to (N, C, top + H +
    bottom, left + W + right), or both without N.

    >>> import tidu
    >>> tidu.nn.ReplicationPad2d((0, 2, 1, 0))(tidu.tensor([[[1., 2.], [3., 4.]]]))
    tensor([[[1., 2., 2., 2.],
             [1., 2., 2., 2.],
             [3., 4., 4., 4.]]])
    """

    _dims, _mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """Pads the last three dimensions of (N, C, D, H, W) with copies of its edge.

    `padding`: one number, or (left, right, top, bottom, front, back). Shapes: (N, C, D, H, W) to
    (N, C, front + D + back, top + H + bottom, left + W + right), or both without N.

    >>> import tidu
    >>> tidu.nn.ReplicationPad3d((1, 1, 0, 0, 2, 2))(tidu.ones(1, 1, 2, 3, 4)).shape
    tidu.Size([1, 1, 6, 3, 6])
    """

    _dims, _mode = 3, "replicate"


class CircularPad1d(_CircularPad):
    """Pads the last dimension of (N, C, W) with its other end.

    `padding`: one number, or (left, right). Shapes: (N, C, W) to (N, C, left + W + right), or both
    without N. Calling it raises RuntimeError where a side is larger than its dimension.

    >>> import tidu
    >>> tidu.nn.CircularPad1d(1)(tidu.tensor([[1., 2., 3.]]))
    tensor([[3., 1., 2., 3., 1.]])
    """

    _dims = 1


class CircularPad2d(_CircularPad):
    """Pads the last two dimensions of (N, C, H, W) with its other end.

    `padding`: one number, or (left, right, top, bottom). Shapes: (N, C, H, W) to (N, C, top + H +
    bottom, left + W + right), or both without N. Calling it raises RuntimeError where a side is
    larger than its dimension.

    >>> import tidu
    >>> tidu.nn.CircularPad2d((1, 0, 0, 1))(tidu.tensor([[[1., 2.], [3., 4.]]]))
    tensor([[[2., 1., 2.],
             [4., 3., 4.],
             [2., 1., 2.]]])
    """

    _dims = 2


class CircularPad3d(_CircularPad):
    """Pads the last three dimensions of (N, C, D, H, W) with its other end.

    `padding`: one number, or (left, right, top, bottom, front, back). Shapes: (N, C, D, H, W) to
    (N, C, front + D + back, top + H + bottom, left + W + right), or both without N. Calling it
    raises RuntimeError where a side is larger than its dimension.

    >>> import tidu
    >>> tidu.nn.CircularPad3d(1)(tidu.ones(1, 1, 2, 3, 4)).shape
    tidu.Size([1, 1, 4, 5, 6])
    """

    _dims = 3
