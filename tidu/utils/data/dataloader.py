"""DataLoader: a dataset, an order and a batch size become batches of tensors."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import islice, repeat
from types import GenericAlias

from tidu.utils.data.collate import default_collate, default_convert, is_plain
from tidu.utils.data.dataset import IterableDataset, get_items
from tidu.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    draw_seed,
)


def get_worker_info() -> None:
    """Return None: there are no worker processes, all data is loaded in the main process.

    >>> get_worker_info() is None
    True
    """


class DataLoader:
    """Iterate over a dataset in batches.

    - `batch_size` items are collated into one batch; None turns batching off.
    - `shuffle` draws a new order each epoch, from `generator` or the default one. For the same
      seed it is PyTorch's order.
    - `sampler` gives the order instead, `batch_sampler` the batches themselves, as lists.
    - `drop_last` leaves an incomplete last batch out.
    - `collate_fn` makes a batch of a list of items; see `default_collate`.
    - `num_workers`: worker processes are not there yet. More than 0 is accepted with a warning,
      and loads in this process; `worker_init_fn`, `timeout`, `prefetch_factor`,
      `multiprocessing_context`, `persistent_workers` and `in_order` are then checked and kept.
    - `pin_memory` has no effect without an accelerator, and warns so.

    Contradicting or impossible arguments raise ValueError.

    >>> import tidu
    >>> from tidu.utils.data import DataLoader, TensorDataset
    >>> data = TensorDataset(tidu.arange(5.0), tidu.tensor([0, 1, 0, 1, 0]))
    >>> for x, y in DataLoader(data, batch_size=2):
    ...     print(x, y)
    tensor([0., 1.]) tensor([0, 1])
    tensor([2., 3.]) tensor([0, 1])
    tensor([4.]) tensor([0])
    """

    __class_getitem__: classmethod = classmethod(GenericAlias)
    _initialized = False

    def __init__(
        self,
        dataset,
        batch_size=1,
        shuffle=None,
        sampler=None,
        batch_sampler=None,
        num_workers=0,
        collate_fn=None,
        pin_memory=False,
        drop_last=False,
        timeout=0,
        worker_init_fn=None,
        multiprocessing_context=None,
        generator=None,
        *,
        prefetch_factor=None,
        persistent_workers=False,
        pin_memory_device="",
        in_order=True,
    ) -> None:
        prefetch_factor = _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        self._is_stream = isinstance(dataset, IterableDataset)

        if self._is_stream:
            _check_stream_options(shuffle, sampler, batch_sampler)
        _check_batch_options(batch_size, shuffle, sampler, batch_sampler, drop_last)
        if sampler is None:
            sampler = self._default_sampler(shuffle, generator)
        if batch_sampler is not None:
            batch_size = None
        elif batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)

        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        if collate_fn is None:
            batched = batch_sampler is not None
            collate_fn = default_collate if batched else default_convert
        self.collate_fn = collate_fn
        self.persistent_workers = persistent_workers
        self._announced_length: int | None = None
        self._iterator: _SingleProcessDataLoaderIter | None = None
        self._initialized = True
        if num_workers > 0:
            warnings.warn(
                f"tidu has no worker processes yet: num_workers={num_workers} loads the data in "
                "this process",
                stacklevel=2,
            )

    def _default_sampler(self, shuffle, generator):
        if self._is_stream:
            return _InfiniteConstantSampler()
        if shuffle:
            return RandomSampler(self.dataset, generator=generator)
        return SequentialSampler(self.dataset)

    @property
    def multiprocessing_context(self):
        return self._multiprocessing_context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context) -> None:
        if context is not None:
            context = _check_context(context, self.num_workers)
        self._multiprocessing_context = context

    def __setattr__(self, name: str, value) -> None:
        if self._initialized and name in _FIXED:
            raise ValueError(
                f"{name} attribute should not be set after {type(self).__name__} is initialized"
            )
        super().__setattr__(name, value)

    @property
    def _index_sampler(self):
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __iter__(self):
        if not (self.persistent_workers and self.num_workers > 0):
            return _SingleProcessDataLoaderIter(self)
        if self._iterator is None:
            self._iterator = _SingleProcessDataLoaderIter(self)
        else:
            self._iterator._restart()
        return self._iterator

    def __len__(self) -> int:
        if not self._is_stream:
            return len(self._index_sampler)
        # A stream's length is what it says of itself; the iterator warns if that was wrong.
        length = self._announced_length = len(self.dataset)
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else -(-length // self.batch_size)


_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class _InfiniteConstantSampler(Sampler):
    """The sampler of a stream, whose items have no indices."""

    def __iter__(self):
        return repeat(None)


class _SingleProcessDataLoaderIter:
    """One pass over the data."""

    def __init__(self, loader: DataLoader) -> None:
        _warn_of_pinning(loader)
        self._loader = loader
        self._collate = loader.collate_fn
        self._indices = iter(loader._index_sampler)
        # Workers will need it; until then it is drawn because PyTorch draws it, between the two
        # places where a sampler and a stream may draw theirs.
        self._base_seed = draw_seed(loader.generator)
        if loader.num_workers == 0 and loader.timeout != 0:
            raise AssertionError("_SingleProcessDataLoaderIter requires timeout == 0")
        self._open()

    def _open(self) -> None:
        loader = self._loader
        self._stream: Iterator | None = iter(loader.dataset) if loader._is_stream else None
        self._announced_length = loader._announced_length
        self._yielded = 0

    def _restart(self) -> None:
        """Begin another pass without a new seed, as an iterator with persistent workers does."""
        self._indices = iter(self._loader._index_sampler)
        self._open()

    def __iter__(self):
        return self

    def __len__(self) -> int:
        return len(self._loader._index_sampler)

    def __next__(self):
        index = next(self._indices)
        data = self._read(index) if self._stream is None else self._read_stream(self._stream, index)
        self._yielded += 1
        if self._announced_length is not None and self._yielded > self._announced_length:
            warnings.warn(
                f"Length of IterableDataset {self._loader.dataset} was reported to be "
                f"{self._announced_length}(when accessing len(dataloader)), but {self._yielded} "
                "samples have been fetched. ",
                stacklevel=2,
            )
        return data

    def _read(self, index):
        dataset = self._loader.dataset
        if self._loader.batch_sampler is None:
            return self._collate(dataset[index])
        whole_batch = getattr(dataset, "_batch", None)
        if whole_batch is not None and is_plain(self._collate):
            data = whole_batch(index)
            if data is not None:
                return data
        return self._collate(get_items(dataset, index))

    def _read_stream(self, stream: Iterator, slots):
        """Read one item, or as many as `slots` has places; a stream that ends stays ended."""
        if self._loader.batch_sampler is None:
            return self._collate(next(stream))
        items = list(islice(stream, len(slots)))
        if len(items) < len(slots):
            self._stream = iter(())
            if not items or self._loader.drop_last:
                raise StopIteration
        return self._collate(items)

    def __getstate__(self):
        raise NotImplementedError("{} cannot be pickled", type(self).__name__)


def _check_workers(num_workers, timeout, prefetch_factor, persistent_workers):
    """Check what has to do with workers, and return the prefetch factor in force."""
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; "
            "use num_workers=0 to disable multiprocessing."
        )
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing."
            "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if num_workers > 0 and prefetch_factor is None:
        prefetch_factor = 2
    elif prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")
    return prefetch_factor


def _check_stream_options(shuffle, sampler, batch_sampler) -> None:
    start = "DataLoader with IterableDataset: expected unspecified "
    if shuffle not in {False, None}:
        raise ValueError(f"{start}shuffle option, but got shuffle={shuffle}")
    if sampler is not None:
        raise ValueError(f"{start}sampler option, but got sampler={sampler}")
    if batch_sampler is not None:
        raise ValueError(f"{start}batch_sampler option, but got batch_sampler={batch_sampler}")


def _check_batch_options(batch_size, shuffle, sampler, batch_sampler, drop_last) -> None:
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None:
        if batch_size != 1 or shuffle or sampler is not None or drop_last:
            raise ValueError(
                "batch_sampler option is mutually exclusive "
                "with batch_size, shuffle, sampler, and drop_last"
            )
    elif batch_size is None and drop_last:
        raise ValueError(
            "batch_size=None option disables auto-batching "
            "and is mutually exclusive with drop_last"
        )


def _check_context(context, num_workers: int):
    """Return a multiprocessing context for a context or the name of its start method."""
    import multiprocessing

    if num_workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with "
            f"multi-process loading (num_workers > 0), but got num_workers={num_workers}"
        )
    if isinstance(context, str):
        methods = multiprocessing.get_all_start_methods()
        if context not in methods:
            raise ValueError(
                f"multiprocessing_context option should specify a valid start method in "
                f"{methods!r}, but got multiprocessing_context={context!r}"
            )
        context = multiprocessing.get_context(context)
    if not isinstance(context, multiprocessing.context.BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string "
            f"specifying the start method, but got multiprocessing_context={context}"
        )
    return context


def _warn_of_pinning(loader: DataLoader) -> None:
    if loader.pin_memory and loader.pin_memory_device:
        warnings.warn(
            "pin_memory_device is deprecated, the current accelerator will be used as the device,"
            f"ignore pin_memory_device='{loader.pin_memory_device}'.",
            stacklevel=4,
        )
    if loader.pin_memory:
        warnings.warn(
            "'pin_memory' argument is set as true but no accelerator is found, "
            "then device pinned memory won't be used.",
            stacklevel=4,
        )
