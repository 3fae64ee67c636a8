"""Special functions: `tidu.special`, under PyTorch's names. See `tidu/ops/special.py`."""

from __future__ import annotations

from .autograd.public import PUBLIC
from .ops.special import (  # noqa: F401
    entr,
    erfcx,
    i0e,
    i1,
    i1e,
    log_ndtr,
    ndtr,
    ndtri,
    xlog1py,
    zeta,
)

# Names that the package has too, some of them differently.
_SHARED = {
    name: name
    for name in "digamma erf erfc erfinv exp2 expm1 i0 log1p log_softmax logit logsumexp polygamma "
    "round sinc softmax xlogy".split()
}
_SHARED.update(
    expit="sigmoid", gammaln="lgamma", psi="digamma", multigammaln="mvlgamma", gammainc="igamma",
    gammaincc="igammac",
)  # fmt: skip

globals().update({name: PUBLIC[shared] for name, shared in _SHARED.items() if shared in PUBLIC})
