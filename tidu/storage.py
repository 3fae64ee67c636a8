"""Storages: the memory behind tensors, shared by a tensor and its views."""

from __future__ import annotations

import weakref

import numpy as np

from . import dtypes, naming
from .device import CPU

# address of the memory -> the UntypedStorage on it
_storages: weakref.WeakValueDictionary[int, UntypedStorage] = weakref.WeakValueDictionary()


def root(array):
    """The ndarray at the bottom of a chain of views, which owns the memory (or borrows it)."""
    while True:
        base = array.base
        if not isinstance(base, np.ndarray):
            # np.lib.stride_tricks puts an object of its own between.
            base = getattr(base, "base", None)
            if not isinstance(base, np.ndarray):
                return array
        array = base


def _bounds(array):
    """The address of an array's first byte, and the number of bytes from there to its last."""
    low, high = np.lib.array_utils.byte_bounds(array)
    return low, (high - low if array.size else 0)


def offset_of(array):
    """How many elements lie between the start of the memory and the array's first element."""
    if array.base is None or not array.size:
        return 0
    return (array.ctypes.data - _bounds(root(array))[0]) // array.itemsize


def storage_of(array):
    """The storage that an array lies in: one object for all arrays in the same memory."""
    owner = root(array)
    start, nbytes = _bounds(owner)
    found = _storages.get(start)
    if found is None or found.nbytes() != nbytes:
        found = _storages[start] = UntypedStorage._on(_bytes_of(owner, nbytes), owner)
    return found


def _bytes_of(owner, nbytes):
    """All memory of an array that owns it, as an array of bytes."""
    if not nbytes:
        return np.empty(0, np.uint8)
    lowest = [slice(0, 1) if s >= 0 else slice(-1, None) for s in owner.strides]
    first = owner[(..., *lowest)].reshape(-1).view(np.uint8)
    return np.lib.stride_tricks.as_strided(first, (nbytes,), (1,))


class UntypedStorage:
    """A block of bytes. `tensor.untyped_storage()` is the one that a tensor lies in.

    >>> import tidu
    >>> x = tidu.zeros(4)
    >>> x[1:].untyped_storage() is x.untyped_storage(), x.untyped_storage().nbytes()
    (True, 16)
    """

    __slots__ = ("__weakref__", "_bytes", "_owner")

    is_cuda = is_sparse = is_sparse_csr = False
    device = CPU

    def __init__(self, size=0):
        self._bytes = self._owner = (
            np.empty(size, np.uint8) if isinstance(size, int) else np.array(size, np.uint8)
        )

    @classmethod
    def _on(cls, memory, owner):
        self = object.__new__(cls)
        self._bytes, self._owner = memory, owner
        return self

    def array(self, dtype, offset, shape, strides):
        """An ndarray of NumPy's `dtype` in this memory; offset and strides count elements."""
        n = self._bytes.size // dtype.itemsize
        elements = self._bytes[: n * dtype.itemsize].view(dtype)
        last = offset + sum((m - 1) * s for m, s in zip(shape, strides))
        if 0 not in shape and last >= n:
            raise RuntimeError(
                f"setStorage: sizes {list(shape)}, strides {list(strides)}, storage offset "
                f"{offset}, and itemsize {dtype.itemsize} requiring a storage size of "
                f"{(last + 1) * dtype.itemsize} are out of bounds for storage of size "
                f"{self._bytes.size}"
            )
        byte_strides = [s * dtype.itemsize for s in strides]
        return np.lib.stride_tricks.as_strided(elements[offset:], shape, byte_strides)

    def nbytes(self):
        """The number of bytes."""
        return self._bytes.size

    size = nbytes
    __len__ = nbytes

    def data_ptr(self):
        """The address of the first byte."""
        return self._bytes.ctypes.data if self._bytes.size else 0

    def element_size(self):
        """1: the elements are bytes."""
        return 1

    def tolist(self):
        """The bytes as a list of ints."""
        return self._bytes.tolist()

    def clone(self):
        """A copy of the memory."""
        return UntypedStorage(self._bytes)

    def copy_(self, source):
        """Overwrites the bytes with those of another storage of the same size."""
        self._bytes[...] = source._bytes
        return self

    def fill_(self, value):
        """Sets every byte to `value`."""
        self._bytes[...] = value
        return self

    def is_shared(self):
        """Whether the memory is shared with other processes."""
        return False

    def cpu(self):
        """This storage: it is in the CPU's memory."""
        return self

    def __getitem__(self, index):
        if isinstance(index, slice):
            return UntypedStorage._on(self._bytes[index], self._owner)
        return int(self._bytes[index])

    def __setitem__(self, index, value):
        self._bytes[index] = value

    def __iter__(self):
        return iter(self.tolist())

    def __eq__(self, other):
        if not isinstance(other, UntypedStorage):
            return NotImplemented
        return self.data_ptr() == other.data_ptr() and self.nbytes() == other.nbytes()

    __hash__ = object.__hash__

    def __repr__(self):
        lines = "\n ".join(str(b) for b in self.tolist())
        kind = f"{naming.prefix}.storage.UntypedStorage"
        return f" {lines}\n[{kind}(device={self.device}) of size {self.nbytes()}]"

    def __reduce__(self):
        return _restore, (self._bytes,)

    def __copy__(self):
        return self.clone()

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            memo[id(self)] = self.clone()
        return memo[id(self)]


def _restore(memory):
    """An unpickled storage."""
    return UntypedStorage._on(memory, memory)


class TypedStorage:
    """A block of elements: an UntypedStorage with a dtype (PyTorch's older interface)."""

    is_cuda = is_sparse = False
    device = CPU

    def __init__(self, wrap_storage, dtype):
        self._untyped_storage, self.dtype = wrap_storage, dtype

    def _array(self):
        itemsize = self.dtype.itemsize
        memory = self._untyped_storage._bytes
        return memory[: memory.size // itemsize * itemsize].view(self.dtype.numpy)

    def untyped(self):
        """The memory as bytes."""
        return self._untyped_storage

    def size(self):
        """The number of elements."""
        return self._untyped_storage.nbytes() // self.dtype.itemsize

    __len__ = size

    def nbytes(self):
        """The number of bytes."""
        return self._untyped_storage.nbytes()

    def element_size(self):
        """The number of bytes of one element."""
        return self.dtype.itemsize

    def data_ptr(self):
        """The address of the first element."""
        return self._untyped_storage.data_ptr()

    def tolist(self):
        """The elements as a list of Python numbers."""
        return self._array().tolist()

    def is_shared(self):
        """Whether the memory is shared with other processes."""
        return False

    def __getitem__(self, index):
        if isinstance(index, slice):
            raise RuntimeError("slices are only supported in UntypedStorage.__getitem__")
        return self._array()[index].item()

    def __setitem__(self, index, value):
        self._array()[index] = value

    def __iter__(self):
        return iter(self.tolist())

    def __repr__(self):
        lines = "\n ".join(str(x) for x in self.tolist())
        kind = f"{naming.prefix}.storage.TypedStorage"
        return f" {lines}\n[{kind}(dtype={self.dtype}, device={self.device}) of size {self.size()}]"


def is_storage(obj):
    """Whether an object is a storage.

    >>> import tidu
    >>> tidu.is_storage(tidu.ones(2).untyped_storage())
    True
    """
    return isinstance(obj, (UntypedStorage, TypedStorage))


def warn_deprecated():
    import warnings

    warnings.warn(
        "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be "
        "the only storage class. This should only matter to you if you are using storages "
        "directly.  To access UntypedStorage directly, use tensor.untyped_storage() instead of "
        "tensor.storage()",
        stacklevel=3,
    )


def rebuild(cls, storage, dtype, offset, shape, strides, requires_grad, state):
    """An unpickled (or copied) tensor: a place in a storage, and what else its object holds."""
    from .autograd.node import LEAF
    from .tensor import Tensor

    tensor = object.__new__(cls)
    tensor._array = storage.array(getattr(dtypes, dtype).numpy, offset, shape, strides)
    tensor._node = LEAF if requires_grad else None
    tensor._view = tensor._counter = None
    if state:
        tensor.__dict__.update(state)
    assert isinstance(tensor, Tensor)
    return tensor
