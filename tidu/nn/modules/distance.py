"""Distance and similarity layers."""

from __future__ import annotations

from .. import functional as F
from .module import Module


class PairwiseDistance(Module):
    """The p-norm distance between the rows of two tensors: (N, D) and (N, D) to (N).

    `eps` is added to the differences; `keepdim` keeps the last dimension with size 1.

    >>> import tidu
    >>> tidu.nn.PairwiseDistance(p=1)(tidu.tensor([[1., 2.]]), tidu.tensor([[3., 2.]]))
    tensor([2.])
    """

    __constants__ = ["norm", "eps", "keepdim"]

    def __init__(self, p=2.0, eps=1e-6, keepdim=False):
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1, x2):
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """The cosine of the angle between two tensors' vectors along dimension `dim`.

    `eps`: the least value that the product of the norms counts as.

    >>> import tidu
    >>> tidu.nn.CosineSimilarity()(tidu.tensor([[1., 0.]]), tidu.tensor([[2., 0.]]))
    tensor([1.])
    """

    __constants__ = ["dim", "eps"]

    def __init__(self, dim=1, eps=1e-8):
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1, x2):
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
