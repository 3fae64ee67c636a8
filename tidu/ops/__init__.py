"""The operations, one file a family: forward and gradient rule side by side (see CONTRIBUTING)."""

from . import (  # noqa: F401  (declaring them installs them)
    arithmetic,
    comparison,
    extremes,
    where,
    rounding,
    exponential,
    trigonometric,
    complex,
    activation,
    creation,
    reduction,
    shape,
    conversion,
    protocols,
)
