"""What views show, in memory of its own: `select_copy` for `select`, `unsafe_split` for `split`."""

from __future__ import annotations

from ..autograd.public import composite
from ..tensor import Tensor
from . import shape, slicing


def _parts(name, view, arguments, result):
    """`unsafe_<name>`: parts that do not know that they are views, so that they may be changed."""

    def function(input, *args, **kwargs):
        return tuple(part.clone() for part in view(input, *args, **kwargs))

    function.__name__ = "unsafe_" + name
    function.__doc__ = f"""The parts that `{name}` shows, as tensors of their own.

    >>> import tidu
    >>> tidu.unsafe_{name}({arguments})
    {result}
    """
    return composite(method=True, out=False)(function)


_halves = "(tensor([0, 1]), tensor([2, 3]))"
unsafe_split = _parts("split", slicing.split, "tidu.arange(4), 2", _halves)
unsafe_split_with_sizes = _parts(
    "split_with_sizes", slicing.split_with_sizes, "tidu.arange(4), [2, 2]", _halves
)
unsafe_chunk = _parts("chunk", slicing.chunk, "tidu.arange(4), 2", _halves)


def _copying(name, view, arguments, result):
    """`<name>_copy`: what the view shows, in memory of its own."""

    def function(*args, **kwargs):
        found = view(*args, **kwargs)
        return tuple(v.clone() for v in found) if isinstance(found, tuple) else found.clone()

    function.__name__ = name + "_copy"
    function.__doc__ = f"""A copy of what `{name}` shows.

    >>> import tidu
    >>> tidu.{name}_copy({arguments})
    {result}
    """
    globals()[function.__name__] = composite(method=name == "narrow")(function)


_row, _column = "tensor([[0, 1]])", "tensor([[0],\n            [1]])"
_square = "tensor([[0, 1],\n            [2, 3]])"

_copying("as_strided", slicing.as_strided, "tidu.arange(4), (2,), (2,)", "tensor([0, 2])")
_copying("narrow", slicing.narrow, "tidu.arange(4), 0, 1, 2", "tensor([1, 2])")
_copying("select", slicing.select, "tidu.arange(4), 0, 3", "tensor(3)")
_copying("split", slicing.split, "tidu.arange(4), 2", _halves)
_copying("split_with_sizes", slicing.split_with_sizes, "tidu.arange(4), [2, 2]", _halves)
_copying("unbind", slicing.unbind, "tidu.arange(2)", "(tensor(0), tensor(1))")
_copying("unfold", slicing.unfold, "tidu.arange(4), 0, 2, 2", _square)
_copying("expand", shape.expand, "tidu.tensor([5]), (3,)", "tensor([5, 5, 5])")
_copying("permute", shape.permute, f"tidu.{_row}, (1, 0)", _column)
_copying("squeeze", shape.squeeze, f"tidu.{_row}", "tensor([0, 1])")
_copying("t", shape.t, f"tidu.{_row}", _column)
_copying("transpose", shape.transpose, f"tidu.{_row}, 0, 1", _column)
_copying("unsqueeze", shape.unsqueeze, "tidu.tensor([0, 1]), 0", _row)
_copying("view", Tensor.view, "tidu.arange(4), (2, 2)", _square)
_copying("alias", lambda input: input.view(input.shape), "tidu.arange(2)", "tensor([0, 1])")
