"""Normalization: PyTorch's conditions on the arguments, around `ops/normalization`."""

from __future__ import annotations

import math

from ... import dtypes
from ...autograd.grad_mode import no_grad
from ...autograd.public import operations as ops
from ...backend.table import table_of
from ...ops import normalization as _declared  # noqa: F401  (declares its operations)
from ...ops.checks import need_tensors
from ...ops.norms import norm
from ...ops.padding import pad
from ...tensor import Tensor
from .pooling import avg_pool2d, avg_pool3d

__all__ = [
    "batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "normalize",
    "rms_norm",
]  # fmt: skip


_F32, _F64 = dtypes.float32.numpy, dtypes.float64.numpy


def _check_batch(shape):
    count = math.prod(shape[2:]) * shape[0]
    if count == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {shape}"
        )


def _check_counts(channels, **tensors):
    for name, tensor in tensors.items():
        if tensor is not None and tensor._array.size != channels:
            raise RuntimeError(
                f"{name} should contain {channels} elements not {tensor._array.size}"
            )


def batch_norm(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    """Each channel brought to mean 0 and variance 1 over all samples and positions.

    Shapes: input (N, C, ...), the others (C). In training the batch's own statistics count, and the
    running ones move towards them by `momentum`; otherwise the running ones count.
    (Ioffe and Szegedy, 2015.)

    >>> import tidu
    >>> x = tidu.tensor([[1.0], [3.0]])
    >>> tidu.nn.functional.batch_norm(x, None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    if not isinstance(input, Tensor):
        raise TypeError(
            f"batch_norm(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}"
        )
    if training:
        _check_batch(input.shape)
        if eps <= 0:
            raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    x = input._array
    channels = x.shape[1] if x.ndim > 1 else 0
    if not training:
        for name, tensor in (("running_mean", running_mean), ("running_var", running_var)):
            if tensor is None:
                raise RuntimeError(f"{name} must be defined in evaluation mode")
    _check_counts(
        channels, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    if x.dtype.kind != "f":
        raise NotImplementedError(f"\"batch_norm\" not implemented for '{input.dtype.title}'")
    half = x.dtype == "float16"
    for other in (weight, bias, running_mean, running_var):
        if other is not None and other._array.dtype != x.dtype and not half:
            raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")
    if not x.size:
        return input.clone()
    axes = (0, *range(2, x.ndim))
    shape = (1, channels, *(1,) * (x.ndim - 2))
    mean, var = (None, None) if training else (running_mean, running_var)
    out, mean, var = ops.normalise(
        input, weight, bias, mean, var, axes, x.shape, shape, eps, "batch"
    )
    if training:
        count = x.size // channels
        unbiased = count / (count - 1) if count > 1 else math.nan
        for running, found, factor in ((running_mean, mean, 1.0), (running_var, var, unbiased)):
            if running is not None:
                array = running._array
                table_of(array).move_average(array, found._array, momentum, factor)
                running._bump("batch_norm")
    return out


def instance_norm(
    input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True,
    momentum=0.1, eps=1e-5,
):  # fmt: skip
    """Each channel of each sample brought to mean 0 and variance 1 over its positions.

    Shapes: input (N, C, ...), the others (C). Without `use_input_stats` the running statistics count.
    (Ulyanov et al., 2016.)

    >>> import tidu
    >>> x = tidu.tensor([[[1.0, 3.0], [10.0, 30.0]]])
    >>> tidu.nn.functional.instance_norm(x)
    tensor([[[-1.0000,  1.0000],
             [-1.0000,  1.0000]]])
    """
    if use_input_stats:
        if math.prod(input.shape[2:]) == 1:
            raise ValueError(
                f"Expected more than 1 spatial element when training, got input size {input.shape}"
            )
    elif running_mean is None or running_var is None:
        raise RuntimeError(
            "Expected running_mean and running_var to be defined when use_input_stats is false"
        )
    shape = input._array.shape
    samples, channels = shape[:2]
    weight, bias, mean, var = (
        None if t is None else t.repeat(samples) for t in (weight, bias, running_mean, running_var)
    )
    # Every channel of every sample is a channel of its own, in a batch of one.
    flat = input.reshape(1, samples * channels, *shape[2:])
    out = batch_norm(flat, mean, var, weight, bias, use_input_stats, momentum, eps)
    if use_input_stats:
        with no_grad():
            for running, found in ((running_mean, mean), (running_var, var)):
                if found is not None:
                    running.copy_(found.reshape(samples, channels).mean(0))
    return out.view(shape)


def _check_normalized(shape, normalized, space=", "):
    if not normalized:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            "element, but got normalized_shape = []"
        )
    if tuple(normalized) != shape[len(shape) - len(normalized) :] or len(normalized) > len(shape):
        words = ", ".join(map(str, normalized))
        raise RuntimeError(
            f"Given normalized_shape={list(normalized)}, expected input with shape [*{space}{words}], "
            f"but got input of size{list(shape)}"
        )


def _check_affine(normalized, **tensors):
    for name, tensor in tensors.items():
        if tensor is not None and tensor._array.shape != tuple(normalized):
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(tensor._array.shape)} and normalized_shape = {list(normalized)}"
            )


def _sizes(name, value):
    if not isinstance(value, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, not "
            f"{type(value).__name__}"
        )
    return tuple(value)


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """The last dimensions, of `normalized_shape`, brought to mean 0 and variance 1.

    weight and bias have that shape too. (Ba et al., 2016.)

    >>> import tidu
    >>> tidu.nn.functional.layer_norm(tidu.tensor([[1.0, 2.0, 3.0]]), (3,))
    tensor([[-1.2247,  0.0000,  1.2247]])
    """
    normalized = _sizes("layer_norm", normalized_shape)
    if not isinstance(input, Tensor):
        need_tensors("layer_norm", input=input)
    x = input._array
    if not _usual(x, normalized, weight, bias):
        _check_layer(input, normalized, weight, bias)
    axes = tuple(range(x.ndim - len(normalized), x.ndim))
    return ops.normalise(
        input, weight, bias, None, None, axes, x.shape, normalized, eps, "layer"
    )[0]


def _usual(x, normalized, weight, bias):
    """Whether these are arguments of layer_norm that need no second look."""
    dtype, rest = x.dtype, x.shape[x.ndim - len(normalized) :]
    return (
        (dtype is _F32 or dtype is _F64)
        and rest == normalized != ()
        and (weight is None or _is_like(weight, rest, dtype))
        and (bias is None or _is_like(bias, rest, dtype))
    )


def _is_like(a, shape, dtype):
    return isinstance(a, Tensor) and a._array.shape == shape and a._array.dtype is dtype


def _check_layer(input, normalized, weight, bias):
    need_tensors("layer_norm", 3, optional=True, weight=weight, bias=bias)
    x = input._array
    if normalized:
        _check_affine(normalized, weight=weight, bias=bias)
    _check_normalized(x.shape, normalized)
    if x.dtype != "float16":  # which may have weights in float32
        if weight is not None and weight.dtype is not input.dtype:
            raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")
        if bias is not None and bias.dtype is not input.dtype:
            raise RuntimeError(f"expected scalar type {input.dtype.title} but found {bias.dtype.title}")
    if x.dtype.kind != "f":
        raise NotImplementedError(f"\"LayerNormKernelImpl\" not implemented for '{input.dtype.title}'")


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """The channels of each group, brought to mean 0 and variance 1 for each sample.

    Shapes: input (N, C, ...), C a multiple of `num_groups`, else RuntimeError; weight and bias
    (C). (Wu and He, 2018.)

    >>> import tidu
    >>> x = tidu.tensor([[1.0, 3.0, 10.0, 30.0]])
    >>> tidu.nn.functional.group_norm(x, num_groups=2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    x = input._array
    if x.ndim < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {x.ndim}"
        )
    samples, channels = x.shape[:2]
    _check_batch([samples * channels // num_groups, num_groups, *x.shape[2:]])
    if num_groups < 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {num_groups}")
    if channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(x.shape)} and num_groups={num_groups}"
        )
    for name, tensor in (("weight", weight), ("bias", bias)):
        if tensor is not None and tensor._array.shape != (channels,):
            # PyTorch names the weight's shape for the bias too.
            found = list((tensor if weight is None else weight)._array.shape)
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, "
                f"but got {name} of shape {found} and input of shape {list(x.shape)}"
            )
    if x.dtype.kind != "f":
        raise NotImplementedError(f"\"GroupNormKernelImpl\" not implemented for '{input.dtype.title}'")
    each = channels // num_groups
    view = (samples, num_groups, each, *x.shape[2:])
    shape = (1, num_groups, each, *(1,) * (x.ndim - 2))
    axes = tuple(range(2, len(view)))
    return ops.normalise(input, weight, bias, None, None, axes, view, shape, eps, "group")[0]


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """The last dimensions, divided by the root of their mean square. (Zhang and Sennrich, 2019.)

    `normalized_shape`: the last dimensions' sizes, which `weight` has too. `eps` is added to the
    mean square; without it the dtype's own epsilon is.

    >>> import tidu
    >>> tidu.nn.functional.rms_norm(tidu.tensor([[1.0, 7.0]]), (2,))
    tensor([[0.2000, 1.4000]])
    """
    normalized = _sizes("rms_norm", normalized_shape)
    need_tensors("rms_norm", input=input)
    need_tensors("rms_norm", 3, optional=True, weight=weight)
    x = input._array
    if normalized:
        _check_affine(normalized, weight=weight)
    _check_normalized(x.shape, normalized, "")
    if x.dtype.kind not in "fc":
        raise NotImplementedError(f"\"rms_norm\" not implemented for '{input.dtype.title}'")
    if eps is None:
        import numpy as np

        eps = float(np.finfo("float32" if x.dtype == "float16" else x.dtype).eps)
    return ops.rms_normalise(input, weight, len(normalized), eps)[0]


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """input / (k + alpha * mean of squares over `size` neighbouring channels) ** beta.

    Shapes: (N, C, ...) of three dimensions or more. (Krizhevsky et al., 2012.)

    >>> import tidu
    >>> x = tidu.tensor([[[1.0], [2.0], [3.0]]])
    >>> tidu.nn.functional.local_response_norm(x, size=3, alpha=3.0, beta=1.0).flatten()
    tensor([0.1667, 0.1333, 0.2143])
    """
    dim = input.dim()
    if dim < 3:
        raise ValueError(
            "Expected 3D or higher dimensionality                          input (got "
            f"{dim} dimensions)"
        )
    if not input.numel():
        return input
    squares = input.mul(input)
    before, after = size // 2, (size - 1) // 2
    if dim == 3:
        squares = pad(squares.unsqueeze(1), (0, 0, before, after))
        squares = avg_pool2d(squares, (size, 1), stride=1).squeeze(1)
    else:
        shape = input.shape
        squares = squares.view(shape[0], 1, shape[1], shape[2], -1)
        squares = pad(squares, (0, 0, 0, 0, before, after))
        squares = avg_pool3d(squares, (size, 1, 1), stride=1).squeeze(1).view(shape)
    return input / (squares * alpha + k).pow(beta)


def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """The vectors along `dim`, divided by their p-norm, which counts as `eps` at least.

    Keeps the shape. `out`: a tensor that takes the result.

    >>> import tidu
    >>> tidu.nn.functional.normalize(tidu.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    lengths = norm(input, p, dim, True).clamp_min(eps)
    if out is not None:
        from ...ops.arithmetic import div

        return div(input, lengths.expand_as(input), out=out)
    return input / lengths.expand_as(input)
