"""Complex numbers: parts, conjugates, angles."""

from __future__ import annotations

from ..autograd.op import elementwise
from ..autograd.public import composite


@elementwise("conjugate", inplace="public")
def conj_physical(x):
    """The complex conjugate of each element, as a new tensor.

    >>> import tidu
    >>> tidu.tensor([1 + 2j]).conj_physical()
    tensor([1.-2.j])
    """


@composite(method=True, out=False)
def conj(input):
    """The complex conjugate of each element; a real tensor is its own.

    >>> import tidu
    >>> tidu.tensor([1 + 2j]).conj()
    tensor([1.-2.j])
    """
    return conj_physical(input) if input._array.dtype.kind == "c" else input
