"""Memory formats and layouts: in which order a tensor's elements lie in memory."""

from __future__ import annotations

from . import naming


class _Named:
    """One of a fixed set of objects, known by its name."""

    __slots__ = ("name",)

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"{naming.prefix}.{self.name}"

    def __reduce__(self):
        return self.name


class memory_format(_Named):
    """An order of dimensions in memory: `tidu.contiguous_format`, `tidu.channels_last`, ...

    >>> import tidu
    >>> x = tidu.zeros(1, 3, 2, 2).contiguous(memory_format=tidu.channels_last)
    >>> x.stride()
    (12, 1, 6, 3)
    """

    __slots__ = ()


class layout(_Named):
    """How elements are kept at all; tidu has `tidu.strided`, the dense one.

    >>> import tidu
    >>> tidu.ones(2).layout
    tidu.strided
    """

    __slots__ = ()


memory_format.__module__ = layout.__module__ = __package__

contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
strided = layout("strided")
sparse_coo = layout("sparse_coo")
sparse_csr = layout("sparse_csr")

# The dimensions from the outermost in memory to the innermost, for the formats that name them.
_ORDERS = {channels_last: (0, 2, 3, 1), channels_last_3d: (0, 2, 3, 4, 1)}


def check(format, title):
    """PyTorch's error for an argument `memory_format` of the function `title` that is none."""
    if format is not None and not isinstance(format, memory_format):
        from .errors import class_name

        raise TypeError(
            f"{title}(): argument 'memory_format' must be torch.memory_format, not "
            f"{class_name(format)}"
        )


def order(format, ndim):
    """The dimensions of a `channels_last` format, outermost in memory first."""
    dims = _ORDERS[format]
    if ndim != len(dims):
        raise RuntimeError(f"required rank {len(dims)} tensor to use {format.name} format")
    return dims


def order_of(array):
    """NumPy's order for a copy of an array: as it is, or row by row where elements share memory."""
    return "C" if 0 in array.strides else "K"


def order_in_memory(strides):
    """Dimensions from the outermost in memory to the innermost: those of an operation's result.

    Dimensions of stride 0 say nothing about the order and stay where they are.
    """
    order = list(range(len(strides)))[::-1]  # the innermost first
    for last in range(1, len(order)):
        here = last
        for inner in range(last - 1, -1, -1):
            a, b = strides[order[inner]], strides[order[here]]
            if a > b > 0:
                order[inner], order[here] = order[here], order[inner]
                here = inner
            elif a and b:
                break
    return order[::-1]


def is_contiguous(array, format=contiguous_format):
    """Whether the array's elements lie in memory in this format, without gaps."""
    if format is contiguous_format:
        return array.flags.c_contiguous
    if format is preserve_format:
        return True
    dims = _ORDERS[format]
    return array.ndim == len(dims) and array.transpose(dims).flags.c_contiguous


def suggested(xp, array):
    """The array, row by row if its memory has neither that order nor a `channels_last` one."""
    if array.flags.c_contiguous or any(is_contiguous(array, format) for format in _ORDERS):
        return array
    return xp.ascontiguousarray(array)


def empty(xp, shape, dtype, format=contiguous_format):
    """Uninitialised memory of a shape, laid out in a format other than `preserve_format`."""
    if format is None or format is contiguous_format:
        return xp.empty(shape, dtype)
    if format is preserve_format:
        raise RuntimeError("unsupported memory format Preserve")
    dims = order(format, len(shape))
    back = sorted(range(len(dims)), key=dims.__getitem__)
    return xp.empty([shape[d] for d in dims], dtype).transpose(back)


def empty_like(xp, array, dtype=None, format=preserve_format):
    """Uninitialised memory of an array's shape; `preserve_format` keeps its order of strides."""
    if format is None or format is preserve_format:
        if array.flags.c_contiguous:
            return xp.empty(array.shape, dtype or array.dtype)
        return xp.empty_like(array, dtype=dtype, order=order_of(array), subok=False)
    return empty(xp, array.shape, dtype or array.dtype, format)
