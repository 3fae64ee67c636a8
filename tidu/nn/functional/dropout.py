"""Dropout in its forms."""

from __future__ import annotations

import warnings

from ...autograd.inplace import write
from ...ops import dropout as ops

__all__ = [
    "alpha_dropout",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
]


def _run(function, input, p, training, inplace):
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if inplace and training and p > 0:
        return write(function.__name__ + "_", input, function, (p, training), {})
    return function(input, p, training)


def dropout(input, p=0.5, training=True, inplace=False):
    """Zeroes elements with probability `p` in training and scales the others by 1 / (1 - p).

    So what the next layer gets stays the same on average (Srivastava et al., 2014). Without
    `training` nothing changes. Raises ValueError for a `p` outside of [0, 1].

    >>> import tidu
    >>> kept = tidu.nn.functional.dropout(tidu.ones(1000), p=0.75)
    >>> kept.unique()
    tensor([0., 4.])
    >>> tidu.nn.functional.dropout(tidu.ones(3), training=False)
    tensor([1., 1., 1.])
    """
    return _run(ops.dropout, input, p, training, inplace)


def alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Dropout that keeps the mean and variance of SELU networks. (Klambauer et al., 2017.)

    What is dropped becomes SELU's lower limit, not 0; then all are scaled and shifted.

    >>> import tidu
    >>> kept = tidu.nn.functional.alpha_dropout(tidu.ones(1000), p=0.5, training=True)
    >>> kept.unique()
    tensor([-0.7792,  1.6656])
    """
    return _run(ops.alpha_dropout, input, p, training, inplace)


def feature_alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Alpha dropout of whole channels of (N, C, ...).

    >>> import tidu
    >>> x = tidu.ones(8, 8, 5)
    >>> kept = tidu.nn.functional.feature_alpha_dropout(x, p=0.5, training=True)
    >>> bool((kept == kept[..., :1]).all())
    True
    """
    return _run(ops.feature_alpha_dropout, input, p, training, inplace)


def dropout1d(input, p=0.5, training=True, inplace=False):
    """Zeroes whole channels of sequences (N, C, L) or (C, L), and scales the others by 1 / (1 - p).

    Raises RuntimeError for another number of dimensions.

    >>> import tidu
    >>> kept = tidu.nn.functional.dropout1d(tidu.ones(100, 3), p=0.5)
    >>> kept.unique(dim=0)
    tensor([[0., 0., 0.],
            [2., 2., 2.]])
    """
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    n = input.dim()
    if n not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {n}D input. Note that dropout1d exists "
            "to provide channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and "
            "an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    if n == 3:
        return _run(ops.feature_dropout, input, p, training, inplace)
    batch = input.unsqueeze_(0) if inplace else input.unsqueeze(0)
    result = _run(ops.feature_dropout, batch, p, training, inplace)
    return result.squeeze_(0) if inplace else result.squeeze(0)


def dropout2d(input, p=0.5, training=True, inplace=False):
    """Zeroes whole channels of images (N, C, H, W), and scales the others. (Tompson et al., 2015.)

    Takes other numbers of dimensions too, with a warning: one image (C, H, W) counts as (N, C, L).

    >>> import tidu
    >>> kept = tidu.nn.functional.dropout2d(tidu.ones(1, 100, 1, 2), p=0.5)
    >>> kept[0, :, 0].unique(dim=0)
    tensor([[0., 0.],
            [2., 2.]])
    """
    n = input.dim()
    if n not in (3, 4):
        warnings.warn(
            f"dropout2d: Received a {n}-D input to dropout2d, which is deprecated and will result in an "
            "error in a future release. To retain the behavior and silence this warning, please use "
            "dropout instead. Note that dropout2d exists to provide channel-wise dropout on inputs with "
            "2 spatial dimensions, a channel dimension, and an optional batch dimension (i.e. 3D or 4D "
            "inputs).",
            stacklevel=2,
        )
    if n == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout "
            "behavior is desired - input is interpreted as shape (N, C, L), where C is the channel dim. "
            "This behavior will change in a future release to interpret the input as one without a batch "
            "dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise dropout behavior, please "
            "switch to using dropout1d instead.",
            stacklevel=2,
        )
    return _run(ops.feature_dropout, input, p, training, inplace)


def dropout3d(input, p=0.5, training=True, inplace=False):
    """Zeroes whole channels of volumes (N, C, D, H, W) or (C, D, H, W), and scales the others.

    >>> import tidu
    >>> kept = tidu.nn.functional.dropout3d(tidu.ones(100, 1, 1, 2), p=0.5)
    >>> kept[:, 0, 0].unique(dim=0)
    tensor([[0., 0.],
            [2., 2.]])
    """
    n = input.dim()
    if n not in (4, 5):
        warnings.warn(
            f"dropout3d: Received a {n}-D input to dropout3d, which is deprecated and will result in an "
            "error in a future release. To retain the behavior and silence this warning, please use "
            "dropout instead. Note that dropout3d exists to provide channel-wise dropout on inputs with "
            "3 spatial dimensions, a channel dimension, and an optional batch dimension (i.e. 4D or 5D "
            "inputs).",
            stacklevel=2,
        )
    if n == 5:
        return _run(ops.feature_dropout, input, p, training, inplace)
    batch = input.unsqueeze_(0) if inplace else input.unsqueeze(0)
    result = _run(ops.feature_dropout, batch, p, training, inplace)
    return result.squeeze_(0) if inplace else result.squeeze(0)
