"""The named tuples that operations with several results return, printed as PyTorch prints them.

>>> import tidu
>>> values, indices = tidu.tensor([3, 1, 2]).max(0)
>>> tidu.tensor([3, 1, 2]).max(0).indices
tensor(0)
"""

from __future__ import annotations

from operator import itemgetter

from . import naming


class Results(tuple):
    """A tuple whose items also have names; made from one sequence, like PyTorch's."""

    __slots__ = ()
    names: tuple = ()

    def __repr__(self):
        items = ",\n".join(f"{name}={value!r}" for name, value in zip(self.names, self))
        return f"{naming.prefix}.return_types.{type(self).__name__}(\n{items})"


_FIELDS = {
    "max": "values indices",
    "min": "values indices",
    "frexp": "mantissa exponent",
    "median": "values indices",
    "nanmedian": "values indices",
    "mode": "values indices",
    "kthvalue": "values indices",
    "sort": "values indices",
    "topk": "values indices",
    "cummax": "values indices",
    "cummin": "values indices",
    "aminmax": "min max",
    "histogram": "hist bin_edges",
    "slogdet": "sign logabsdet",
    "qr": "Q R",
    "svd": "U S V",
    "linalg_slogdet": "sign logabsdet",
    "linalg_qr": "Q R",
    "linalg_svd": "U S Vh",
    "linalg_eig": "eigenvalues eigenvectors",
    "linalg_eigh": "eigenvalues eigenvectors",
    "linalg_inv_ex": "inverse info",
    "linalg_cholesky_ex": "L info",
    "linalg_solve_ex": "result info",
    "linalg_lstsq": "solution residuals rank singular_values",
    "linalg_lu": "P L U",
    "linalg_lu_factor": "LU pivots",
    "linalg_lu_factor_ex": "LU pivots info",
    "triangular_solve": "solution cloned_coefficient",
}


def __getattr__(title):
    """Makes a type when it is first asked for."""
    if title not in _FIELDS:
        raise AttributeError(f"module {__name__!r} has no attribute {title!r}")
    names = tuple(_FIELDS[title].split())
    body: dict = {name: property(itemgetter(i)) for i, name in enumerate(names)}
    body.update(
        __slots__=(),
        __module__=__name__,
        __doc__=f"What `{title}` returns: {', '.join(names)}.",
        names=names,
        n_fields=len(names),
        n_sequence_fields=len(names),
        n_unnamed_fields=0,
        __match_args__=names,
    )
    found = globals()[title] = type(title, (Results,), body)
    return found


def __dir__():
    return sorted({*globals(), *_FIELDS})
