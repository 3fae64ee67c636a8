"""The operations, one file a family: forward and gradient rule side by side (see CONTRIBUTING)."""

from . import (  # noqa: F401  (declaring them installs them)
    arithmetic,
    comparison,
    extremes,
    where,
    rounding,
    exponential,
    numeric,
    trigonometric,
    complex,
    activation,
    creation,
    reduction,
    matmul,
    shape,
    slicing,
    indexing,
    joining,
    conversion,
    protocols,
    random,
)
