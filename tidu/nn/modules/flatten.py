"""Layers that only change shapes."""

from __future__ import annotations

from .module import Module


class Flatten(Module):
    """Joins the dimensions from `start_dim` to `end_dim` into one.

    >>> import tidu
    >>> tidu.nn.Flatten()(tidu.ones(8, 3, 4)).shape
    tidu.Size([8, 12])
    """

    __constants__ = ["start_dim", "end_dim"]

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input):
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self):
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Splits dimension `dim` into several of sizes `unflattened_size`.

    >>> import tidu
    >>> tidu.nn.Unflatten(1, (3, 4))(tidu.ones(8, 12)).shape
    tidu.Size([8, 3, 4])
    """

    __constants__ = ["dim", "unflattened_size"]

    def __init__(self, dim, unflattened_size):
        super().__init__()
        _require_tuple_of_ints(unflattened_size)
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, input):
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self):
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


def _require_tuple_of_ints(value):
    if not isinstance(value, (tuple, list)):
        raise TypeError(
            f"unflattened_size must be a tuple of ints, but found type {type(value).__name__}"
        )
    for i, element in enumerate(value):
        if not isinstance(element, int):
            raise TypeError(
                "unflattened_size must be tuple of ints, but found element of type "
                f"{type(element).__name__} at pos {i}"
            )
