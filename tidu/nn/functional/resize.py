"""Resizing of signals, images and volumes (PyTorch's `interpolate`)."""

from __future__ import annotations

import numbers

from ...autograd.public import operations as ops
from ...ops import resize as _declared  # noqa: F401  (declares its operations)
from .pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

# How many spatial dimensions each mode is for; those that are not here take one to three.
_DIMS = {"linear": 1, "bilinear": 2, "bicubic": 2, "lanczos": 2, "trilinear": 3}
_AREA = {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}
_PLAIN = ("nearest", "area", "nearest-exact")


def interpolate(
    input, size=None, scale_factor=None, mode="nearest", align_corners=None,
    recompute_scale_factor=None, antialias=False,
):  # fmt: skip
    """Resizes (N, C, ...) with one to three spatial dimensions to `size` or by `scale_factor`.

    `mode`: "nearest", "nearest-exact", "area", or "linear" (one dimension), "bilinear", "bicubic",
    "lanczos" (two), "trilinear" (three). `align_corners`: the centres of the corner elements stay
    where they are, instead of their outer edges. `antialias`: wider filters when an image becomes
    smaller ("bilinear", "bicubic", "lanczos").

    >>> import tidu
    >>> tidu.nn.functional.interpolate(tidu.tensor([[[1., 3.]]]), scale_factor=2, mode="linear")
    tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])
    """
    if mode in _PLAIN and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | "
            "bilinear | bicubic | trilinear"
        )
    spatial = list(input.shape[2:])
    dims = input.dim() - 2
    size, scales = _targets(spatial, dims, size, scale_factor)
    if recompute_scale_factor and scales is None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if scales is not None:
        size = [int(n * s) for n, s in zip(spatial, scales)]
        if recompute_scale_factor or mode == "area":
            scales = None
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and dims == 2):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a "
            "4-D tensor as input"
        )
    _check_mode(mode, dims)
    if mode == "area":
        return _AREA[dims](input, size)
    if mode == "lanczos":
        if align_corners:
            raise ValueError("Lanczos mode does not support align_corners=True")
        if not antialias:
            raise ValueError("Lanczos mode requires antialias=True")
    scales = None if scales is None else tuple(float(s) for s in scales)
    size = tuple(int(n) for n in size)
    return ops.resize(input, size, mode, bool(align_corners), scales, bool(antialias))


def _targets(spatial, dims, size, scale_factor):
    """(size, None) or (None, scales), each a list with one entry for each spatial dimension."""
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        if not isinstance(size, (list, tuple)):
            return [size] * dims, None
        if len(size) != dims:
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input "
                f"with spatial dimensions of {spatial} and output size of {size}. Please provide "
                "input tensor in (N, C, d1, d2, ...,dK) format and output size in (o1, o2, ...,oK) "
                "format."
            )
        if not all(isinstance(n, numbers.Integral) for n in size):
            raise TypeError(
                "expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, "
                f"int], but got size with types {[type(n) for n in size]}"
            )
        return list(size), None
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if not isinstance(scale_factor, (list, tuple)):
        return None, [scale_factor] * dims
    if len(scale_factor) != dims:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input "
            f"with spatial dimensions of {spatial} and scale_factor of shape {scale_factor}. Please "
            "provide input tensor in (N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, "
            "...,sK) format."
        )
    return None, list(scale_factor)


def _check_mode(mode, dims):
    wanted = _DIMS.get(mode, dims if mode in _PLAIN else None)
    if 1 <= dims <= 3 and dims == wanted:
        return
    if 1 <= dims <= 3 and mode in ("linear", "bilinear", "trilinear"):
        raise NotImplementedError(f"Got {dims + 2}D input, but {mode} mode needs {_DIMS[mode] + 2}D input")
    raise NotImplementedError(
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {dims + 2}D) for the modes: "
        "nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact "
        f"(got {mode})"
    )


def _deprecated(name):
    import warnings

    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=3,
    )


def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """The deprecated name of `interpolate`.

    >>> import warnings
    >>> import tidu
    >>> with warnings.catch_warnings(action="ignore"):
    ...     tidu.nn.functional.upsample(tidu.tensor([[[1.0, 3.0]]]), scale_factor=2)
    tensor([[[1., 1., 3., 3.]]])
    """
    _deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input, size=None, scale_factor=None):
    """`interpolate` with mode "nearest"; deprecated.

    >>> import warnings
    >>> import tidu
    >>> with warnings.catch_warnings(action="ignore"):
    ...     tidu.nn.functional.upsample_nearest(tidu.tensor([[[[1.0, 3.0]]]]), size=(1, 4))
    tensor([[[[1., 1., 3., 3.]]]])
    """
    _deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input, size=None, scale_factor=None):
    """`interpolate` with mode "bilinear" and aligned corners; deprecated.

    >>> import warnings
    >>> import tidu
    >>> with warnings.catch_warnings(action="ignore"):
    ...     tidu.nn.functional.upsample_bilinear(tidu.tensor([[[[1.0, 4.0]]]]), size=(1, 4))
    tensor([[[[1., 2., 3., 4.]]]])
    """
    _deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)
