"""Samplers: which indices, in which order, and how much of the random stream they use.

The orders are PyTorch 2.13's for the same seeds.
"""

import pytest

import tidu
from tidu.utils.data import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

SEEDED_ORDERS = [
    pytest.param(
        lambda: RandomSampler(range(5), num_samples=8), [1, 3, 4, 2, 0, 4, 0, 2], id="more-than-all"
    ),
    pytest.param(
        lambda: RandomSampler(range(5), replacement=True, num_samples=40),
        [int(i) for i in "1043402341301400330014023342222441333234"],
        id="replacement",
    ),
    pytest.param(lambda: SubsetRandomSampler([3, 5, 8, 9]), [3, 5, 9, 8], id="subset"),
    pytest.param(
        lambda: WeightedRandomSampler([0.1, 0.9, 0.4, 0.7], 6), [3, 3, 1, 3, 2, 3], id="weighted"
    ),
]


@pytest.mark.parametrize(("make", "order"), SEEDED_ORDERS)
def test_the_order_is_pytorchs(make, order):
    tidu.manual_seed(0)
    sampler = make()
    assert list(sampler) == order
    assert len(sampler) == len(order)


def test_weights_without_replacement_are_drawn_once_each():
    tidu.manual_seed(0)
    sampler = WeightedRandomSampler([0.1, 0.9, 0.4, 0.7], 4, replacement=False)
    assert sorted(sampler) == [0, 1, 2, 3]


def test_a_random_sampler_draws_one_number_whatever_the_datasets_size():
    drawn = []
    for size in (3, 3000):
        tidu.manual_seed(0)
        assert sorted(RandomSampler(range(size))) == list(range(size))
        drawn.append(tidu.rand(2).tolist())
    assert drawn[0] == drawn[1]


def test_a_given_generator_is_used_and_the_default_one_is_not():
    tidu.manual_seed(0)
    expected = tidu.rand(1).item()
    tidu.manual_seed(0)
    orders = [
        list(RandomSampler(range(20), generator=tidu.Generator().manual_seed(5))) for _ in range(2)
    ]
    assert orders[0] == orders[1]
    assert tidu.rand(1).item() == expected


def test_a_dataset_that_grows_is_sampled_whole():
    data = [1, 2]
    sampler = RandomSampler(data)
    data.append(3)
    assert len(sampler) == 3
    assert sorted(sampler) == [0, 1, 2]


@pytest.mark.parametrize(
    ("batch_size", "drop_last", "batches"),
    [
        (2, False, [[0, 1], [2, 3], [4]]),
        (2, True, [[0, 1], [2, 3]]),
        (5, True, [[0, 1, 2, 3, 4]]),
        (9, False, [[0, 1, 2, 3, 4]]),
        (9, True, []),
    ],
)
def test_batches(batch_size, drop_last, batches):
    sampler = BatchSampler(SequentialSampler("abcde"), batch_size, drop_last)
    assert list(sampler) == batches
    assert len(sampler) == len(batches)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: RandomSampler([1], replacement=1),
            TypeError,
            "replacement should be a boolean value, but got replacement=1",
        ),
        (
            lambda: RandomSampler([]),
            ValueError,
            "num_samples should be a positive integer value, but got num_samples=0",
        ),
        (
            lambda: RandomSampler([1], num_samples=2.5),
            ValueError,
            "num_samples should be a positive integer value, but got num_samples=2.5",
        ),
        (
            lambda: WeightedRandomSampler([1.0], True),
            ValueError,
            "num_samples should be a positive integer value, but got num_samples=True",
        ),
        (
            lambda: WeightedRandomSampler([1.0], 1, replacement=0),
            ValueError,
            "replacement should be a boolean value, but got replacement=0",
        ),
        (
            lambda: WeightedRandomSampler([[1.0]], 1),
            ValueError,
            "weights should be a 1d sequence but given weights have shape (1, 1)",
        ),
        (
            lambda: BatchSampler([1], True, False),
            ValueError,
            "batch_size should be a positive integer value, but got batch_size=True",
        ),
        (
            lambda: BatchSampler([1], 1, 0),
            ValueError,
            "drop_last should be a boolean value, but got drop_last=0",
        ),
        (lambda: list(Sampler()), NotImplementedError, ""),
    ],
)
def test_errors(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value) == message


def test_classes_can_be_subscripted_as_types():
    class Own(Sampler[int]):
        def __iter__(self):
            return iter([7])

    assert list(Own()) == [7]
