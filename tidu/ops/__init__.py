"""The operations, one file a family: forward and gradient rule side by side (see CONTRIBUTING)."""

import gc

# All that is made here stays. Looking for garbage meanwhile, among NumPy's objects too, finds none
# and takes a fifth of the time of `import tidu`.
_collecting = gc.isenabled()
gc.disable()
try:
    from . import (  # noqa: I001  (declaring them installs them, in this order)
        arithmetic,
        comparison,
        extremes,
        where,
        rounding,
        exponential,
        special,
        numeric,
        trigonometric,
        complex,
        activation,
        creation,
        dropout,
        embedding,
        from_data,
        ranges,
        reduction,
        matmul,
        selection,
        scan,
        norms,
        sorting,
        einsum,
        linalg,
        decompositions,
    older,
        matrix_norms,
        shape,
        slicing,
    view_copies,
        indexing,
        joining,
        scattering,
        statistics,
        masking,
        padding,
        conversion,
        properties,
        protocols,
        random,
    )
finally:
    if _collecting:
        gc.enable()
