"""DataLoader against torch's: every kind of dataset with every kind of option, from one seed.

What is compared: the batches of two epochs with their types, dtypes, shapes and strides, what a
program draws afterwards, and for wrong options the type and text of the error.
"""

from __future__ import annotations

import itertools
import re
import warnings
from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest

from .bridge import strides, to_array
from .libraries import as_torch_says, lookup, subject, torch

Point = namedtuple("Point", "x y")
ROWS = np.random.default_rng(0).standard_normal((50, 3, 4)).astype(np.float32)
LABELS = np.arange(50)


class Library:
    """What the cases below need of one library."""

    def __init__(self, library):
        self.root = library
        self.data = lookup("utils.data", library)
        self.rows = library.from_numpy(ROWS)
        self.labels = library.from_numpy(LABELS)

    def tensors(self):
        return self.data.TensorDataset(self.rows, self.labels)

    def generator(self, seed):
        return self.root.Generator().manual_seed(seed)

    def stream(self, size, announced):
        root = self.root

        class Stream(self.data.IterableDataset):
            def __iter__(self):
                return iter([root.rand(1) for _ in range(size)])

            def __len__(self):
                return announced

        return Stream()


DATASETS = {
    "tensors": Library.tensors,
    "not contiguous": lambda m: m.data.TensorDataset(m.rows.permute(0, 2, 1), m.labels.double()),
    "with gradient": lambda m: m.data.TensorDataset(m.rows.clone().requires_grad_()),
    "subset": lambda m: m.data.Subset(m.tensors(), list(range(40, 3, -2))),
    "subset of subset": lambda m: m.data.Subset(
        m.data.Subset(m.tensors(), list(range(40, 3, -2))), [1, -2, 4, 4, 5]
    ),
    "subset by array": lambda m: m.data.Subset(m.tensors(), np.arange(10)),
    "subset by tensor": lambda m: m.data.Subset(m.tensors(), m.root.arange(10)),
    "split": lambda m: m.data.random_split(m.tensors(), [0.3, 0.7])[1],
    "split with generator": lambda m: m.data.random_split(
        m.tensors(), [20, 30], generator=m.generator(3)
    )[0],
    "joined": lambda m: m.tensors() + m.data.TensorDataset(m.rows[:7], m.labels[:7]),
    "stacked": lambda m: m.data.StackDataset(m.tensors(), range(50)),
    "stacked by name": lambda m: m.data.StackDataset(a=m.tensors(), b=range(50)),
    "a tensor": lambda m: m.labels,
    "arrays and numbers": lambda m: [
        (np.ones(3) * i, np.float32(i), np.int16(i), i % 2 == 0, i / 2) for i in range(9)
    ],
    "nested": lambda m: [
        {"a": i, "b": [float(i), "s"], "c": Point(i, np.arange(2))} for i in range(9)
    ],
    "ordered": lambda m: [OrderedDict(z=1, a=[range(2)]) for _ in range(9)],
    "default": lambda m: [defaultdict(list, {1: 2}) for _ in range(9)],
    "strings": lambda m: ["abc", "d", "e"],
    "bytes": lambda m: [b"abc", b"d", b"e"],
    "objects": lambda m: [object()] * 3,
    "none": lambda m: [None] * 3,
    "uneven lists": lambda m: [[1], [1, 2]],
    "uneven tensors": lambda m: [m.root.ones(1), m.root.ones(2)],
    "arrays of strings": lambda m: [np.array(["a"])] * 3,
    "arrays of objects": lambda m: [np.array([None])] * 3,
    "stream": lambda m: m.stream(7, 7),
    "stream that says too little": lambda m: m.stream(7, 4),
}

OPTIONS = {
    "none": lambda m, d: {},
    "batches": lambda m, d: {"batch_size": 4},
    "whole batches": lambda m, d: {"batch_size": 4, "drop_last": True},
    "shuffled": lambda m, d: {"batch_size": 3, "shuffle": True},
    "no batches": lambda m, d: {"batch_size": None},
    "no batches, shuffled": lambda m, d: {"batch_size": None, "shuffle": True},
    "generator": lambda m, d: {"shuffle": True, "batch_size": 5, "generator": m.generator(9)},
    "list": lambda m, d: {"batch_size": 2, "sampler": [1, 0, 2]},
    "list of batches": lambda m, d: {"batch_sampler": [[0, 1], [2]]},
    "subset at random": lambda m, d: {"sampler": m.data.SubsetRandomSampler([2, 0, 1])},
    "replacement": lambda m, d: {"batch_size": 4, "sampler": m.data.RandomSampler(d, True, 70)},
    "more than all": lambda m, d: {
        "batch_size": 4,
        "sampler": m.data.RandomSampler(d, False, 2 * len(d) + 1),
    },
    "weighted": lambda m, d: {
        "sampler": m.data.WeightedRandomSampler([0.1] * len(d), 2, replacement=False)
    },
    "tensors as indices": lambda m, d: {"batch_size": 2, "sampler": [m.root.tensor(1), 0]},
    "from the end": lambda m, d: {"batch_size": 2, "sampler": [1, -1, 0, -2]},
    "beyond the end": lambda m, d: {"batch_size": 2, "sampler": [1, 1000]},
    "own collating": lambda m, d: {"batch_size": 2, "shuffle": True, "collate_fn": list},
    **{
        str(options): lambda m, d, options=options: dict(options)
        for options in (
            {"sampler": [1], "shuffle": True},
            {"batch_sampler": [[1]], "batch_size": 3},
            {"batch_size": None, "drop_last": True},
            {"batch_size": 0},
            {"batch_size": True},
            {"drop_last": 1},
            {"timeout": -1},
            {"timeout": 2},
            {"prefetch_factor": 2},
            {"persistent_workers": True},
            {"num_workers": -1},
            {"multiprocessing_context": "fork"},
        )
    },
}


def outcome(library, dataset, options):
    """Return what two epochs give, as plain data, or the error."""
    use = Library(library)
    library.manual_seed(7)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            data = DATASETS[dataset](use)
            loader = use.data.DataLoader(data, **OPTIONS[options](use, data))
            given = [len(loader), *loader, *loader, library.rand(2)]
            result = [plain(library, item) for item in given]
        except Exception as error:
            result = type(error).__name__, without_addresses(error)
    return result, [without_addresses(warning.message) for warning in warned]


def without_addresses(message) -> str:
    return re.sub("0x[0-9a-f]+", "0x", as_torch_says(str(message)))


def plain(library, item):
    if isinstance(item, library.Tensor):
        array = to_array(item)
        return str(array.dtype), array.shape, strides(item), array.tolist(), item.requires_grad
    if isinstance(item, np.ndarray):
        return "array", str(item.dtype), item.tolist()
    if isinstance(item, dict):
        return type(item).__name__, {key: plain(library, item[key]) for key in item}
    if isinstance(item, list | tuple):
        return type(item).__name__, [plain(library, part) for part in item]
    return "an object" if type(item) is object else item


@pytest.mark.parametrize(("dataset", "options"), list(itertools.product(DATASETS, OPTIONS)))
def test_loader(dataset, options):
    assert outcome(subject, dataset, options) == outcome(torch, dataset, options)


CONVERTED = [
    (np.float64(3),),
    {"a": np.ones(2), "b": (1, np.zeros(1))},
    [np.ones(1), "s", b"x"],
    Point(np.ones(1), 2),
    range(3),
    np.array([None]),
    "s",
    3,
]


@pytest.mark.parametrize("data", CONVERTED, ids=repr)
def test_default_convert(data):
    results = (
        plain(library, lookup("utils.data.default_convert", library)(data))
        for library in (subject, torch)
    )
    assert next(results) == next(results)
