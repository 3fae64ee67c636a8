"""Order: stability, NaN, ties, distinct values, counting, errors."""

from __future__ import annotations

import numpy as np
import pytest

import tidu

NAN = float("nan")


@pytest.mark.parametrize("dtype", [tidu.int8, tidu.uint8, tidu.float32, tidu.int64, tidu.bool])
@pytest.mark.parametrize("descending", [False, True])
def test_equal_elements_keep_their_order(dtype, descending):
    x = np.random.default_rng(0).integers(0, 2 if dtype is tidu.bool else 4, 200)
    have = tidu.from_numpy(x).to(dtype).sort(descending=descending, stable=True)
    key = -x if descending else x
    want = np.argsort(key, kind="stable")
    np.testing.assert_array_equal(have.indices.numpy(), want)
    np.testing.assert_array_equal(have.values.to(tidu.int64).numpy(), x[want])


def test_extreme_integers_in_descending_order():
    x = tidu.tensor([0, -128, 127], dtype=tidu.int8)
    assert x.sort(descending=True).values.tolist() == [127, 0, -128]
    assert x.topk(1).values.tolist() == [127]


def test_nan_is_the_largest():
    x = tidu.tensor([1.0, NAN, 3.0])
    assert x.argsort().tolist() == [0, 2, 1]
    assert x.argsort(descending=True).tolist() == [1, 2, 0]
    assert x.topk(1).indices.tolist() == [1]
    long = tidu.cat([tidu.arange(100.0), tidu.tensor([NAN])])
    assert long.topk(2).indices.tolist() == [100, 99]


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("k", [0, 1, 3, 50])
def test_topk_of_many(k, largest):
    x = np.random.default_rng(k).permutation(50).astype(np.float32)
    values, indices = tidu.from_numpy(x).topk(k, largest=largest)
    want = np.sort(x)[::-1][:k] if largest else np.sort(x)[:k]
    np.testing.assert_array_equal(values.numpy(), want)
    np.testing.assert_array_equal(x[indices.numpy()], want)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: tidu.zeros(3).topk(4), RuntimeError, "selected index k out of range"),
        (lambda: tidu.zeros(3).sort(2), IndexError,
         "Dimension out of range (expected to be in range of [-1, 0], but got 2)"),
        (lambda: tidu.zeros(3, dtype=tidu.complex64).sort(), RuntimeError,
         " Sort does not support complex dtypes on CPU"),
        (lambda: tidu.tensor([-1]).bincount(), RuntimeError,
         "bincount only supports 1-d non-negative integral inputs."),
        (lambda: tidu.tensor([1]).bincount(minlength=-1), RuntimeError,
         "minlength should be >= 0"),
        (lambda: tidu.ones(3).histc(bins=0), RuntimeError, "bins must be > 0"),
    ],
)  # fmt: skip
def test_errors(call, kind, text):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text


@pytest.mark.parametrize("dim", [None, 0, 1])
def test_unique(dim):
    x = np.random.default_rng(0).integers(0, 3, (6, 2))
    have = tidu.from_numpy(x).unique(return_inverse=True, return_counts=True, dim=dim)
    want = np.unique(x, return_inverse=True, return_counts=True, axis=dim)
    for h, w in zip(have, want):
        np.testing.assert_array_equal(h.numpy(), w.reshape(h.shape))


def test_unique_of_a_number():
    values, inverse = tidu.tensor(3).unique(return_inverse=True)
    assert values.tolist() == [3]
    assert inverse.shape == ()


def test_unique_consecutive():
    x = tidu.tensor([1, 1, 2, 2, 1])
    values, inverse, counts = x.unique_consecutive(return_inverse=True, return_counts=True)
    assert values.tolist() == [1, 2, 1]
    assert inverse.tolist() == [0, 0, 1, 1, 2]
    assert counts.tolist() == [2, 2, 1]
    rows = tidu.tensor([[1, 1], [1, 1], [2, 1]]).unique_consecutive(dim=0)
    assert rows.tolist() == [[1, 1], [2, 1]]


def test_bincount():
    x = tidu.tensor([0, 2, 2])
    assert x.bincount(minlength=5).tolist() == [1, 0, 2, 0, 0]
    weighted = x.bincount(tidu.tensor([0.5, 1.0, 2.0]))
    assert weighted.tolist() == [0.5, 0, 3]
    assert weighted.dtype is tidu.float32
    assert tidu.zeros(0, dtype=tidu.int64).bincount(minlength=2).tolist() == [0, 0]


def test_histogram():
    x = tidu.tensor([0.0, 1.0, 1.0, 4.0])
    hist, edges = tidu.histogram(x, bins=4)
    assert hist.tolist() == [1, 2, 0, 1]
    assert edges.tolist() == [0, 1, 2, 3, 4]
    by_edges = tidu.histogram(x, tidu.tensor([0.0, 1.0, 5.0]), density=True)
    np.testing.assert_allclose(by_edges.hist.numpy(), [0.25, 0.1875])


def test_gradient_goes_to_the_places_sorted_from():
    x = tidu.tensor([3.0, 1.0, 2.0], requires_grad=True)
    (x.sort().values * tidu.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [100, 1, 10]
