"""Datasets, and what is made of datasets."""

import numpy as np
import pytest

import tidu
from tidu.utils.data import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)


class Letters(IterableDataset):
    def __init__(self, text="ab"):
        self.text = text

    def __iter__(self):
        return iter(self.text)

    def __len__(self):
        return len(self.text)


def test_tensor_dataset():
    data = TensorDataset(tidu.arange(6).view(3, 2), tidu.tensor([7.0, 8.0, 9.0]))
    assert len(data) == 3
    row, label = data[-1]
    assert (row.tolist(), label.item()) == ([4, 5], 9.0)


def test_joining():
    joined = ConcatDataset(["abc", "", "de"])
    assert [joined[i] for i in range(5)] == list("abcde")
    assert [joined[i] for i in (-1, -5)] == ["e", "a"]
    assert (TensorDataset(tidu.ones(2)) + TensorDataset(tidu.zeros(1))).cumulative_sizes == [2, 3]


def test_chaining_streams():
    chain = Letters() + Letters("c")
    assert isinstance(chain, ChainDataset)
    assert list(chain) == ["a", "b", "c"]
    assert len(chain) == 3


def test_stacking():
    class Batched(Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, i):
            raise AssertionError("batches are asked for at once")

        def __getitems__(self, indices):
            return [10 * i for i in indices]

    assert StackDataset("abc", Batched()).__getitems__([2, 0]) == [("c", 20), ("a", 0)]
    stacked = StackDataset(letter="abc", number=Batched())
    assert stacked.__getitems__([1]) == [{"letter": "b", "number": 10}]
    assert len(stacked) == 3


def test_subset_of_a_subset():
    part = Subset(Subset("abcdef", [5, 4, 3]), [2, 0])
    assert [part[0], part[1]] == ["d", "f"]
    assert part.__getitems__([1, 0]) == ["f", "d"]


SPLITS = [
    ([0.5, 0.25, 0.25], [[4, 0, 7, 3], [2, 5], [1, 6]]),
    ([5, 3], [[4, 0, 7, 3, 2], [5, 1, 6]]),
]


@pytest.mark.parametrize(("lengths", "indices"), SPLITS)
def test_random_split_is_pytorchs(lengths, indices):
    tidu.manual_seed(0)
    assert [part.indices for part in random_split(range(8), lengths)] == indices


def test_random_split_with_a_generator():
    parts = random_split(range(8), [3, 5], generator=tidu.Generator().manual_seed(4))
    assert [part.indices for part in parts] == [[2, 7, 3], [6, 5, 1, 4, 0]]


@pytest.mark.parametrize(
    ("size", "fractions", "lengths"),
    [(10, [1 / 3, 1 / 3, 1 / 3], [4, 3, 3]), (7, [0.5, 0.5], [4, 3]), (5, [1.0], [5])],
)
def test_what_fractions_leave_over_goes_to_the_first(size, fractions, lengths):
    assert [len(part) for part in random_split(range(size), fractions)] == lengths


def test_an_empty_part_is_warned_of():
    message = "Length of split at index 1 is 0. This might result in an empty dataset."
    with pytest.warns(UserWarning, match=message):
        random_split(range(2), [0.9, 0.1])


def with_item_only():
    class Own(Subset):
        def __getitem__(self, i):
            return i

    return Own("ab", [0])


ERRORS = [
    (lambda: Dataset()[0], NotImplementedError, "Subclasses of Dataset should implement"),
    (lambda: len(Dataset()), TypeError, "object of type 'Dataset' has no len()"),
    (
        lambda: TensorDataset(tidu.ones(2), tidu.ones(3)),
        AssertionError,
        "Size mismatch between tensors",
    ),
    (lambda: ConcatDataset([]), AssertionError, "datasets should not be an empty iterable"),
    (
        lambda: ConcatDataset([Letters()]),
        AssertionError,
        "ConcatDataset does not support IterableDataset",
    ),
    (
        lambda: ConcatDataset(["ab"])[-3],
        ValueError,
        "absolute value of index should not exceed dataset length",
    ),
    (
        lambda: list(ChainDataset(["ab"])),
        AssertionError,
        "ChainDataset only supports IterableDataset",
    ),
    (lambda: StackDataset(), ValueError, "At least one dataset should be passed"),
    (lambda: StackDataset("a", "bc"), ValueError, "Size mismatch between datasets"),
    (lambda: StackDataset("a", b="b"), ValueError, "Supported either ``tuple``"),
    (with_item_only, NotImplementedError, "Own overrides __getitem__ but not __getitems__. "),
    (
        lambda: random_split(range(3), [1, 1]),
        ValueError,
        "Sum of input lengths does not equal the length of the input dataset!",
    ),
    (
        lambda: random_split(range(3), [1.5, -0.5]),
        ValueError,
        "Fraction at index 0 is not between 0 and 1",
    ),
]


@pytest.mark.parametrize(("make", "error", "start"), ERRORS)
def test_errors(make, error, start):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value).startswith(start)


def test_an_iterable_dataset_must_define_iter():
    class Nothing(IterableDataset):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Nothing()


X = tidu.arange(24).view(6, 2, 2)
ROWS = [
    pytest.param(TensorDataset(X, tidu.arange(6)), [3, 0, -1], id="tensors"),
    pytest.param(TensorDataset(X.permute(0, 2, 1)), [3, 0], id="not contiguous"),
    pytest.param(Subset(TensorDataset(X), [5, 4, -6]), [2, 0, 1], id="subset"),
    pytest.param(Subset(TensorDataset(X), np.arange(4)), [2, 0], id="subset by an array"),
]


@pytest.mark.parametrize(("data", "indices"), ROWS)
def test_a_whole_batch_is_what_its_items_are(data, indices):
    batch = data._batch(indices)
    items = [data[i] for i in indices]
    assert isinstance(batch, list)
    for column, rows in zip(batch, zip(*items, strict=True), strict=True):
        assert column.tolist() == [row.tolist() for row in rows]
        assert column.dtype == rows[0].dtype
        assert column.is_contiguous()


def test_a_whole_batch_is_memory_of_its_own():
    data = TensorDataset(tidu.zeros(4, 2))
    data._batch([0, 1])[0].fill_(1)
    assert data.tensors[0].sum().item() == 0


class Doubled(TensorDataset):
    def __getitem__(self, i):
        return (super().__getitem__(i)[0] * 2,)


class Reversed(Subset):
    def __getitems__(self, indices):
        return [self.dataset[-1 - i] for i in indices]


NO_BATCH = [
    pytest.param(Doubled(X), [0], id="redefined item"),
    pytest.param(Subset(Doubled(X), [0]), [0], id="subset of a redefined item"),
    pytest.param(Reversed(TensorDataset(X), [0]), [0], id="redefined subset"),
    pytest.param(Subset("abc", [0]), [0], id="subset of something else"),
    pytest.param(TensorDataset(X.float().requires_grad_()), [0], id="gradient"),
    pytest.param(TensorDataset(X), [6], id="beyond the end"),
    pytest.param(TensorDataset(X), [-7], id="before the start"),
    pytest.param(TensorDataset(X), [True], id="bool"),
    pytest.param(TensorDataset(X), [tidu.tensor(1)], id="tensor as index"),
    pytest.param(TensorDataset(X), [], id="empty"),
    pytest.param(TensorDataset(X), tidu.tensor([1]), id="not a list"),
]


@pytest.mark.parametrize(("data", "indices"), NO_BATCH)
def test_a_whole_batch_is_declined_where_items_may_differ(data, indices):
    assert data._batch(indices) is None
