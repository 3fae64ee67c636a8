"""Convolutions: PyTorch's conditions on the arguments, around the operations of `ops/convolution`."""

from __future__ import annotations

from ... import dtypes
from ...ops.checks import need_tensors
from ...ops.convolution import convolution, convolution_input
from ...tensor import Tensor

__all__ = [
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
]  # fmt: skip

_convolution, _convolution_input = convolution.op.apply, convolution_input.op.apply
_C_NAMES = {
    "Float": "float", "Double": "double", "Long": "long int", "Int": "int", "Short": "short",
    "Char": "signed char", "Byte": "unsigned char", "Bool": "bool", "Half": "c10::Half",
    "ComplexFloat": "c10::complex<float>", "ComplexDouble": "c10::complex<double>",
}  # fmt: skip
_AXES = {1: ("width",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def _entries(name, value, dims):
    """An int or several as a tuple with one entry for each spatial dimension."""
    if type(value) is int:
        return (value,) * dims
    if isinstance(value, (tuple, list)):
        if len(value) == dims:
            return tuple(value)
        if len(value) == 1:
            return (value[0],) * dims
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {dims} values to match the "
            f"convolution dimensions, but got {name}={list(value)}"
        )
    return (value.__index__(),) * dims


def _check_tensors(name, input, weight, bias):
    need_tensors(name, input=input, weight=weight)
    if bias is not None and not isinstance(bias, Tensor):
        need_tensors(name, input=input, weight=weight, bias=bias)


def _check_dtypes(x, w, bias):
    title = dtypes.of(x).title
    if bias is not None and bias.dtype != x.dtype:
        found = dtypes.of(bias).title
        raise RuntimeError(
            f"Input type ({_C_NAMES.get(title, title)}) and bias type "
            f"({_C_NAMES.get(found, found)}) should be the same"
        )
    if w.dtype != x.dtype:
        raise RuntimeError(f"expected scalar type {title} but found {dtypes.of(w).title}")


def _check_ndim(x, w, dims, stride, same):
    """The weight's number of dimensions; PyTorch reads that of the convolution from it."""
    if w.ndim == dims + 2:
        return
    if w.ndim < 3:
        raise RuntimeError("weight should have at least three dimensions")
    if not same:
        _entries("stride", [stride] * dims if isinstance(stride, int) else stride, w.ndim - 2)
    raise RuntimeError(
        f"Expected {w.ndim}-dimensional input for {w.ndim}-dimensional weight{list(w.shape)}, but "
        f"got {x.ndim}-dimensional input of size {list(x.shape)} instead"
    )


def _check_sizes(x, w, bias, stride, padding, dilation, groups, transposed, output_padding):
    """PyTorch's conditions, in its order."""
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(output_padding) < 0:
        raise RuntimeError("negative output_padding is not supported")
    if min(stride) <= 0:
        raise RuntimeError("non-positive stride is not supported")
    if min(dilation) < 0:
        raise RuntimeError("dilation should be greater than zero")
    if min(dilation) == 0:
        raise RuntimeError(f"dilation should be greater than zero, but got {list(dilation)}")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    shape, size = list(w.shape), list(x.shape)
    if shape[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got "
            f"weight of size {shape} instead"
        )
    if shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but "
            f"got weight of size [{shape}] instead"
        )
    want = shape[0] if transposed else shape[1] * groups
    if size[1] != want:
        given = "transposed=1" if transposed else f"groups={groups}"
        raise RuntimeError(
            f"Given {given}, weight of size {shape}, expected input{size} to have {want} channels, "
            f"but got {size[1]} channels instead"
        )
    outputs = shape[1] * groups if transposed else shape[0]
    if bias is not None and bias.shape != (outputs,):
        given = "transposed=1, weight" if transposed else "weight"
        raise RuntimeError(
            f"Given {given} of size {shape}, expected bias to be 1-dimensional with {outputs} "
            f"elements, but got bias of size {list(bias.shape)} instead"
        )
    names = _AXES[w.ndim - 2]
    if 0 in shape[2:]:
        kernel = " ".join(f"kernel_{a}: {n}" for a, n in zip(names, shape[2:]))
        raise RuntimeError(f"kernel size should be greater than zero, but got {kernel}")
    if not transposed:
        wide = [n + 2 * p for n, p in zip(size[2:], padding)]
        reach = [d * (n - 1) + 1 for n, d in zip(shape[2:], dilation)]
        if any(n < r for n, r in zip(wide, reach)):
            raise RuntimeError(
                f"Calculated padded input size per channel: ({' x '.join(map(str, wide))}). Kernel "
                f"size: ({' x '.join(map(str, reach))}). Kernel size can't be greater than actual "
                "input size"
            )
    elif any(o >= s and o >= d for o, s, d in zip(output_padding, stride, dilation)):
        found = [
            f"{what}_{a}: {n}"
            for what, values in (
                ("output_padding", output_padding), ("stride", stride), ("dilation", dilation)
            )
            for a, n in zip(names, values)
        ]  # fmt: skip
        raise RuntimeError(
            "output padding must be smaller than either stride or dilation, but got "
            + " ".join(found)
        )


def _batched(name, input, dims):
    """The input with a batch dimension, and whether it had one."""
    ndim = input._array.ndim
    if ndim == dims + 2:
        return input, True
    if ndim == dims + 1:
        return input.unsqueeze(0), False
    raise RuntimeError(
        f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got input "
        f"of size: {list(input._array.shape)}"
    )


def _same_padding(input, weight, stride, dilation, dims):
    """The padding on both sides for padding="same", and the input, padded where they differ."""
    if max(stride) > 1:
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    total = [d * (n - 1) for n, d in zip(weight._array.shape[2:], dilation)]
    if any(t % 2 for t in total):
        import warnings

        from ...ops.padding import pad

        warnings.warn(
            "Using padding='same' with even kernel lengths and odd dilation may require a "
            "zero-padded copy of the input be created",
            stacklevel=4,
        )
        extra = []
        for t in reversed(total):
            extra += [0, t % 2]
        input = pad(input, extra)
    return input, tuple(t // 2 for t in total)


def _conv(name, dims, input, weight, bias, stride, padding, dilation, groups):
    try:
        x, w = input._array, weight._array
        b = None if bias is None else bias._array
    except AttributeError:
        _check_tensors(name, input, weight, bias)
        raise
    if x.dtype != w.dtype or (b is not None and b.dtype != x.dtype):
        _check_dtypes(x, w, b)
    input, batched = _batched(name, input, dims)
    _check_ndim(input._array, w, dims, stride, padding == "same")
    stride = _entries("stride", stride, dims)
    dilation = _entries("dilation", dilation, dims)
    if isinstance(padding, str):
        if padding == "same":
            input, padding = _same_padding(input, weight, stride, dilation, dims)
        elif padding == "valid":
            padding = (0,) * dims
        else:
            raise RuntimeError(f"Invalid padding string: '{padding}'")
    else:
        padding = _entries("padding", padding, dims)
    _check_sizes(
        input._array, w, b, stride, padding, dilation, groups, False, (0,) * dims
    )
    out = _convolution(input, weight, bias, stride, padding, dilation, groups)
    return out if batched else out.squeeze(0)


def _conv_transpose(
    name, dims, input, weight, bias, stride, padding, output_padding, groups, dilation
):
    _check_tensors(name, input, weight, bias)
    b = None if bias is None else bias._array
    _check_dtypes(input._array, weight._array, b)
    input, batched = _batched(name, input, dims)
    _check_ndim(input._array, weight._array, dims, stride, False)
    stride = _entries("stride", stride, dims)
    padding = _entries("padding", padding, dims)
    output_padding = _entries("output_padding", output_padding, dims)
    dilation = _entries("dilation", dilation, dims)
    x, w = input._array, weight._array
    _check_sizes(x, w, b, stride, padding, dilation, groups, True, output_padding)
    size = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + o + 1
        for n, s, p, d, k, o in zip(
            x.shape[2:], stride, padding, dilation, w.shape[2:], output_padding
        )
    )
    if min(size) < 1:
        raise RuntimeError(
            f"Given input size per channel: ({' x '.join(map(str, x.shape[2:]))}). Calculated output "
            f"size per channel: ({' x '.join(map(str, size))}). Output size is too small"
        )
    out = _convolution_input(input, weight, bias, size, stride, padding, dilation, groups)
    return out if batched else out.squeeze(0)


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Each window of the input times the weight, summed.

    Shapes: input (N, C, L) or (C, L), weight (O, C/groups, K), bias (O). `padding`: a number of
    zeros on both sides, "valid" (none) or "same" (as many outputs as inputs).

    >>> import tidu
    >>> tidu.nn.functional.conv1d(tidu.ones(1, 1, 4), tidu.ones(1, 1, 3))
    tensor([[[3., 3.]]])
    """
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Each window of the input times the weight, summed.

    Shapes: input (N, C, H, W) or (C, H, W), weight (O, C/groups, KH, KW), bias (O). `padding`: a
    number of zeros on both sides, "valid" (none) or "same" (as many outputs as inputs).

    >>> import tidu
    >>> tidu.nn.functional.conv2d(tidu.ones(1, 1, 3, 3), tidu.ones(1, 1, 2, 2), padding=1)[0, 0, 0]
    tensor([1., 2., 2., 1.])
    """
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Each window of the input times the weight, summed.

    Shapes: input (N, C, D, H, W) or (C, D, H, W), weight (O, C/groups, KD, KH, KW), bias (O).

    >>> import tidu
    >>> tidu.nn.functional.conv3d(tidu.ones(1, 2, 3, 4, 4), tidu.ones(5, 2, 2, 3, 3)).shape
    tidu.Size([1, 5, 2, 2, 2])
    """
    return _conv("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The gradient of `conv1d` with respect to its input, as a layer: it enlarges.

    Shapes: input (N, C, L) or (C, L), weight (C, O/groups, K), bias (O).

    >>> import tidu
    >>> tidu.nn.functional.conv_transpose1d(tidu.ones(1, 1, 2), tidu.ones(1, 1, 2), stride=2)
    tensor([[[1., 1., 1., 1.]]])
    """
    return _conv_transpose(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The gradient of `conv2d` with respect to its input, as a layer: it enlarges.

    Shapes: input (N, C, H, W) or (C, H, W), weight (C, O/groups, KH, KW), bias (O).

    >>> import tidu
    >>> x, kernel = tidu.tensor([[[[1.0, 2.0]]]]), tidu.ones(1, 1, 2, 2)
    >>> tidu.nn.functional.conv_transpose2d(x, kernel, stride=2)
    tensor([[[[1., 1., 2., 2.],
              [1., 1., 2., 2.]]]])
    """
    return _conv_transpose(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose3d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The gradient of `conv3d` with respect to its input, as a layer: it enlarges.

    Shapes: input (N, C, D, H, W) or (C, D, H, W), weight (C, O/groups, KD, KH, KW), bias (O).

    >>> import tidu
    >>> x, kernel = tidu.ones(1, 2, 2, 3, 3), tidu.ones(2, 5, 2, 2, 2)
    >>> tidu.nn.functional.conv_transpose3d(x, kernel, stride=2).shape
    tidu.Size([1, 5, 4, 6, 6])
    """
    return _conv_transpose(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )
