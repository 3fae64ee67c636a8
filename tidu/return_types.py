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
    names = ()

    def __repr__(self):
        items = ",\n".join(f"{name}={value!r}" for name, value in zip(self.names, self))
        return f"{naming.prefix}.return_types.{type(self).__name__}(\n{items})"


def _define(title, *names):
    body = {name: property(itemgetter(i)) for i, name in enumerate(names)}
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
    globals()[title] = type(title, (Results,), body)


_PAIRS = (
    "max",
    "min",
    "median",
    "nanmedian",
    "mode",
    "kthvalue",
    "sort",
    "topk",
    "cummax",
    "cummin",
)

for _title in _PAIRS:
    _define(_title, "values", "indices")
_define("aminmax", "min", "max")
_define("frexp", "mantissa", "exponent")
_define("histogram", "hist", "bin_edges")
_define("slogdet", "sign", "logabsdet")
_define("qr", "Q", "R")
_define("svd", "U", "S", "V")
_define("linalg_slogdet", "sign", "logabsdet")
_define("linalg_qr", "Q", "R")
_define("linalg_svd", "U", "S", "Vh")
_define("linalg_eig", "eigenvalues", "eigenvectors")
_define("linalg_eigh", "eigenvalues", "eigenvectors")
_define("linalg_inv_ex", "inverse", "info")
_define("linalg_cholesky_ex", "L", "info")
_define("linalg_solve_ex", "result", "info")
_define("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
_define("linalg_lu", "P", "L", "U")
_define("linalg_lu_factor", "LU", "pivots")
_define("linalg_lu_factor_ex", "LU", "pivots", "info")
_define("triangular_solve", "solution", "cloned_coefficient")
