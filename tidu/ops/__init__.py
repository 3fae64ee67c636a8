"""The operations, one file a family: forward and gradient rule side by side (see CONTRIBUTING)."""

from . import (  # noqa: F401  (declaring them installs them)
    elementwise,
    creation,
    reduction,
    shape,
    conversion,
    protocols,
)
