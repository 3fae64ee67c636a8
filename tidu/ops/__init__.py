"""The operations, one file a family: forward and gradient rule side by side (see CONTRIBUTING)."""

from ..backend import later as _later

# Declared when one of their names is first used (see `backend/later.py`); each after what it imports.
LATER = (
    "rounding",
    "selection",
    "extremes",
    "special",
    "numeric",
    "trigonometric",
    "complex",
    "activation",
    "dropout",
    "embedding",
    "scan",
    "norms",
    "sorting",
    "einsum",
    "linalg",
    "decompositions",
    "older",
    "matrix_norms",
    "view_copies",
    "scattering",
    "statistics",
    "masking",
    "padding",
    "attention",
    "recurrence",
)


def _declare_first():
    from . import (
        arithmetic,
        comparison,
        conversion,
        creation,
        exponential,
        from_data,
        indexing,
        joining,
        matmul,
        properties,
        protocols,
        random,
        ranges,
        reduction,
        shape,
        slicing,
        where,
    )


def _announce():
    from ..tensor import Tensor
    from .index import FUNCTIONS, KERNELS, METHODS

    for names_of in (FUNCTIONS, METHODS, KERNELS):
        for family, names in names_of.items():
            _later.FAMILIES.update(dict.fromkeys(names.split(), family))
    for names in METHODS.values():
        for name in names.split():
            setattr(Tensor, name, _later.Method(name))


_announce()
_later.without_collecting(_declare_first)
