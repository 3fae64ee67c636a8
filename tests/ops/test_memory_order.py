"""Results that are contiguous whatever their operands are, so that `view` takes them."""

import pytest

import tidu
from tidu.nn import functional as F

X = tidu.rand(4, 3, 2, generator=tidu.Generator().manual_seed(0)).permute(2, 1, 0)

CONTIGUOUS = {
    "sum": lambda x: x.sum(1),
    "sum, dtype": lambda x: x.sum(2, dtype=tidu.float64),
    "sum, keepdim": lambda x: x.sum(1, keepdim=True),
    "mean": lambda x: x.mean(0),
    "prod": lambda x: x.prod(1),
    "amax": lambda x: x.amax(2),
    "argmax": lambda x: x.argmax(1),
    "max": lambda x: x.max(1)[0],
    "std": lambda x: x.std(2),
    "var_mean": lambda x: tidu.var_mean(x, 1)[1],
    "norm": lambda x: x.norm(dim=1),
    "logsumexp": lambda x: x.logsumexp(1),
    "any": lambda x: x.any(1),
    "cumsum": lambda x: x.cumsum(0),
    "cummax": lambda x: x.cummax(1)[1],
    "softmax": lambda x: x.softmax(-1),
    "log_softmax": lambda x: x.log_softmax(1),
    "layer_norm": lambda x: F.layer_norm(x, (4,)),
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True),
    "roll": lambda x: x.roll(1, 1),
    "tril": lambda x: x.tril(),
    "one_hot": lambda x: F.one_hot(x.long()),
}


@pytest.mark.parametrize("call", CONTIGUOUS.values(), ids=CONTIGUOUS)
def test_contiguous(call):
    assert call(X).is_contiguous()
    assert tidu.allclose(call(X) * 1.0, call(X.contiguous()) * 1.0)


def test_elementwise_results_keep_the_order():
    assert (X + 1).stride() == X.exp().stride() == X.stride() == (1, 2, 6)


def test_normalisation_keeps_channels_last():
    x = tidu.rand(2, 3, 4, 4).to(memory_format=tidu.channels_last)
    assert F.batch_norm(x, None, None, training=True).stride() == x.stride()


@pytest.mark.parametrize("n", [3, 5, 7, 12, 100, 1000])
def test_sums_are_no_views_of_partial_sums(n):
    for x in (tidu.ones(n), tidu.ones(2, n, dtype=tidu.float64)):
        total = x.sum(-1)
        assert total.storage_offset() == 0
        assert total.untyped_storage().nbytes() == total.nbytes
