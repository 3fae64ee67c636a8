"""Parameters as one vector, and back."""

from __future__ import annotations

from ...tensor import Tensor


def parameters_to_vector(parameters):
    """All elements of the parameters in one dimension; gradients flow back to them.

    >>> import tidu
    >>> tidu.nn.utils.parameters_to_vector([tidu.ones(2), tidu.zeros(1, 1)])
    tensor([1., 1., 0.])
    """
    from ...ops.joining import cat

    return cat([parameter.view(-1) for parameter in parameters])


def vector_to_parameters(vec, parameters):
    """Gives the parameters, in turn, the elements of `vec` as their data (its memory is shared).

    >>> import tidu
    >>> layer = tidu.nn.Linear(2, 1)
    >>> tidu.nn.utils.vector_to_parameters(tidu.tensor([1., 2., 3.]), layer.parameters())
    >>> layer.weight
    Parameter containing:
    tensor([[1., 2.]], requires_grad=True)
    """
    if not isinstance(vec, Tensor):
        from ...naming import typename

        raise TypeError(f"expected torch.Tensor, but got: {typename(vec)}")
    start = 0
    for parameter in parameters:
        end = start + parameter.numel()
        parameter.data = vec[start:end].view_as(parameter).data
        start = end
