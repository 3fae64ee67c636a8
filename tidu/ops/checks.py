"""What PyTorch refuses: dtypes that an operation is not made for, in PyTorch's own words."""

from __future__ import annotations

from .. import dtypes
from ..errors import class_name
from ..tensor import Tensor

INTEGERS, NUMBERS, REALS, FLOATS = "iu", "iufc", "iuf", "f"


def common(operands):
    """The dtype in which an operation on these arrays and numbers is computed."""
    return dtypes.of(dtypes.result(*operands))


def only(kinds, kernel):
    """A check that lets dtypes of these NumPy `kinds` pass; `kernel` is what PyTorch calls it."""

    def check(*operands):
        dtype = common(operands)
        if dtype.numpy.kind not in kinds:
            raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtype.title}'")

    return check


def refuse(kinds, error, text):
    """A check that raises `error(text)` if the common dtype is of one of these NumPy `kinds`."""

    def check(*operands):
        if dtypes.result(*operands).kind in kinds:
            raise error(text)

    return check


def both(*checks):
    """All of these checks, one after the other."""

    def check(*operands):
        for each in checks:
            each(*operands)

    return check


def need_tensors(name, first=1, optional=False, **arguments):
    """Raises PyTorch's TypeError if one of these arguments, given in order, is no tensor.

    `first` is the position of the first of them; those that are `optional` may be None.
    """
    for position, (key, value) in enumerate(arguments.items(), first):
        if not (isinstance(value, Tensor) or (optional and value is None)):
            raise TypeError(
                f"{name}(): argument '{key}' (position {position}) must be Tensor, not "
                f"{class_name(value)}"
            )
