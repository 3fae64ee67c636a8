"""`unfold` and `fold`: the blocks that a convolution looks at, as columns, and back."""

from __future__ import annotations

from ...autograd.public import operations as ops
from ...ops.checks import need_tensors
from ...ops.folding import block_counts

__all__ = ["fold", "unfold"]


def _pair(name, value):
    if isinstance(value, int):
        return (value, value)
    value = tuple(value)
    if len(value) == 1:
        return value * 2
    if len(value) != 2:
        raise RuntimeError(f"It is expected {name} equals to 2, but got size {len(value)}")
    return value


def _checked(kernel_size, dilation, padding, stride):
    """The four options as pairs."""
    kernel, dilation = _pair("kernel_size", kernel_size), _pair("dilation", dilation)
    padding, stride = _pair("padding", padding), _pair("stride", stride)
    for what, short, value in (("kernel size", "kernel", kernel), ("dilation", "dilation", dilation)):
        _check_positive(what, short, value)
    if min(padding) < 0:
        raise RuntimeError(
            f"padding should be non-negative, but got pad_height: {padding[0]} pad_width: "
            f"{padding[1]}"
        )
    _check_positive("stride", "stride", stride)
    return kernel, dilation, padding, stride


def _check_positive(what, short, value):
    if min(value) <= 0:
        raise RuntimeError(
            f"{what} should be greater than zero, but got {short}_height: {value[0]} "
            f"{short}_width: {value[1]}"
        )


def _has_batch(input, dims, text):
    """Whether there is a batch dimension; it alone may have size 0."""
    shape = input.shape
    if not (len(shape) in (dims, dims + 1) and 0 not in shape[len(shape) - dims :]):
        raise RuntimeError(
            f"Expected {text} with possibly 0 batch size and "
            f"{'other ' if dims == 3 else ''}non-zero dimensions for input, but got: {list(shape)}"
        )
    return len(shape) == dims + 1


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """The blocks of (N, C, H, W) as columns: (N, C * kernel elements, blocks).

    A convolution is a product with these. `kernel_size`, `dilation`, `padding` and `stride` are
    ints or pairs. Raises RuntimeError where no block fits.

    >>> import tidu
    >>> x = tidu.arange(9.0).view(1, 1, 3, 3)
    >>> tidu.nn.functional.unfold(x, 2)[0]
    tensor([[0., 1., 3., 4.],
            [1., 2., 4., 5.],
            [3., 4., 6., 7.],
            [4., 5., 7., 8.]])
    """
    need_tensors("im2col", input=input)
    options = kernel, dilation, padding, stride = _checked(kernel_size, dilation, padding, stride)
    batch = _has_batch(input, 3, "3D or 4D (batch mode) tensor")
    size = tuple(input.shape[-2:])
    blocks = tuple(block_counts(size, kernel, dilation, padding, stride))
    if min(blocks) < 1:
        raise RuntimeError(
            f"Given input with spatial size {size}, kernel_size={kernel}, dilation={dilation}, "
            f"padding={padding}, calculated shape of the array of sliding blocks as {blocks}, but "
            "its components must be at least one."
        )
    _check_dtype("im2col_out_cpu", input)
    columns = ops.im2col(input if batch else input.unsqueeze(0), *options)
    return columns if batch else columns.squeeze(0)


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Columns as `unfold` makes them, added up to (N, C, *output_size).

    Where blocks overlap, their elements are summed. Raises RuntimeError for a number of columns
    that does not fit `output_size`.

    >>> import tidu
    >>> tidu.nn.functional.fold(tidu.ones(1, 4, 4), (3, 3), 2)[0, 0]
    tensor([[1., 2., 1.],
            [2., 4., 2.],
            [1., 2., 1.]])
    """
    need_tensors("col2im", input=input)
    size = _pair("output_size", output_size)
    options = kernel, dilation, padding, stride = _checked(kernel_size, dilation, padding, stride)
    batch = _has_batch(input, 2, "2D or 3D (batch mode) tensor for input")
    rows, columns = input.shape[-2:]
    if rows % (kernel[0] * kernel[1]):
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            f"but got input.size(1)={rows} and kernel_size={kernel}."
        )
    down, across = block_counts(size, kernel, dilation, padding, stride)
    given = (
        f"Given output_size={size}, kernel_size={kernel}, dilation={dilation}, padding={padding}, "
        f"stride={stride}, expected "
    )
    if down * across != columns:
        raise RuntimeError(
            f"{given}size of input's dimension 2 to match the calculated number of sliding blocks "
            f"{down} * {across} = {down * across}, but got input.size(2)={columns}."
        )
    if min(down, across) < 1:
        raise RuntimeError(
            f"{given}calculated shape of the array of sliding blocks as ({down}, {across}), which "
            "is too small (non-positive)"
        )
    _check_dtype("col2im_out_cpu", input)
    image = ops.col2im(input if batch else input.unsqueeze(0), size, *options)
    return image if batch else image.squeeze(0)


def _check_dtype(kernel, input):
    if input._array.dtype.kind in "iu":
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{input.dtype.title}'")
