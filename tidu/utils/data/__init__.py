"""Datasets, samplers and the loader that turns them into batches.

A *dataset* answers `dataset[i]`, a *sampler* says in which order, *collating* stacks the items of
a batch into tensors, and `DataLoader` does the three in a loop. The order of shuffled batches is
PyTorch's for the same seed, and datasets that lie in memory are read a batch at a time (see
`tidu.utils.data.dataset`).
"""

from __future__ import annotations

from tidu.utils.data.collate import default_collate, default_convert
from tidu.utils.data.dataloader import DataLoader, get_worker_info
from tidu.utils.data.dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from tidu.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

__all__ = [
    "BatchSampler",
    "ChainDataset",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "IterableDataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "StackDataset",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "WeightedRandomSampler",
    "default_collate",
    "default_convert",
    "get_worker_info",
    "random_split",
]
