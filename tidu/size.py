"""Size: the shape of a tensor."""

from __future__ import annotations

from . import naming


class Size(tuple):
    """A tensor's shape: a tuple of ints that prints its name and knows its number of elements.

    >>> import tidu
    >>> tidu.ones(2, 3).shape
    tidu.Size([2, 3])
    """

    __slots__ = ()

    def __new__(cls, iterable=()):
        self = tuple.__new__(cls, iterable)
        for i, n in enumerate(self):
            if type(n) is not int:
                n = _as_int(n, i)
                self = tuple.__new__(
                    cls, (*self[:i], n, *tuple.__getitem__(self, slice(i + 1, None)))
                )
        return self

    def numel(self):
        """The number of elements of a tensor of this shape."""
        product = 1
        for n in self:
            product *= n
        return product

    def __repr__(self):
        return f"{naming.prefix}.Size({list(self)})"

    def __add__(self, other):
        if not isinstance(other, tuple):
            kind = type(other).__name__
            raise TypeError(f"can only concatenate tuple (not {kind}) to {naming.prefix}.Size")
        return Size(tuple.__add__(self, other))

    def __radd__(self, other):
        return Size(other + tuple(self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, n):
        product = tuple.__mul__(self, n)
        return product if product is NotImplemented else Size(product)

    __rmul__ = __mul__

    def __getitem__(self, index):
        found = tuple.__getitem__(self, index)
        return Size(found) if isinstance(index, slice) else found

    def __reduce__(self):
        return Size, (tuple(self),)


def _as_int(n, position):
    try:
        return n.__index__()
    except (AttributeError, TypeError):
        raise TypeError(
            f"{naming.prefix}.Size() takes an iterable of 'int' (item {position} is '{type(n).__name__}')"
        ) from None
