"""Helpers for gradients and parameters: PyTorch's `torch.nn.utils`."""

from . import rnn
from .clip_grad import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from .convert_parameters import parameters_to_vector, vector_to_parameters

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
    "parameters_to_vector",
    "rnn",
    "vector_to_parameters",
]

_NOT_YET = (
    "convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format",
    "fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights",
    "parametrizations", "parametrize", "prune", "remove_spectral_norm", "remove_weight_norm",
    "skip_init", "spectral_norm", "stateless", "weight_norm",
)  # fmt: skip


def __getattr__(name):
    error = AttributeError(f"module 'torch.nn.utils' has no attribute {name!r}")
    if name in _NOT_YET:
        error = AttributeError(f"tidu has no torch.nn.utils.{name} yet")
    raise error
