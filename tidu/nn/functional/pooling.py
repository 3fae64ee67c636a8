"""Pooling: PyTorch's conditions on the arguments, around the operations of `ops/pooling`."""

from __future__ import annotations

from functools import lru_cache

from ...autograd.public import operations as ops
from ...backend.pooling import flat_indices, out_size
from ...ops import pooling as _declared  # noqa: F401  (declares its operations)
from ...tensor import Tensor

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d", "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d", "adaptive_max_pool3d_with_indices", "avg_pool1d", "avg_pool2d",
    "avg_pool3d", "fractional_max_pool2d", "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d", "fractional_max_pool3d_with_indices", "lp_pool1d", "lp_pool2d",
    "lp_pool3d", "max_pool1d", "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices",
    "max_pool3d", "max_pool3d_with_indices", "max_unpool1d", "max_unpool2d", "max_unpool3d",
]  # fmt: skip

_WORDS = {1: "one int", 2: "two ints", 3: "three ints"}


def _tensor(name, input):
    if not isinstance(input, Tensor):
        from ...errors import class_name

        raise TypeError(
            f"{name}(): argument 'input' (position 1) must be Tensor, not {class_name(input)}"
        )


def _entries(name, what, value, dims):
    """An int or several as a tuple with one entry for each spatial dimension."""
    if isinstance(value, (tuple, list)):
        if len(value) == dims:
            return tuple(value)
        if len(value) == 1:
            return (value[0],) * dims
        if dims == 1:
            raise RuntimeError(f"{name}() argument '{what}' should contain one int (got {len(value)})")
        either = "either be omitted, a single int," if what == "stride" else "either be a single int,"
        if name == "avg_pool3d":
            either = "be omitted, a single int," if what == "stride" else "be a single int,"
        raise RuntimeError(f"{name}: {what} must {either} or a tuple of {_WORDS[dims]}")
    try:
        return (value.__index__(),) * dims
    except AttributeError:
        position = {"kernel_size": 2, "stride": 3, "padding": 4, "dilation": 5}[what]
        raise TypeError(
            f"{name}(): argument '{what}' (position {position}) must be tuple of ints, not "
            f"{type(value).__name__}"
        ) from None


def _window(name, dims, kernel_size, stride, padding, dilation=1):
    kernel = _entries(name, "kernel_size", kernel_size, dims)
    if stride is None or (isinstance(stride, (tuple, list)) and not stride):
        stride = kernel
    else:
        stride = _entries(name, "stride", stride, dims)
    padding = _entries(name, "padding", padding, dims)
    return kernel, stride, padding, _entries(name, "dilation", dilation, dims)


def _check_window(shape, dims, kernel, stride, padding, dilation, ceil_mode, average):
    """PyTorch's conditions for a window over an input of `shape`."""
    if min(stride) <= 0:
        raise RuntimeError("stride should not be zero")
    if min(dilation) <= 0:
        found = " ".join(f"dilation{a}: {d}" for a, d in zip("THW"[-dims:], dilation))
        raise RuntimeError(f"dilation should be greater than zero, but got {found}")
    for p, k, d in zip(padding, kernel, dilation):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > ((k - 1) * d + 1) // 2:
            raise RuntimeError(
                "pad should be at most half of effective kernel size, but got "
                f"pad={p}, kernel_size={k} and dilation={d}"
            )
    if min(kernel) <= 0:
        found = " ".join(f"k{a}: {k}" for a, k in zip("THW"[-dims:], kernel))
        raise RuntimeError(f"kernel size should be greater than zero, but got {found}")
    size = shape[-dims:]
    if dims == 2 and (0 in shape[-3:] or len(shape) > 4):
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but "
            f"got:{list(shape)}"
        )
    if dims == 3 and 0 in shape[-4:]:
        name = "avg_pool3d" if average else "max_pool3d_with_indices_out_cpu_template"
        raise RuntimeError(
            f"{name}(): Expected input's non-batch dimensions to have positive length, but input has "
            f"a shape of {list(shape)} and non-batch dimension 0 has length zero!"
        )
    if average and dims == 3 and any(n + 2 * p < k for n, p, k in zip(size, padding, kernel)):
        found = " ".join(f"{a}: {n}" for a, n in zip("THW", size))
        wide = " ".join(f"k{a}: {n}" for a, n in zip("THW", kernel))
        raise RuntimeError(f"input image ({found}) smaller than kernel size ({wide})")
    out = out_size(size, kernel, stride, padding, dilation, ceil_mode)
    if min(out) < 1:
        channels = shape[-dims - 1]
        raise RuntimeError(
            f"Given input size: ({'x'.join(map(str, (channels, *size)))}). Calculated output size: "
            f"({'x'.join(map(str, (channels, *(max(n, 0) for n in out))))}). Output size is too small"
        )


def _check_ndim(shape, dims):
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"non-empty {dims + 1}D or {dims + 2}D (batch mode) tensor expected for input"
        )


# The largest of each window


def _max_window(name, dims, shape, kernel_size, stride, padding, dilation, ceil_mode):
    """The window as tuples, after PyTorch's conditions for an input of `shape`."""
    kernel, stride, padding, dilation = _window(name, dims, kernel_size, stride, padding, dilation)
    _check_ndim(shape, dims)
    _check_window(shape, dims, kernel, stride, padding, dilation, ceil_mode, False)
    return kernel, stride, padding, dilation


_checked_window = lru_cache(256)(_max_window)  # for ints


def _max_pool(name, dims, input, kernel_size, stride, padding, dilation, ceil_mode, indices):
    _tensor(name, input)
    shape = input._array.shape
    if type(kernel_size) is int is type(padding) is type(dilation) and type(stride) in (int, type(None)):
        window = _checked_window(name, dims, shape, kernel_size, stride, padding, dilation, ceil_mode)
    else:
        window = _max_window(name, dims, shape, kernel_size, stride, padding, dilation, ceil_mode)
    kernel, stride, padding, dilation = window
    out, place = ops.max_pool(input, kernel, stride, padding, dilation, bool(ceil_mode))
    if not indices:
        return out
    place = place._array
    full = place if place.ndim == dims + 2 else place[None]
    flat = flat_indices(full, kernel, stride, padding, dilation, shape[-dims:])
    return out, Tensor._wrap(flat.reshape(place.shape))


def _check_max_pool1d(shape, kernel, stride, padding, dilation, ceil_mode):
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for "
            f"input, but got:{list(shape)}"
        )
    for what, value, accept in (("kernel_size", kernel, ""), ("stride", stride, "None, "),
                                ("padding", padding, ""), ("dilation", dilation, "")):  # fmt: skip
        if isinstance(value, (tuple, list)) and len(value) > 1:
            forms = "None, an int, list of ints, or tuple of ints" if accept else (
                "an int, list of ints or tuple of ints"
            )
            raise RuntimeError(
                f"max_pool1d() {what} must be {forms} of size 1 but got size {len(value)}"
            )
    (k,), (s,), (p,), (d,) = _window("max_pool1d", 1, kernel, stride, padding, dilation)
    for what, value in (("kernel_size", k), ("stride", s)):
        if value <= 0:
            raise RuntimeError(f"max_pool1d() {what} must be greater than zero, but got {value}")
    if p < 0:
        raise RuntimeError(f"max_pool1d() padding must be non-negative, but got {p}")
    if p > k // 2:
        raise RuntimeError(
            f"max_pool1d() padding should be at most half of kernel size, but got padding={p} and "
            f"kernel_size={k}"
        )
    if d <= 0:
        raise RuntimeError(f"max_pool1d() dilation must be greater than zero, but got {d}")
    (m,) = out_size(shape[-1:], (k,), (s,), (p,), (d,), ceil_mode)
    if m <= 0:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {m}")
    return (1, k), (1, s), (0, p), (1, d)


def max_pool1d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """The largest element of each window of a signal (N, C, L) or (C, L).

    `stride` is `kernel_size` unless given; `return_indices`: also gives where the maxima lie.

    >>> import tidu
    >>> tidu.nn.functional.max_pool1d(tidu.tensor([[1.0, 3.0, 2.0, 5.0]]), 2)
    tensor([[3., 5.]])
    """
    _tensor("max_pool1d", input)
    shape = input._array.shape
    if return_indices:  # PyTorch goes straight to two dimensions and its errors
        (k,), (s,), (p,), (d,) = _window("max_pool1d", 1, kernel_size, stride, padding, dilation)
        window = (1, k), (1, s), (0, p), (1, d)
    else:
        window = _check_max_pool1d(shape, kernel_size, stride, padding, dilation, ceil_mode)
    if not return_indices and input._array.dtype.kind != "f":
        raise NotImplementedError(f"\"max_pool1d_impl\" not implemented for '{input.dtype.title}'")
    found = _max_pool("max_pool2d", 2, input.unsqueeze(-2), *window, ceil_mode, return_indices)
    if return_indices:
        return found[0].squeeze(-2), found[1].squeeze(-2)
    return found.squeeze(-2)


def max_pool2d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """The largest element of each window of an image (N, C, H, W) or (C, H, W).

    `stride` is `kernel_size` unless given; `return_indices`: also gives where the maxima lie.

    >>> import tidu
    >>> tidu.nn.functional.max_pool2d(tidu.arange(16.0).reshape(1, 4, 4), 2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    return _max_pool(
        "max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool3d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """The largest element of each window of a volume (N, C, D, H, W) or (C, D, H, W).

    `stride` is `kernel_size` unless given; `return_indices`: also gives where the maxima lie.

    >>> import tidu
    >>> tidu.nn.functional.max_pool3d(tidu.arange(16.0).view(1, 2, 2, 4), 2)
    tensor([[[[13., 15.]]]])
    """
    return _max_pool(
        "max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def _with_indices(function, dims, sizes):
    """The variant that always gives the indices too.

    For the example in its docstring: `sizes`, with which it pools a cube of edge 2 to one element.
    """

    def call(*args, **kwargs):
        kwargs["return_indices"] = True
        return function(*args, **kwargs)

    call.__name__ = call.__qualname__ = function.__name__ + "_with_indices"
    shape, last = ", ".join(["1"] + ["2"] * dims), 2**dims - 1
    left, right = "[" * (dims + 1), "]" * (dims + 1)
    call.__doc__ = f"""`{function.__name__}` with `return_indices=True`: (values, their places).

    >>> import tidu
    >>> x = tidu.arange({last + 1}.0).view({shape})
    >>> tidu.nn.functional.{call.__name__}(x, {sizes})
    (tensor({left}{last}.{right}), tensor({left}{last}{right}))
    """
    return call


max_pool1d_with_indices = _with_indices(max_pool1d, 1, "2")
max_pool2d_with_indices = _with_indices(max_pool2d, 2, "2")
max_pool3d_with_indices = _with_indices(max_pool3d, 3, "2")


# The mean of each window


def _avg_pool(name, dims, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor):
    _tensor(name, input)
    kernel, stride, padding, ones = _window(name, dims, kernel_size, stride, padding)
    shape = input._array.shape
    if divisor is not None and divisor == 0:
        raise RuntimeError("divisor must be not zero")
    if dims == 3:
        _check_ndim(shape, dims)
    elif len(shape) < 3:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [-{len(shape)}, {len(shape) - 1}], "
            "but got -3)"
        )
    _check_window(shape, dims, kernel, stride, padding, ones, ceil_mode, True)
    return ops.avg_pool(
        input, kernel, stride, padding, bool(ceil_mode), bool(count_include_pad), divisor
    )


def _check_1d(name, shape):
    if len(shape) not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {len(shape)}-dimensional tensor for argument #1 "
            f"'self' (while checking arguments for {name})"
        )


def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window of a signal (N, C, L) or (C, L).

    `stride` is `kernel_size` unless given; `padding`: zeros on both sides, which count as elements
    unless `count_include_pad` is False; `ceil_mode`: a last window that is not full counts too.

    >>> import tidu
    >>> tidu.nn.functional.avg_pool1d(tidu.tensor([[1.0, 3.0, 2.0, 5.0]]), 2)
    tensor([[2.0000, 3.5000]])
    """
    _tensor("avg_pool1d", input)
    (k,), (s,), (p,), _ = _window("avg_pool1d", 1, kernel_size, stride, padding)
    _check_1d("avg_pool1d", input._array.shape)
    found = _avg_pool(
        "avg_pool2d", 2, input.unsqueeze(-2), (1, k), (1, s), (0, p), ceil_mode, count_include_pad, None
    )
    return found.squeeze(-2)


def avg_pool2d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
    divisor_override=None,
):  # fmt: skip
    """The mean of each window of an image (N, C, H, W) or (C, H, W).

    `count_include_pad`: zeros of the padding count as elements; `divisor_override`: divide the
    window's sum by this instead.

    >>> import tidu
    >>> tidu.nn.functional.avg_pool2d(tidu.arange(16.0).reshape(1, 4, 4), 2)
    tensor([[[ 2.5000,  4.5000],
             [10.5000, 12.5000]]])
    """
    return _avg_pool(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
        divisor_override,
    )  # fmt: skip


def avg_pool3d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
    divisor_override=None,
):  # fmt: skip
    """The mean of each window of a volume (N, C, D, H, W) or (C, D, H, W).

    `count_include_pad`: zeros of the padding count as elements; `divisor_override`: divide the
    window's sum by this instead.

    >>> import tidu
    >>> tidu.nn.functional.avg_pool3d(tidu.arange(16.0).view(1, 2, 2, 4), 2)
    tensor([[[[6.5000, 8.5000]]]])
    """
    return _avg_pool(
        "avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
        divisor_override,
    )  # fmt: skip


# The p-norm of each window


def _lp_pool(pool, dims, input, norm_type, kernel_size, stride, ceil_mode):
    from ...ops.activation import relu

    if dims == 1:
        count = kernel_size[0] if isinstance(kernel_size, (tuple, list)) else kernel_size
    else:
        count = 1
        for n in _entries("lp_pool", "kernel_size", kernel_size, dims):
            count *= n
    out = pool(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return (out.sign() * relu(out.abs())).mul(count).pow(1.0 / norm_type)


def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """(sum of x ** norm_type) ** (1 / norm_type) over each window of a signal (N, C, L) or (C, L).

    >>> import tidu
    >>> x = tidu.tensor([[3.0, 4.0, 6.0, 8.0]])
    >>> tidu.nn.functional.lp_pool1d(x, norm_type=2, kernel_size=2)
    tensor([[ 5., 10.]])
    """
    return _lp_pool(avg_pool1d, 1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """(sum of x ** norm_type) ** (1 / norm_type) over each window of an image (N, C, H, W).

    >>> import tidu
    >>> x = tidu.tensor([[[[3.0, 4.0], [0.0, 0.0]]]])
    >>> tidu.nn.functional.lp_pool2d(x, norm_type=2, kernel_size=2)
    tensor([[[[5.]]]])
    """
    return _lp_pool(avg_pool2d, 2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """(sum of x ** norm_type) ** (1 / norm_type) over each window of a volume (N, C, D, H, W).

    >>> import tidu
    >>> tidu.nn.functional.lp_pool3d(tidu.ones(1, 1, 2, 2, 4), norm_type=3, kernel_size=2)
    tensor([[[[[2., 2.]]]]])
    """
    return _lp_pool(avg_pool3d, 3, input, norm_type, kernel_size, stride, ceil_mode)


# Windows that divide the input into a given number of parts


def _full_size(output_size, shape, dims):
    """The wanted size, with the input's own where None stands."""
    if not isinstance(output_size, (tuple, list)):
        return (output_size,) * dims if output_size is not None else tuple(shape[-dims:])
    if len(shape) <= len(output_size):
        raise ValueError(f"Input dimension should be at least {len(output_size) + 1}")
    return tuple(
        n if m is None else m for m, n in zip(output_size, shape[len(shape) - len(output_size) :])
    )


def _check_adaptive(name, shape, dims, size, colon=""):
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got{colon} {list(shape)}"
        )
    for i in range(len(shape) - dims, len(shape)):
        if shape[i] == 0:
            raise RuntimeError(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input "
                f"has sizes {list(shape)} with dimension {i} being empty"
            )


def _one(name, output_size):
    if isinstance(output_size, (tuple, list)):
        if len(output_size) != 1:
            raise RuntimeError(
                f"{name}() argument 'output_size' should contain one int (got {len(output_size)})"
            )
        return output_size[0]
    return output_size


def _adaptive_avg(name, dims, input, output_size):
    _tensor(name, input)
    shape = input._array.shape
    size = _full_size(output_size, shape, dims)
    if len(size) != dims:
        raise RuntimeError(f"{name}: output_size must be {dims}")
    if min(size) < 0:
        words = f"{size[0]}, " + ",".join(map(str, size[1:]))  # as PyTorch spaces them
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received "
            f"{{{words}}}"
        )
    if all(m == 1 for m in size):
        return input.mean(tuple(range(-dims, 0)), True)
    _check_adaptive(name, shape, dims, size)
    if input._array.dtype.kind != "f":
        kernel = name + "_cpu" * (dims == 3)
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{input.dtype.title}'")
    return ops.adaptive_avg_pool(input, size)


def adaptive_avg_pool1d(input, output_size):
    """The means of `output_size` windows that cover a signal (N, C, L) or (C, L).

    >>> import tidu
    >>> tidu.nn.functional.adaptive_avg_pool1d(tidu.tensor([[0.0, 2.0, 4.0, 6.0, 8.0]]), 2)
    tensor([[2., 6.]])
    """
    _tensor("adaptive_avg_pool1d", input)
    _check_1d("adaptive_avg_pool1d", input._array.shape)
    size = (1, _one("adaptive_avg_pool1d", output_size))
    return _adaptive_avg("adaptive_avg_pool2d", 2, input.unsqueeze(-2), size).squeeze(-2)


def adaptive_avg_pool2d(input, output_size):
    """The means of windows that divide an image into `output_size` parts (None: as many as now).

    Shapes: (N, C, H, W) or (C, H, W); the windows overlap where the size does not divide.

    >>> import tidu
    >>> tidu.nn.functional.adaptive_avg_pool2d(tidu.arange(16.0).reshape(1, 4, 4), (1, 2))
    tensor([[[6.5000, 8.5000]]])
    """
    return _adaptive_avg("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input, output_size):
    """The means of windows that divide a volume into `output_size` parts (None: as many as now).

    Shapes: (N, C, D, H, W) or (C, D, H, W).

    >>> import tidu
    >>> tidu.nn.functional.adaptive_avg_pool3d(tidu.arange(16.0).view(1, 2, 2, 4), (1, 1, 2))
    tensor([[[[6.5000, 8.5000]]]])
    """
    return _adaptive_avg("adaptive_avg_pool3d", 3, input, output_size)


def _adaptive_max(name, dims, input, output_size, indices):
    _tensor(name, input)
    shape = input._array.shape
    size = _full_size(output_size, shape, dims)
    _check_adaptive(name, shape, dims, size, ":")
    if len(size) != dims:
        raise RuntimeError(f"{name}(): internal error: output_size.size() must be {dims}")
    if min(size) < 0:
        want = [*shape[:-dims], *size]
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {min(want)}: {want}"
        )
    found = ops.adaptive_max_pool(input, size)
    return found if indices else found[0]


def adaptive_max_pool1d(input, output_size, return_indices=False):
    """The largest elements of `output_size` windows that cover a signal (N, C, L) or (C, L).

    `return_indices`: also gives where they lie.

    >>> import tidu
    >>> x = tidu.tensor([[1.0, 9.0, 2.0, 3.0]])
    >>> tidu.nn.functional.adaptive_max_pool1d(x, 2, return_indices=True)
    (tensor([[9., 3.]]), tensor([[1, 3]]))
    """
    _tensor("adaptive_max_pool1d", input)
    _check_1d("adaptive_max_pool1d", input._array.shape)
    size = (1, _one("adaptive_max_pool1d", output_size))
    out, where = _adaptive_max("adaptive_max_pool2d", 2, input.unsqueeze(-2), size, True)
    out = out.squeeze(-2)
    return (out, where.squeeze(-2)) if return_indices else out


def adaptive_max_pool2d(input, output_size, return_indices=False):
    """The largest elements of windows that divide an image into `output_size` parts.

    Shapes: (N, C, H, W) or (C, H, W); None as a part of the size: as many as now. `return_indices`:
    also gives where they lie.

    >>> import tidu
    >>> tidu.nn.functional.adaptive_max_pool2d(tidu.arange(16.0).view(1, 4, 4), (2, 1))
    tensor([[[ 7.],
             [15.]]])
    """
    return _adaptive_max("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input, output_size, return_indices=False):
    """The largest elements of windows that divide a volume into `output_size` parts.

    Shapes: (N, C, D, H, W) or (C, D, H, W). `return_indices`: also gives where they lie.

    >>> import tidu
    >>> tidu.nn.functional.adaptive_max_pool3d(tidu.arange(16.0).view(1, 2, 2, 4), (1, 1, 2))
    tensor([[[[13., 15.]]]])
    """
    return _adaptive_max("adaptive_max_pool3d", 3, input, output_size, return_indices)


adaptive_max_pool1d_with_indices = _with_indices(adaptive_max_pool1d, 1, "1")
adaptive_max_pool2d_with_indices = _with_indices(adaptive_max_pool2d, 2, "1")
adaptive_max_pool3d_with_indices = _with_indices(adaptive_max_pool3d, 3, "1")


# Windows at random places


def _fractional(name, dims, input, kernel_size, output_size, output_ratio, indices, samples):
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    _tensor(name, input)
    shape = input._array.shape
    kernel = _entries(name, "kernel_size", kernel_size, dims)
    if output_size is None:
        ratio = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * dims
        if len(ratio) > len(shape) - 2 and len(shape) != dims + 1:
            raise ValueError(
                "output_ratio requires a tuple or list of length equal to the spatial dimensions"
            )
        size = tuple(int(n * r) for n, r in zip(shape[-dims:], ratio))
    else:
        size = _entries(name, "output_size", output_size, dims)
    _check_ndim(shape, dims)
    title, order = (f"{name}_out", (-3, -1, -2)) if dims == 3 else (name, (-2, -1))
    for i in order:
        n, k, m, what = shape[i], kernel[i], size[i], ("time", "height", "width")[i]
        if m + k - (dims == 2) > n:  # of volumes PyTorch wants one element more than it needs
            raise RuntimeError(
                f"{title}(): pool {what} {k} too large relative to input {what} {n}"
            )
    if samples is None:
        from ...ops.random import rand

        lead = shape[:2] if len(shape) == dims + 2 else (1, shape[0])
        samples = rand(*lead, dims, dtype=input.dtype)
    found = ops.fractional_max_pool(input, kernel, size, samples)
    return found if indices else found[0]


def fractional_max_pool2d(
    input, kernel_size, output_size=None, output_ratio=None, return_indices=False,
    _random_samples=None,
):  # fmt: skip
    """The largest elements of `output_size` windows at random, evenly spread places of an image.

    Shapes: (N, C, H, W) or (C, H, W). `output_ratio`: the size as a share of the input's; without
    either ValueError is raised. (Graham, 2014.)

    >>> import tidu
    >>> x = tidu.arange(25.0).view(1, 5, 5)
    >>> out = tidu.nn.functional.fractional_max_pool2d(x, kernel_size=2, output_size=3)
    >>> out.shape, out[0, 2, 2]
    (tidu.Size([1, 3, 3]), tensor(24.))
    """
    return _fractional(
        "fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, return_indices,
        _random_samples,
    )  # fmt: skip


def fractional_max_pool3d(
    input, kernel_size, output_size=None, output_ratio=None, return_indices=False,
    _random_samples=None,
):  # fmt: skip
    """The largest elements of `output_size` windows at random, evenly spread places of a volume.

    Shapes: (N, C, D, H, W) or (C, D, H, W). `output_ratio`: as in `fractional_max_pool2d`.

    >>> import tidu
    >>> x = tidu.arange(64.0).view(1, 4, 4, 4)
    >>> tidu.nn.functional.fractional_max_pool3d(x, kernel_size=2, output_ratio=0.5).shape
    tidu.Size([1, 2, 2, 2])
    """
    return _fractional(
        "fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, return_indices,
        _random_samples,
    )  # fmt: skip


fractional_max_pool2d_with_indices = _with_indices(fractional_max_pool2d, 2, "2, 1")
fractional_max_pool3d_with_indices = _with_indices(fractional_max_pool3d, 3, "1, 1")


# Back from the maxima


def _unpool_size(shape, kernel, stride, padding, output_size):
    default = [
        (n - 1) * s + k - 2 * p for n, k, s, p in zip(shape[-len(kernel) :], kernel, stride, padding)
    ]
    if output_size is None:
        return tuple(default)
    dims = len(kernel)
    if len(output_size) == dims + 2:
        output_size = output_size[2:]
    if len(output_size) != dims:
        raise ValueError(
            f"output_size should be a sequence containing {dims} or {dims + 2} elements, but it has "
            f"a length of '{len(output_size)}'"
        )
    for d, (n, s) in enumerate(zip(default, stride)):
        if not n - s < output_size[d] < n + s:
            raise ValueError(
                f'invalid output_size "{output_size}" (dim {d} must be between {n - s} and {n + s})'
            )
    return tuple(output_size)


def _unpool(dims, input, indices, kernel_size, stride, padding, output_size):
    name = f"max_unpool{dims}d"
    kernel, stride, padding, _ = _window(name, dims, kernel_size, stride, padding)
    shape = input._array.shape
    size = _unpool_size(shape, kernel, stride, padding, output_size)
    if dims == 1:
        out = _put(2, input.unsqueeze(-1), indices.unsqueeze(-1), (*size, 1), (1, 1))
        return out.squeeze(-1)
    return _put(dims, input, indices, size, stride)


def _put(dims, input, indices, size, stride):
    shape = input._array.shape
    if indices._array.dtype != "int64":
        raise RuntimeError(
            f"elements in indices should be type int64 but got: {indices.dtype.title}"
        )
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Input to max_unpooling{dims}d should be a {dims + 1}d or {dims + 2}d Tensor, but got a "
            f"tensor with {len(shape)} dimensions."
        )
    if indices._array.shape != shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({list(shape)}) but "
            f"got indices tensor with shape: {list(indices._array.shape)}"
        )
    if dims == 3 and min(stride) <= 0:
        raise RuntimeError(f"strides should be greater than zero, but got stride: {list(stride)}")
    for i in range(len(shape) - dims - 1, len(shape)):
        if shape[i] == 0:
            raise RuntimeError(
                f"max_unpooling{dims}d_forward_out_cpu(): Expected input to have non-zero size for "
                f"non-batch dimensions, but got {list(shape)} with dimension {i} being empty."
            )
    return ops.max_unpool(input, indices, size)


def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """What `max_pool1d` took out at `indices`, put back there, with zeros elsewhere.

    `output_size`: which of the sizes that pool to the input's is wanted; others raise ValueError.

    >>> import tidu
    >>> x = tidu.tensor([[1.0, 3.0, 5.0, 2.0]])
    >>> largest, places = tidu.nn.functional.max_pool1d(x, 2, return_indices=True)
    >>> tidu.nn.functional.max_unpool1d(largest, places, 2)
    tensor([[0., 3., 5., 0.]])
    """
    return _unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """What `max_pool2d` took out at `indices`, put back there, with zeros elsewhere.

    `output_size`: which of the sizes that pool to the input's is wanted; others raise ValueError.
    (Zeiler and Fergus, 2014.)

    >>> import tidu
    >>> x = tidu.arange(4.0).view(1, 2, 2)
    >>> largest, places = tidu.nn.functional.max_pool2d(x, 2, return_indices=True)
    >>> tidu.nn.functional.max_unpool2d(largest, places, 2)
    tensor([[[0., 0.],
             [0., 3.]]])
    """
    return _unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """What `max_pool3d` took out at `indices`, put back there, with zeros elsewhere.

    `output_size`: which of the sizes that pool to the input's is wanted; others raise ValueError.

    >>> import tidu
    >>> x = tidu.arange(8.0).view(1, 2, 2, 2)
    >>> largest, places = tidu.nn.functional.max_pool3d(x, 2, return_indices=True)
    >>> tidu.nn.functional.max_unpool3d(largest, places, 2).flatten()
    tensor([0., 0., 0., 0., 0., 0., 0., 7.])
    """
    return _unpool(3, input, indices, kernel_size, stride, padding, output_size)
