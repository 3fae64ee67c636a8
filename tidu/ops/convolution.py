"""Convolutions over one, two and three dimensions, and their transposes.

There are three operations, all of them gradients of one form, sum(g * conv(x, w)), which is linear in
g, in x and in w: `convolution` gives what stands beside g, `convolution_input` what stands beside x
(and so is the transposed convolution), `convolution_weight` what stands beside w. Therefore the
gradients of each are the two others, to any order.
"""

from __future__ import annotations

from ..autograd.op import Array, op
from ..backend import convolution as kernels

_NODE = "ConvolutionBackward0"


@op(public=False, method=False, node=_NODE)
def convolution(
    k, x: Array, weight: Array, bias: Array | None, stride, padding, dilation, groups
):
    """x (N, C, *size) convolved with weight (O, C/groups, *kernel), plus bias (O)."""
    out = kernels.forward(x, weight, stride, padding, dilation, groups)
    return out if bias is None else _add_bias(out, bias)


convolution.vjp(
    x=lambda k, g, weight, x_shape, stride, padding, dilation, groups: k.convolution_input(
        g, weight, None, x_shape[2:], stride, padding, dilation, groups
    ),
    weight=lambda k, g, x, weight_shape, stride, padding, dilation, groups: k.convolution_weight(
        g, x, weight_shape[2:], stride, padding, dilation, groups
    ),
    bias=lambda k, g: _bias_grad(k, g),
)


@op(public=False, method=False, node=_NODE)
def convolution_input(
    k, x: Array, weight: Array, bias: Array | None, size, stride, padding, dilation, groups
):
    """The transposed convolution of x (N, O, *out) with weight (O, C/groups, *kernel).

    The result has shape (N, C, *size): `size` is what a convolution would turn into x's.
    """
    out = kernels.input_grad(x, weight, size, stride, padding, dilation, groups)
    return out if bias is None else _add_bias(out, bias)


convolution_input.vjp(
    x=lambda k, g, weight, x_shape, stride, padding, dilation, groups: _first(
        k.convolution(g, weight, None, stride, padding, dilation, groups), x_shape
    ),
    weight=lambda k, g, x, weight_shape, stride, padding, dilation, groups: k.convolution_weight(
        x, g, weight_shape[2:], stride, padding, dilation, groups
    ),
    bias=lambda k, g: _bias_grad(k, g),
)


@op(public=False, method=False, node=_NODE)
def convolution_weight(
    k, x: Array, y: Array, kernel_size, stride, padding, dilation, groups
):
    """The weight's gradient when y (N, C, *size) was convolved and x (N, O, *out) came back."""
    return kernels.weight_grad(x, y, kernel_size, stride, padding, dilation, groups)


convolution_weight.vjp(
    x=lambda k, g, y, x_shape, stride, padding, dilation, groups: _first(
        k.convolution(y, g, None, stride, padding, dilation, groups), x_shape
    ),
    y=lambda k, g, x, y_shape, stride, padding, dilation, groups: k.convolution_input(
        x, g, None, y_shape[2:], stride, padding, dilation, groups
    ),
)


def _first(out, shape):
    """The part of `out` that has this shape: more windows fit where output padding is large."""
    if out.shape[2:] == shape[2:]:
        return out
    return out[(slice(None), slice(None), *(slice(0, n) for n in shape[2:]))]


def _add_bias(out, bias):
    out += bias.reshape(-1, *(1,) * (out.ndim - 2))
    return out


def _bias_grad(k, g):
    return k.sum(g, (0, *range(2, len(g.shape))), False, None)
