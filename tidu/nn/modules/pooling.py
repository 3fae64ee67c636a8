"""Pooling as layers; the functions of `nn.functional` say what each does."""

from __future__ import annotations

from .. import functional as F
from .family import Family
from .module import Module


class _MaxPoolNd(Module):
    __constants__ = ["kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"]
    function = ""

    def __init__(
        self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input):
        return getattr(F, self.function)(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode,
            self.return_indices,
        )  # fmt: skip

    def extra_repr(self):
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    """The largest element of each window of a signal (N, C, L) or (C, L).

    Shapes: (N, C, L) to (N, C, L'), or both without N, where L' is (L + 2 * padding - dilation *
    (kernel_size - 1) - 1) // stride + 1 and `stride` is `kernel_size` by default; with
    `return_indices` also the places, int64. Calling it raises RuntimeError if the padding exceeds
    half the window.

    >>> import tidu
    >>> tidu.nn.MaxPool1d(2)(tidu.tensor([[1., 4., 2., 3.]]))
    tensor([[4., 3.]])
    >>> tidu.nn.MaxPool1d(2, stride=1)(tidu.tensor([[1., 4., 2., 3.]]))
    tensor([[4., 4., 3.]])
    """

    function = "max_pool1d"


class MaxPool2d(_MaxPoolNd):
    """The largest element of each window of an image (N, C, H, W) or (C, H, W).

    The result's sizes are those that `MaxPool1d` says, dimension by dimension.

    >>> import tidu
    >>> tidu.nn.MaxPool2d(2)(tidu.ones(8, 3, 32, 32)).shape
    tidu.Size([8, 3, 16, 16])
    """

    function = "max_pool2d"


class MaxPool3d(_MaxPoolNd):
    """The largest element of each window of a volume (N, C, D, H, W) or (C, D, H, W).

    The result's sizes are those that `MaxPool1d` says, dimension by dimension.

    >>> import tidu
    >>> tidu.nn.MaxPool3d((1, 2, 2))(tidu.ones(8, 3, 4, 16, 16)).shape
    tidu.Size([8, 3, 4, 8, 8])
    """

    function = "max_pool3d"


class _MaxUnpool(Family):
    dims = 0

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.kernel_size = self._entries(kernel_size)
        self.stride = self._entries(stride if stride is not None else kernel_size)
        self.padding = self._entries(padding)

    def _entries(self, value):
        return tuple(value) if hasattr(value, "__iter__") else (value,) * self.dims

    def forward(self, input, indices, output_size=None):
        return getattr(F, f"max_unpool{self.dims}d")(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """What `MaxPool1d` took out, put back at its indices, with zeros elsewhere.

    Shapes: (N, C, L') or (C, L'), and indices of that shape, to (N, C, L) or (C, L). `output_size`,
    given in the call, picks L where several lengths are pooled to L'; an impossible one raises
    ValueError.

    >>> import tidu
    >>> pool = tidu.nn.MaxPool1d(2, return_indices=True)
    >>> values, indices = pool(tidu.tensor([[1., 4., 2., 3.]]))
    >>> tidu.nn.MaxUnpool1d(2)(values, indices)
    tensor([[0., 4., 0., 3.]])
    """

    dims = 1


class MaxUnpool2d(_MaxUnpool):
    """What `MaxPool2d` took out, put back at its indices, with zeros elsewhere.

    Shapes: (N, C, H', W') or (C, H', W'), and indices of that shape, to (N, C, H, W) or (C, H, W).

    >>> import tidu
    >>> pool = tidu.nn.MaxPool2d(2, return_indices=True)
    >>> values, indices = pool(tidu.tensor([[[1., 2.], [4., 3.]]]))
    >>> tidu.nn.MaxUnpool2d(2)(values, indices)
    tensor([[[0., 0.],
             [4., 0.]]])
    """

    dims = 2


class MaxUnpool3d(_MaxUnpool):
    """What `MaxPool3d` took out, put back at its indices, with zeros elsewhere.

    Shapes: (N, C, D', H', W') or (C, D', H', W'), and indices of that shape, to the size before
    pooling.

    >>> import tidu
    >>> pool = tidu.nn.MaxPool3d(2, return_indices=True)
    >>> values, indices = pool(tidu.ones(1, 3, 4, 4, 4))
    >>> values.shape, tidu.nn.MaxUnpool3d(2)(values, indices).shape
    (tidu.Size([1, 3, 2, 2, 2]), tidu.Size([1, 3, 4, 4, 4]))
    """

    dims = 3


class AvgPool1d(Module):
    """The mean of each window of a signal (N, C, L) or (C, L).

    Shapes: (N, C, L) to (N, C, L'), or both without N, where L' is (L + 2 * padding - kernel_size)
    // stride + 1 and `stride` is `kernel_size` by default. `count_include_pad=False` leaves the
    padding out of the mean.

    >>> import tidu
    >>> tidu.nn.AvgPool1d(2)(tidu.tensor([[1., 3., 5., 9.]]))
    tensor([[2., 7.]])
    >>> tidu.nn.AvgPool1d(2, padding=1)(tidu.tensor([[1., 3., 5., 9.]]))  # zeros at the ends count
    tensor([[0.5000, 4.0000, 4.5000]])
    """

    __constants__ = ["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"]

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        super().__init__()
        self.kernel_size = self._single(kernel_size)
        self.stride = self._single(stride if stride is not None else kernel_size)
        self.padding = self._single(padding)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    @staticmethod
    def _single(value):
        return tuple(value) if hasattr(value, "__iter__") else (value,)

    def forward(self, input):
        return F.avg_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPool(Family):
    __constants__ = [
        "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override",
    ]  # fmt: skip
    function = ""

    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
        divisor_override=None,
    ):  # fmt: skip
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, input):
        return getattr(F, self.function)(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode,
            self.count_include_pad, self.divisor_override,
        )  # fmt: skip

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_AvgPool):
    """The mean of each window of an image (N, C, H, W) or (C, H, W).

    The result's sizes are those that `AvgPool1d` says; `divisor_override` divides the sums instead.

    >>> import tidu
    >>> tidu.nn.AvgPool2d(2)(tidu.ones(8, 3, 32, 32)).shape
    tidu.Size([8, 3, 16, 16])
    """

    function = "avg_pool2d"


class AvgPool3d(_AvgPool):
    """The mean of each window of a volume (N, C, D, H, W) or (C, D, H, W).

    The result's sizes are those that `AvgPool1d` says, dimension by dimension.

    >>> import tidu
    >>> tidu.nn.AvgPool3d(2)(tidu.ones(8, 3, 4, 16, 16)).shape
    tidu.Size([8, 3, 2, 8, 8])
    """

    function = "avg_pool3d"


class _LPPoolNd(Module):
    __constants__ = ["norm_type", "kernel_size", "stride", "ceil_mode"]
    function = ""

    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.norm_type, self.kernel_size = norm_type, kernel_size
        self.stride, self.ceil_mode = stride, ceil_mode

    def forward(self, input):
        return getattr(F, self.function)(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )

    def extra_repr(self):
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """The p-norm of each window of a signal (N, C, L) or (C, L).

    (sum of x ** p) ** (1 / p) with p = `norm_type`. Shapes: (N, C, L) to (N, C, (L - kernel_size)
    // stride + 1), or both without N; `stride` is `kernel_size` by default.

    >>> import tidu
    >>> tidu.nn.LPPool1d(2, kernel_size=2)(tidu.tensor([[3., 4., 6., 8.]]))
    tensor([[ 5., 10.]])
    """

    function = "lp_pool1d"


class LPPool2d(_LPPoolNd):
    """The p-norm of each window of an image (N, C, H, W) or (C, H, W); see `LPPool1d`.

    >>> import tidu
    >>> tidu.nn.LPPool2d(2, kernel_size=2)(tidu.tensor([[[1., 1.], [1., 1.]]]))
    tensor([[[2.]]])
    """

    function = "lp_pool2d"


class LPPool3d(_LPPoolNd):
    """The p-norm of each window of a volume (N, C, D, H, W) or (C, D, H, W); see `LPPool1d`.

    >>> import tidu
    >>> tidu.nn.LPPool3d(2, kernel_size=2)(tidu.ones(8, 3, 4, 16, 16)).shape
    tidu.Size([8, 3, 2, 8, 8])
    """

    function = "lp_pool3d"


class _AdaptiveMaxPoolNd(Module):
    __constants__ = ["output_size", "return_indices"]
    function = ""

    def __init__(self, output_size, return_indices=False):
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, input):
        return getattr(F, self.function)(input, self.output_size, self.return_indices)

    def extra_repr(self):
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """The largest elements of `output_size` windows that cover a signal.

    Shapes: (N, C, L) to (N, C, output_size), or both without N. Neighbouring windows may overlap.

    >>> import tidu
    >>> tidu.nn.AdaptiveMaxPool1d(2)(tidu.tensor([[1., 2., 7., 4., 5.]]))
    tensor([[7., 7.]])
    """

    function = "adaptive_max_pool1d"


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """The largest elements of windows that divide an image into `output_size` parts.

    Shapes: (N, C, H, W) to (N, C, *output_size), or both without N; None keeps the input's size.

    >>> import tidu
    >>> tidu.nn.AdaptiveMaxPool2d((2, None))(tidu.ones(8, 3, 7, 5)).shape
    tidu.Size([8, 3, 2, 5])
    """

    function = "adaptive_max_pool2d"


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """The largest elements of windows that divide a volume into `output_size` parts.

    Shapes: (N, C, D, H, W) to (N, C, *output_size), or both without N; None keeps the input's size.

    >>> import tidu
    >>> tidu.nn.AdaptiveMaxPool3d(2)(tidu.ones(1, 3, 4, 7, 5)).shape
    tidu.Size([1, 3, 2, 2, 2])
    """

    function = "adaptive_max_pool3d"


class _AdaptiveAvgPoolNd(Module):
    __constants__ = ["output_size"]
    function = ""

    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def forward(self, input):
        return getattr(F, self.function)(input, self.output_size)

    def extra_repr(self):
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """The means of `output_size` windows that cover a signal.

    Shapes: (N, C, L) to (N, C, output_size), or both without N. Neighbouring windows may overlap.

    >>> import tidu
    >>> tidu.nn.AdaptiveAvgPool1d(2)(tidu.tensor([[1., 2., 3., 4., 5.]]))
    tensor([[2., 4.]])
    """

    function = "adaptive_avg_pool1d"


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """The means of windows that divide an image into `output_size` parts.

    Shapes: (N, C, H, W) to (N, C, *output_size), or both without N; None keeps the input's size.

    >>> import tidu
    >>> tidu.nn.AdaptiveAvgPool2d((1, 1))(tidu.ones(8, 3, 7, 5)).shape
    tidu.Size([8, 3, 1, 1])
    """

    function = "adaptive_avg_pool2d"


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """The means of windows that divide a volume into `output_size` parts.

    Shapes: (N, C, D, H, W) to (N, C, *output_size), or both without N; None keeps the input's size.

    >>> import tidu
    >>> tidu.nn.AdaptiveAvgPool3d((None, 1, 1))(tidu.ones(1, 3, 4, 7, 5)).shape
    tidu.Size([1, 3, 4, 1, 1])
    """

    function = "adaptive_avg_pool3d"


class _FractionalMaxPool(Family):
    __constants__ = ["kernel_size", "return_indices", "output_size", "output_ratio"]
    dims = 0

    def __init__(
        self, kernel_size, output_size=None, output_ratio=None, return_indices=False,
        _random_samples=None,
    ):  # fmt: skip
        super().__init__()
        self.kernel_size = self._entries(kernel_size)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else self._entries(output_size)
        self.output_ratio = None if output_ratio is None else self._entries(output_ratio)
        if output_size is None and output_ratio is None:
            raise ValueError(
                f"{type(self).__name__} requires specifying either an output size, or a pooling ratio"
            )
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def _entries(self, value):
        return tuple(value) if hasattr(value, "__iter__") else (value,) * self.dims

    def forward(self, input):
        return getattr(F, f"fractional_max_pool{self.dims}d")(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices,
            self._random_samples,
        )  # fmt: skip


class FractionalMaxPool2d(_FractionalMaxPool):
    """The largest elements of windows at random, evenly spread places of an image (Graham, 2014).

    Shapes: (N, C, H, W) to (N, C, *output_size), or both without N; `output_ratio` (below 1) says
    the size as a share of the input's. Raises ValueError unless exactly one of both is given.

    >>> import tidu
    >>> tidu.nn.FractionalMaxPool2d(2, output_ratio=0.75)(tidu.ones(8, 3, 16, 12)).shape
    tidu.Size([8, 3, 12, 9])
    """

    dims = 2


class FractionalMaxPool3d(_FractionalMaxPool):
    """The largest elements of windows at random, evenly spread places of a volume.

    Shapes: (N, C, D, H, W) to (N, C, *output_size), or both without N; otherwise as
    `FractionalMaxPool2d`.

    >>> import tidu
    >>> tidu.nn.FractionalMaxPool3d(2, output_size=(3, 5, 5))(tidu.ones(1, 3, 6, 8, 8)).shape
    tidu.Size([1, 3, 3, 5, 5])
    """

    dims = 3
