"""DataLoader. The orders are PyTorch 2.13's for the same seeds."""

import pickle

import pytest

import tidu
from tidu.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    get_worker_info,
)
from tidu.utils.data.collate import default_collate_fn_map


def lists(loader):
    return [batch.tolist() if isinstance(batch, tidu.Tensor) else batch for batch in loader]


class Stream(IterableDataset):
    def __init__(self, size, announced=None):
        self.size = size
        self.announced = announced

    def __iter__(self):
        return iter(range(self.size))

    def __len__(self):
        if self.announced is None:
            raise TypeError("no length")
        return self.announced


def test_shuffled_epochs_are_pytorchs():
    tidu.manual_seed(0)
    loader = DataLoader(range(7), batch_size=3, shuffle=True)
    assert lists(loader) == [[0, 4, 1], [5, 2, 6], [3]]
    assert lists(loader) == [[3, 1, 4], [2, 5, 0], [6]]
    assert tidu.randint(1000, (1,)).item() == 497  # as much was drawn as PyTorch draws


def test_shuffled_epochs_with_a_generator_are_pytorchs():
    generator = tidu.Generator().manual_seed(1)
    loader = DataLoader(range(7), batch_size=3, shuffle=True, generator=generator)
    assert lists(loader) == [[4, 3, 5], [0, 6, 1], [2]]
    assert lists(loader) == [[6, 4, 1], [3, 2, 0], [5]]
    assert tidu.randint(1000, (1,), generator=generator).item() == 829


def test_other_orders_are_pytorchs():
    tidu.manual_seed(2)
    assert lists(DataLoader(range(7), batch_size=None, shuffle=True)) == [5, 2, 3, 4, 0, 6, 1]
    tidu.manual_seed(0)
    loader = DataLoader(range(7), batch_size=4, sampler=SubsetRandomSampler(range(7)))
    assert lists(loader) == [[0, 1, 5, 6], [2, 3, 4]]


BATCHES = [
    ({}, [[0], [1], [2], [3], [4]]),
    ({"batch_size": 2}, [[0, 1], [2, 3], [4]]),
    ({"batch_size": 2, "drop_last": True}, [[0, 1], [2, 3]]),
    ({"batch_size": None}, [0, 1, 2, 3, 4]),
    ({"batch_size": 2, "sampler": [4, 0, 2]}, [[4, 0], [2]]),
    ({"batch_sampler": [[1], [0, 3]]}, [[1], [0, 3]]),
    ({"batch_size": 2, "collate_fn": lambda items: items}, [[0, 1], [2, 3], [4]]),
    ({"batch_size": 2, "collate_fn": sum}, [1, 5, 4]),
]


@pytest.mark.parametrize(("options", "batches"), BATCHES)
def test_batches(options, batches):
    loader = DataLoader(range(5), **options)
    assert lists(loader) == batches
    assert len(loader) == len(batches)


@pytest.mark.parametrize(
    ("options", "batches"),
    [
        ({}, [[0], [1], [2], [3], [4]]),
        ({"batch_size": 2}, [[0, 1], [2, 3], [4]]),
        ({"batch_size": 2, "drop_last": True}, [[0, 1], [2, 3]]),
        ({"batch_size": None}, [0, 1, 2, 3, 4]),
        ({"batch_size": 5}, [[0, 1, 2, 3, 4]]),
    ],
)
def test_streams(options, batches):
    loader = DataLoader(Stream(5, announced=5), **options)
    assert lists(loader) == batches
    assert len(loader) == len(batches)
    iterator = iter(loader)
    list(iterator)
    with pytest.raises(StopIteration):
        next(iterator)


def test_a_stream_that_announces_too_little_is_warned_of():
    loader = DataLoader(Stream(3, announced=2))
    assert len(loader) == 2
    with pytest.warns(UserWarning, match=r"reported to be 2.* but 3 samples have been fetched"):
        assert lists(loader) == [[0], [1], [2]]


def test_a_stream_without_a_length_has_none():
    with pytest.raises(TypeError, match="no length"):
        len(DataLoader(Stream(3)))


def test_getitems_is_asked_for_whole_batches():
    class Tens(Dataset):
        def __len__(self):
            return 3

        def __getitems__(self, indices):
            return [10 * i for i in indices]

    assert lists(DataLoader(Tens(), batch_size=2)) == [[0, 10], [20]]


class OneByOne(TensorDataset):
    """Redefines `__getitem__`, and so is read item by item."""

    def __getitem__(self, i):
        return super().__getitem__(i)


def test_whole_batches_are_what_items_give():
    tensors = tidu.arange(42.0).view(7, 3, 2).transpose(1, 2), tidu.arange(7)
    for options in ({}, {"batch_size": 3, "shuffle": True}, {"batch_size": 3, "drop_last": True}):
        results = []
        for kind in (TensorDataset, OneByOne):
            tidu.manual_seed(1)
            results.append(list(DataLoader(kind(*tensors), **options)))
        for whole, single in zip(*results, strict=True):
            assert type(whole) is type(single) is list
            for a, b in zip(whole, single, strict=True):
                assert (a.dtype, a.stride(), a.tolist()) == (b.dtype, b.stride(), b.tolist())


def test_whole_batches_need_the_default_collating(monkeypatch):
    data = TensorDataset(tidu.arange(4))
    assert list(DataLoader(data, 2, collate_fn=len)) == [2, 2]
    monkeypatch.setitem(default_collate_fn_map, tidu.Tensor, lambda batch, **_: "mine")
    assert list(DataLoader(data, 2)) == [["mine"], ["mine"]]


def test_an_index_beyond_the_end_gives_the_datasets_own_error():
    loader = DataLoader(TensorDataset(tidu.arange(4)), sampler=[4])
    with pytest.raises(IndexError, match="index 4 is out of bounds for dimension 0 with size 4"):
        next(iter(loader))


def test_whole_batches_are_not_read_item_by_item(monkeypatch):
    def refuse(self, i):
        raise AssertionError("an item was read")

    monkeypatch.setattr(TensorDataset, "__getitem__", refuse)
    data = TensorDataset(tidu.arange(4))
    assert [x.tolist() for (x,) in DataLoader(data, batch_size=3)] == [[0, 1, 2], [3]]
    assert [x.tolist() for (x,) in DataLoader(Subset(data, [3, 1]), batch_size=2)] == [[3, 1]]


DATA = TensorDataset(tidu.arange(4))
ERRORS = [
    ({"num_workers": -1}, "num_workers option should be non-negative; use num_workers=0"),
    ({"timeout": -1}, "timeout option should be non-negative"),
    ({"prefetch_factor": 2}, "prefetch_factor option could only be specified in multiprocessing."),
    ({"num_workers": 1, "prefetch_factor": -1}, "prefetch_factor option should be non-negative"),
    ({"persistent_workers": True}, "persistent_workers option needs num_workers > 0"),
    ({"sampler": [0], "shuffle": True}, "sampler option is mutually exclusive with shuffle"),
    ({"batch_sampler": [[0]], "batch_size": 2}, "batch_sampler option is mutually exclusive"),
    ({"batch_sampler": [[0]], "drop_last": True}, "batch_sampler option is mutually exclusive"),
    ({"batch_size": None, "drop_last": True}, "batch_size=None option disables auto-batching and"),
    ({"batch_size": 0}, "batch_size should be a positive integer value, but got batch_size=0"),
    ({"batch_size": 2.0}, "batch_size should be a positive integer value, but got batch_size=2.0"),
    ({"multiprocessing_context": "spawn"}, "multiprocessing_context can only be used with multi"),
    (
        {"num_workers": 1, "multiprocessing_context": "no"},
        "multiprocessing_context option should specify a valid start method in [",
    ),
]


@pytest.mark.parametrize(("options", "start"), ERRORS)
def test_errors(options, start):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared below
        DataLoader(DATA, **options)
    assert str(caught.value).startswith(start)


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"shuffle": True}, "shuffle option, but got shuffle=True"),
        ({"sampler": [1]}, "sampler option, but got sampler=[1]"),
        ({"batch_sampler": [[1]]}, "batch_sampler option, but got batch_sampler=[[1]]"),
    ],
)
def test_streams_have_no_order_to_choose(options, shown):
    with pytest.raises(ValueError, match="IterableDataset") as caught:
        DataLoader(Stream(3), **options)
    start = "DataLoader with IterableDataset: expected unspecified "
    assert str(caught.value) == start + shown


def test_an_empty_dataset_can_be_iterated_but_not_shuffled():
    assert list(DataLoader([])) == []
    with pytest.raises(ValueError, match="got num_samples=0"):
        DataLoader([], shuffle=True)


def test_a_timeout_needs_workers():
    with pytest.raises(AssertionError, match="requires timeout == 0"):
        iter(DataLoader(DATA, timeout=3))


def test_what_was_decided_at_the_start_stays():
    loader = DataLoader(DATA)
    with pytest.raises(ValueError, match="batch_size attribute should not be set after DataLoader"):
        loader.batch_size = 3
    loader.num_workers = 0


def test_an_iterator_cannot_be_pickled():
    with pytest.raises(NotImplementedError, match="cannot be pickled"):
        pickle.dumps(iter(DataLoader(DATA)))


def test_workers_are_warned_of_and_load_here():
    message = "tidu has no worker processes yet: num_workers=2 loads the data in this process"
    with pytest.warns(UserWarning, match=message):
        loader = DataLoader(range(4), 2, num_workers=2, persistent_workers=True, timeout=1)
    assert loader.prefetch_factor == 2
    assert lists(loader) == [[0, 1], [2, 3]]
    assert lists(loader) == [[0, 1], [2, 3]]
    assert get_worker_info() is None


def test_pinning_is_warned_of():
    with pytest.warns(UserWarning, match="'pin_memory' argument is set as true but no accelerator"):
        assert lists(DataLoader(range(1), pin_memory=True)) == [[0]]


def test_two_iterators_do_not_disturb_each_other():
    loader = DataLoader(range(3))
    first, second = iter(loader), iter(loader)
    assert next(first).item() == next(second).item() == 0
    assert next(first).item() == 1
