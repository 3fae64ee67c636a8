"""Instance normalization as layers."""

from __future__ import annotations

import warnings

from .. import functional as F
from .batchnorm import _NormBase


class _InstanceNorm(_NormBase):
    dims = 0

    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=False, track_running_stats=False,
        device=None, dtype=None, *, bias=True,
    ):  # fmt: skip
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )

    def _check_input_dim(self, input):
        if input.dim() not in (self.dims + 1, self.dims + 2):
            raise ValueError(
                f"expected {self.dims + 1}D or {self.dims + 2}D input (got {input.dim()}D input)"
            )

    def _normalize(self, input):
        return F.instance_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum, self.eps,
        )  # fmt: skip

    def forward(self, input):
        self._check_input_dim(input)
        channel_dim = input.dim() - self.dims - 1
        found = input.size(channel_dim)
        if found != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={channel_dim} to match num_features "
                    f"({self.num_features}), but got: {found}."
                )
            warnings.warn(
                f"input's size at dim={channel_dim} does not match num_features. You can silence "
                "this warning by not passing in num_features, which is not used because "
                "affine=False",
                stacklevel=2,
            )
        if channel_dim == 0:
            return self._normalize(input.unsqueeze(0)).squeeze(0)
        return self._normalize(input)


class InstanceNorm1d(_InstanceNorm):
    """Each channel of each signal, (N, C, L) or (C, L), brought to mean 0 and variance 1.

    The result has the input's shape. (Ulyanov et al., 2016.) Raises ValueError for another number
    of dimensions, and for signals of length 1 unless running statistics serve.

    >>> import tidu
    >>> tidu.nn.InstanceNorm1d(2)(tidu.tensor([[1.0, 3.0], [10.0, 30.0]]))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """

    dims = 1


class InstanceNorm2d(_InstanceNorm):
    """Each channel of each image, (N, C, H, W) or (C, H, W), brought to mean 0 and variance 1.

    The result has the input's shape; otherwise as `InstanceNorm1d`.

    >>> import tidu
    >>> tidu.nn.InstanceNorm2d(3)(tidu.rand(2, 3, 4, 4)).shape
    tidu.Size([2, 3, 4, 4])
    """

    dims = 2


class InstanceNorm3d(_InstanceNorm):
    """Each channel of each volume, (N, C, D, H, W) or (C, D, H, W), brought to mean 0, variance 1.

    The result has the input's shape; otherwise as `InstanceNorm1d`.

    >>> import tidu
    >>> tidu.nn.InstanceNorm3d(3)(tidu.ones(2, 3, 4, 4, 4)).shape
    tidu.Size([2, 3, 4, 4, 4])
    """

    dims = 3
