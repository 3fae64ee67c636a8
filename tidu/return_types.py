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


def _define(title, *names):
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
    return type(title, (Results,), body)


max = _define("max", "values", "indices")
min = _define("min", "values", "indices")
frexp = _define("frexp", "mantissa", "exponent")
median = _define("median", "values", "indices")
nanmedian = _define("nanmedian", "values", "indices")
mode = _define("mode", "values", "indices")
kthvalue = _define("kthvalue", "values", "indices")
sort = _define("sort", "values", "indices")
topk = _define("topk", "values", "indices")
cummax = _define("cummax", "values", "indices")
cummin = _define("cummin", "values", "indices")
aminmax = _define("aminmax", "min", "max")
frexp = _define("frexp", "mantissa", "exponent")
histogram = _define("histogram", "hist", "bin_edges")
slogdet = _define("slogdet", "sign", "logabsdet")
qr = _define("qr", "Q", "R")
svd = _define("svd", "U", "S", "V")
linalg_slogdet = _define("linalg_slogdet", "sign", "logabsdet")
linalg_qr = _define("linalg_qr", "Q", "R")
linalg_svd = _define("linalg_svd", "U", "S", "Vh")
linalg_eig = _define("linalg_eig", "eigenvalues", "eigenvectors")
linalg_eigh = _define("linalg_eigh", "eigenvalues", "eigenvectors")
linalg_inv_ex = _define("linalg_inv_ex", "inverse", "info")
linalg_cholesky_ex = _define("linalg_cholesky_ex", "L", "info")
linalg_solve_ex = _define("linalg_solve_ex", "result", "info")
linalg_lstsq = _define("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
linalg_lu = _define("linalg_lu", "P", "L", "U")
linalg_lu_factor = _define("linalg_lu_factor", "LU", "pivots")
linalg_lu_factor_ex = _define("linalg_lu_factor_ex", "LU", "pivots", "info")
triangular_solve = _define("triangular_solve", "solution", "cloned_coefficient")
