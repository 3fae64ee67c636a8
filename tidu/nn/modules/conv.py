"""Convolutions as layers."""

from __future__ import annotations

import math

from ...ops.creation import empty
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .family import Family


def entries(value, dims):
    """An int or several as a tuple with one entry for each spatial dimension."""
    return tuple(value) if hasattr(value, "__iter__") else (value,) * dims


_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Family):
    """What convolutions share: settings, parameters, their initial values, `repr`."""

    __constants__ = [
        "stride", "padding", "dilation", "groups", "padding_mode", "output_padding", "in_channels",
        "out_channels", "kernel_size",
    ]  # fmt: skip
    dims = 0
    transposed = False

    def __init__(
        self, in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias,
        padding_mode, output_padding, device, dtype,
    ):  # fmt: skip
        super().__init__()
        dims = self.dims
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size = entries(kernel_size, dims)
        self.stride = entries(stride, dims)
        self.dilation = entries(dilation, dims)
        self.padding = padding if isinstance(padding, str) else entries(padding, dims)
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(
                    f"Invalid padding string {padding!r}, should be one of {{'valid', 'same'}}"
                )
            if padding == "same" and any(s != 1 for s in self.stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if padding_mode not in _MODES:
            names = ", ".join(map(repr, _MODES))
            raise ValueError(
                f"padding_mode must be one of {{{names}}}, but got padding_mode='{padding_mode}'"
            )
        self.output_padding = entries(output_padding, dims)
        self.groups, self.padding_mode = groups, padding_mode
        self._reversed_padding_repeated_twice = self._both_sides()
        channels = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        shape = (channels[0], channels[1] // groups, *self.kernel_size)
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _both_sides(self):
        """The padding as `F.pad` takes it: (before, after), the last dimension first."""
        if self.padding == "valid":
            return [0, 0] * self.dims
        if self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
            pairs = [(t // 2, t - t // 2) for t in totals]
        else:
            pairs = [(p, p) for p in self.padding]
        return [n for pair in reversed(pairs) for n in pair]

    def reset_parameters(self):
        """Draws both uniformly from ±1/sqrt(inputs of one output)."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def extra_repr(self):
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        if self.padding != (0,) * len(self.padding):
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self.dims:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * self.dims:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class _Conv(_ConvNd):
    function = ""

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1,
        bias=True, padding_mode="zeros", device=None, dtype=None,
    ):  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias,
            padding_mode, 0, device, dtype,
        )  # fmt: skip

    def _conv_forward(self, input, weight, bias):
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            padding = 0
        convolve = getattr(F, self.function)
        return convolve(input, weight, bias, self.stride, padding, self.dilation, self.groups)

    def forward(self, input):
        return self._conv_forward(input, self.weight, self.bias)


class Conv1d(_Conv):
    """A convolution of signals, with weights to learn.

    Shapes: (N, C, L) to (N, O, L'), or both without N; weight (O, C/groups, K), bias (O). L' is (L
    + 2 * padding - dilation * (K - 1) - 1) // stride + 1. `padding`: a number, "valid" (none) or
    "same" (L' = L, for stride 1). `padding_mode`: what lies outside: "zeros", "reflect",
    "replicate" or "circular". Raises ValueError unless `groups` divides both numbers of channels.

    >>> import tidu
    >>> tidu.nn.Conv1d(2, 4, 3)(tidu.ones(8, 2, 10)).shape
    tidu.Size([8, 4, 8])
    """

    dims, function = 1, "conv1d"


class Conv2d(_Conv):
    """A convolution of images, with weights to learn.

    Shapes: (N, C, H, W) to (N, O, H', W'), or both without N; weight (O, C/groups, KH, KW), bias
    (O). `padding_mode`: what lies outside: "zeros", "reflect", "replicate" or "circular". Sizes and
    errors as for `Conv1d`.

    >>> import tidu
    >>> tidu.nn.Conv2d(3, 32, 5, padding=2)(tidu.ones(8, 3, 32, 32)).shape
    tidu.Size([8, 32, 32, 32])
    """

    dims, function = 2, "conv2d"


class Conv3d(_Conv):
    """A convolution of volumes, with weights to learn.

    Shapes: (N, C, D, H, W) to (N, O, D', H', W'), or both without N; weight (O, C/groups, KD, KH,
    KW), bias (O). Sizes and errors as for `Conv1d`.

    >>> import tidu
    >>> tidu.nn.Conv3d(1, 2, 3)(tidu.ones(1, 1, 4, 4, 4)).shape
    tidu.Size([1, 2, 2, 2, 2])
    """

    dims, function = 3, "conv3d"


class _ConvTranspose(_ConvNd):
    transposed = True
    function = ""

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0,
        groups=1, bias=True, dilation=1, padding_mode="zeros", device=None, dtype=None,
    ):  # fmt: skip
        if padding_mode != "zeros":
            raise ValueError(
                f'Only "zeros" padding mode is supported for {type(self).__name__}'
            )
        super().__init__(
            in_channels, out_channels, kernel_size, stride, entries(padding, self.dims), dilation,
            groups, bias, padding_mode, output_padding, device, dtype,
        )  # fmt: skip

    def _output_padding(self, input, output_size):
        """The output padding with which the result has the spatial size `output_size`."""
        if output_size is None:
            return self.output_padding
        dims = self.dims
        batched = input.dim() == dims + 2
        lead = 2 if batched else 1
        if len(output_size) == lead + dims:
            output_size = output_size[lead:]
        if len(output_size) != dims:
            raise ValueError(
                f"ConvTranspose{dims}D: for {input.dim()}D input, output_size must have {dims} or "
                f"{lead + dims} elements (got {len(output_size)})"
            )
        low = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                input.shape[lead:], self.stride, self.padding, self.dilation, self.kernel_size
            )
        ]
        high = [n + s - 1 for n, s in zip(low, self.stride)]
        if any(not a <= n <= b for a, n, b in zip(low, output_size, high)):
            raise ValueError(
                f"requested an output size of {output_size}, but valid sizes range from {low} to "
                f"{high} (for an input of {input.shape[lead:]})"
            )
        return tuple(n - a for n, a in zip(output_size, low))

    def forward(self, input, output_size=None):
        return getattr(F, self.function)(
            input, self.weight, self.bias, self.stride, self.padding,
            self._output_padding(input, output_size), self.groups, self.dilation,
        )  # fmt: skip


class ConvTranspose1d(_ConvTranspose):
    """The transposed convolution of signals, which enlarges; weight (C, O/groups, K).

    Shapes: (N, C, L) to (N, O, L'), or both without N, where L' is (L - 1) * stride - 2 * padding +
    dilation * (K - 1) + output_padding + 1. (Zeiler et al., 2010.) Raises ValueError unless
    `groups` divides both numbers of channels.

    >>> import tidu
    >>> tidu.nn.ConvTranspose1d(2, 4, 3, stride=2)(tidu.ones(8, 2, 10)).shape
    tidu.Size([8, 4, 21])
    """

    dims, function = 1, "conv_transpose1d"


class ConvTranspose2d(_ConvTranspose):
    """The transposed convolution of images, which enlarges; weight (C, O/groups, KH, KW).

    Shapes: (N, C, H, W) to (N, O, H', W'), or both without N; sizes as for `ConvTranspose1d`.
    Calling it with `output_size` picks one of the sizes that a strided convolution maps to one.

    >>> import tidu
    >>> layer = tidu.nn.ConvTranspose2d(2, 4, 3, stride=2)
    >>> layer(tidu.ones(8, 2, 5, 5)).shape
    tidu.Size([8, 4, 11, 11])
    >>> layer(tidu.ones(8, 2, 5, 5), output_size=(12, 12)).shape
    tidu.Size([8, 4, 12, 12])
    """

    dims, function = 2, "conv_transpose2d"


class ConvTranspose3d(_ConvTranspose):
    """The transposed convolution of volumes, which enlarges; weight (C, O/groups, KD, KH, KW).

    Shapes: (N, C, D, H, W) to (N, O, D', H', W'), or both without N; sizes as for
    `ConvTranspose1d`.

    >>> import tidu
    >>> tidu.nn.ConvTranspose3d(1, 2, 3)(tidu.ones(1, 1, 4, 4, 4)).shape
    tidu.Size([1, 2, 6, 6, 6])
    """

    dims, function = 3, "conv_transpose3d"
