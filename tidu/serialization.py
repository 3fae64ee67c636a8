"""`save` and `load`: PyTorch's checkpoint format, both ways.

A checkpoint is an uncompressed zip archive. `data.pkl` is a pickle of the object, in which each tensor is
a call of `torch._utils._rebuild_tensor_v2` on a storage, an offset, a shape and strides; `data/0`,
`data/1`, ... are the storages' bytes, at multiples of 64 in the file. A storage that several tensors
share is there once.

Pickles can run any code when they are read, so `load` admits only the names that a checkpoint needs
(`_allowed`), and what the user adds with `add_safe_globals`.
"""

from __future__ import annotations

import io
import os
import pickle
import sys
import zipfile
from collections import Counter, OrderedDict
from typing import Any

import numpy as np

from . import dtypes, formats
from .device import check as check_device
from .device import device
from .formats import layout
from .nn.parameter import Buffer, Parameter
from .size import Size
from .storage import TypedStorage, UntypedStorage, offset_of, storage_of
from .tensor import Tensor

ALIGNMENT = 64
_STORAGES = {f"{d.title}Storage": d for d in dtypes.ALL}


class Global:
    """A name in a pickle: of something in PyTorch, whether tidu calls it so or not."""

    def __init__(self, module, name):
        self.module, self.name = module, name

    def __call__(self, *args):
        """Never called: the pickle module asks that what rebuilds an object could be."""
        raise TypeError(f"{self.module}.{self.name} is called by whoever reads the file")


_REBUILD = Global("torch._utils", "_rebuild_tensor_v2")
_REBUILD_WITH_DTYPE = Global("torch._utils", "_rebuild_tensor_v3")
_REBUILD_PARAMETER = Global("torch._utils", "_rebuild_parameter")
_SIZE, _DEVICE = Global("torch", "Size"), Global("torch", "device")
_LAYOUT = Global("torch.serialization", "_get_layout")
_DTYPES = {d: Global("torch", d.name) for d in dtypes.ALL}
_STORAGE_NAMES = {d: Global("torch", name) for name, d in _STORAGES.items()}
# PyTorch has no type of storage for these dtypes: such a tensor's storage is of bytes.
_UNTYPED = Global("torch.storage", "UntypedStorage")
_STORAGE_NAMES |= dict.fromkeys((dtypes.uint16, dtypes.uint32, dtypes.uint64), _UNTYPED)


# Saving


_PythonPickler: Any = pickle._Pickler  # the one written in Python: it can be told names


class _Pickler(_PythonPickler):
    """Writes tensors as PyTorch does, and tidu's classes under their PyTorch names."""

    def __init__(self, file, protocol):
        super().__init__(file, protocol)
        self.storages = {}  # id of a storage -> (number, storage)

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Global):
            self._write_name(obj, obj.module, obj.name)
        elif isinstance(obj, dtypes.dtype):
            self._write_name(_DTYPES[obj], "torch", obj.name)
        else:
            super().save(obj, save_persistent_id)

    def save_global(self, obj, name=None):
        module = getattr(obj, "__module__", None) or ""
        public = _public_module(module)
        if public.startswith("torch.") and vars(sys.modules["tidu"]).get(obj.__name__) is obj:
            public = "torch"  # where PyTorch has it, whichever file it is from here
        if public == module:
            super().save_global(obj, name)
        else:
            self._write_name(obj, public, name or obj.__qualname__)

    dispatch = {**_PythonPickler.dispatch, type: save_global}
    dispatch[type(offset_of)] = save_global

    def _write_name(self, obj, module, name):
        known = self.memo.get(id(obj))
        if known is not None:
            self.write(self.get(known[0]))
            return
        self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        self.memoize(obj)

    def persistent_id(self, obj):
        if not isinstance(obj, (TypedStorage, UntypedStorage)):
            return None
        name, count = _UNTYPED, obj.nbytes()
        if isinstance(obj, TypedStorage):
            name = _STORAGE_NAMES[obj.dtype]
            count = count if name is _UNTYPED else len(obj)
            obj = obj.untyped()
        number, _ = self.storages.setdefault(id(obj), (len(self.storages), obj))
        return ("storage", name, str(number), "cpu", count)

    def reducer_override(self, obj):
        if isinstance(obj, Parameter):
            return _REBUILD_PARAMETER, (obj.data, obj.requires_grad, OrderedDict())
        if isinstance(obj, Tensor):
            untyped = _STORAGE_NAMES[obj.dtype] is _UNTYPED
            parts = _tensor_parts(obj)
            return (_REBUILD_WITH_DTYPE, (*parts, obj.dtype)) if untyped else (_REBUILD, parts)
        if isinstance(obj, layout):
            return _LAYOUT, (f"torch.{obj.name}",)
        if isinstance(obj, Size):
            return _SIZE, (tuple(obj),)
        if isinstance(obj, device):
            return _DEVICE, ((obj.type,) if obj.index is None else (obj.type, obj.index))
        return NotImplemented


def _tensor_parts(tensor):
    """What a tensor is rebuilt from."""
    array = tensor._array
    if any(s < 0 or s % array.itemsize for s in array.strides) or not array.dtype.isnative:
        array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
    storage = TypedStorage(storage_of(array), dtypes.of(array))
    strides = tuple(s // array.itemsize for s in array.strides)
    if array.size == 0:
        strides = tuple(Tensor._wrap(array).stride())
    return storage, offset_of(array), array.shape, strides, tensor.requires_grad, OrderedDict()


def _public_module(module):
    """The name that PyTorch's module has, for one of tidu's."""
    for own, public in (("tidu.vision", "torchvision"), ("tidu", "torch")):
        if module == own or module.startswith(own + "."):
            return public + module[len(own) :]
    return module


def save(obj, f, pickle_module=pickle, pickle_protocol=2, _use_new_zipfile_serialization=True):
    """Writes `obj` to a file (a path or a file object) in PyTorch's format.

    Tensors, modules' and optimizers' state dicts, and whatever can be pickled. A path is written
    beside the file first and then takes its place, so that a failure leaves the old file as it was.

    >>> import io, tidu
    >>> file = io.BytesIO()
    >>> tidu.save({"x": tidu.ones(2)}, file)
    >>> _ = file.seek(0)
    >>> tidu.load(file)
    {'x': tensor([1., 1.])}
    """
    if not _use_new_zipfile_serialization:
        raise NotImplementedError("tidu writes PyTorch's zip format only")
    if pickle_module is not pickle:
        raise NotImplementedError("tidu saves with Python's own pickle module only")
    is_path = isinstance(f, (str, os.PathLike))
    if not is_path and not hasattr(f, "write"):
        raise AttributeError(
            "expected 'f' to be string, path, or a file-like object with a 'write' attribute"
        )
    data = io.BytesIO()
    pickler = _Pickler(data, pickle_protocol)
    pickler.dump(obj)
    storages = [storage for _, storage in pickler.storages.values()]
    if is_path:
        path = os.path.realpath(os.fspath(f))
        name = os.path.basename(os.fspath(f)).rpartition(".")[0] or os.path.basename(os.fspath(f))
        _replace(path, lambda file: _write_archive(file, name, data.getvalue(), storages))
    else:
        buffer = io.BytesIO()
        _write_archive(buffer, "archive", data.getvalue(), storages)
        f.write(buffer.getbuffer())


def _replace(path, write):
    """Lets `write` fill a new file, which then takes the place of `path` as a whole."""
    import tempfile

    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist.")
    if os.path.exists(path) and not os.path.isfile(path):  # a device or a pipe has no place to take
        with open(path, "wb") as file:
            write(file)
        return
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".saving")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _mode(path):
    """The permissions of the file that is replaced, or of one that is newly made."""
    if os.path.exists(path):
        return os.stat(path).st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _write_archive(file, name, data, storages):
    import hashlib

    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:

        def write(record, content):
            info = zipfile.ZipInfo(f"{name}/{record}", (1980, 1, 1, 0, 0, 0))
            # Padding, so that the content starts at a multiple of ALIGNMENT: an extra field "FB".
            start = file.tell() + 30 + len(info.filename.encode()) + 4
            if len(content) >= 1 << 31:
                start += 20  # the sizes then stand in an extra field of their own
            padding = -start % ALIGNMENT
            info.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
            archive.writestr(info, content)

        write("data.pkl", data)
        write(".format_version", b"1")
        write(".storage_alignment", str(ALIGNMENT).encode())
        write("byteorder", sys.byteorder.encode())
        digest = hashlib.sha1(data, usedforsecurity=False)
        for number, storage in enumerate(storages):
            content = storage._bytes.tobytes()
            digest.update(content)
            write(f"data/{number}", content)
        write("version", b"3\n")
        write(".data/serialization_id", str(int(digest.hexdigest(), 16))[:40].zfill(40).encode())


# Loading

_user_globals: dict = {}  # (module, name) -> object


def add_safe_globals(safe_globals):
    """Lets `load` admit these classes and functions (or (object, "module.name") pairs)."""
    _user_globals.update(_named(safe_globals))


def get_safe_globals():
    """What was added by `add_safe_globals`."""
    return list(_user_globals.values())


def clear_safe_globals():
    """Forgets what was added by `add_safe_globals`."""
    _user_globals.clear()


class safe_globals:
    """Context manager: `load` admits these classes and functions inside.

    >>> import tidu
    >>> from fractions import Fraction
    >>> with tidu.serialization.safe_globals([Fraction]):
    ...     len(tidu.serialization.get_safe_globals())
    1
    """

    def __init__(self, safe_globals):
        self.named = _named(safe_globals)

    def __enter__(self):
        self.before = dict(_user_globals)
        _user_globals.update(self.named)

    def __exit__(self, *exception):
        _user_globals.clear()
        _user_globals.update(self.before)


def _named(entries):
    found = {}
    for entry in entries:
        if isinstance(entry, tuple):
            entry, full = entry
            module, _, name = full.rpartition(".")
        else:
            module, name = entry.__module__, entry.__qualname__
        found[_public_module(module), name] = entry
    return found


def _rebuild_tensor(storage, offset, size, stride, requires_grad=False, hooks=None, metadata=None):
    return _rebuild(storage._array(), offset, size, stride, requires_grad, metadata)


def _rebuild_tensor_with_dtype(
    storage, offset, size, stride, requires_grad, hooks, dtype, metadata=None
):
    array = storage._array().view(dtype.numpy)
    return _rebuild(array, offset, size, stride, requires_grad, metadata)


def _rebuild(array, offset, size, stride, requires_grad, metadata):
    itemsize = array.itemsize
    last = offset + sum((n - 1) * s for n, s in zip(size, stride)) if 0 not in size else 0
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    if any(n < 0 for n in size) or any(s < 0 for s in stride) or last >= max(len(array), 1):
        error = RuntimeError("Trying to resize storage that is not resizable")
        error.add_note(
            f"The file is damaged: a tensor of shape {tuple(size)} and strides {tuple(stride)} at offset "
            f"{offset} does not fit into its storage of {len(array)} elements."
        )
        raise error
    array = np.lib.stride_tricks.as_strided(
        array[offset:], tuple(size), tuple(s * itemsize for s in stride)
    )
    if metadata and metadata.get("conj"):
        array = array.conj()
    if metadata and metadata.get("neg"):
        array = -array
    tensor = Tensor._wrap(array)
    tensor.requires_grad = bool(requires_grad)
    return tensor


def _rebuild_tensor_v1(storage, offset, size, stride):
    return _rebuild_tensor(storage, offset, size, stride)


def _rebuild_parameter(data, requires_grad, hooks):
    return Parameter(data, requires_grad)


def _rebuild_parameter_with_state(data, requires_grad, hooks, state):
    parameter = Parameter(data, requires_grad)
    if isinstance(state, dict):
        parameter.__dict__.update(state)
    return parameter


def _rebuild_from_type(function, kind, args, state):
    tensor = function(*args)
    if isinstance(state, dict):
        tensor.__dict__.update(state)
    return tensor


_layouts = {f"torch.{found.name}": found for found in vars(formats).values() if isinstance(found, layout)}


def _encode(text, encoding="latin1"):
    return text.encode(encoding)


def _allowed():
    """The names that a checkpoint needs, and what they are here."""
    found = {
        ("collections", "OrderedDict"): OrderedDict,
        ("collections", "Counter"): Counter,
        ("builtins", "set"): set,
        ("builtins", "bytearray"): bytearray,
        ("builtins", "complex"): complex,
        ("_codecs", "encode"): _encode,
        ("torch", "Size"): Size,
        ("torch", "device"): device,
        ("torch", "Tensor"): Tensor,
        ("torch.nn.parameter", "Parameter"): Parameter,
        ("torch.nn.parameter", "Buffer"): Buffer,
        ("torch._utils", "_rebuild_tensor"): _rebuild_tensor_v1,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        ("torch._utils", "_rebuild_tensor_v3"): _rebuild_tensor_with_dtype,
        ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
        ("torch._utils", "_rebuild_parameter_with_state"): _rebuild_parameter_with_state,
        ("torch._tensor", "_rebuild_from_type_v2"): _rebuild_from_type,
        ("torch.serialization", "_get_layout"): _layouts.__getitem__,
        ("torch.storage", "UntypedStorage"): _StorageType(dtypes.uint8),
    }
    found.update({("torch", d.name): d for d in dtypes.ALL})
    found.update({("torch", name): _StorageType(d) for name, d in _STORAGES.items()})
    return found


class _StorageType:
    """`torch.FloatStorage` in a pickle: says of which dtype a storage's elements are."""

    def __init__(self, dtype):
        self.dtype = dtype


_BLOCKED = frozenset(("sys", "os", "posix", "nt"))
_ADVICE = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` from "
    "`False` to `True`. Re-running `torch.load` with `weights_only` set to `False` will likely succeed, "
    "but it can result in arbitrary code execution. Do it only if you got the file from a trusted source."
)


def _refusal(module, name):
    """PyTorch's error for a name that `weights_only` does not admit."""
    full = name if module == "builtins" else f"{module}.{name}"
    if module in _BLOCKED:
        return _failure(
            f"{_ADVICE}\n\n\nTrying to load unsupported GLOBAL {full} whose module {module} is blocked."
        )
    error = _failure(
        "This file can still be loaded, to do so you have two options, \x1b[1mdo those steps only if "
        f"you trust the source of the checkpoint\x1b[0m. \n\t(1) {_ADVICE}\n\t(2) Alternatively, to "
        "load with `weights_only=True` please check the recommended steps in the following error "
        f"message.\n\tWeightsUnpickler error: Unsupported global: GLOBAL {full} was not an allowed "
        f"global by default. Please use `torch.serialization.add_safe_globals([{full}])` or the "
        f"`torch.serialization.safe_globals([{full}])` context manager to allowlist this global if you "
        "trust this class/function."
    )
    error.add_note(
        f"The file names {full}, which is no part of a plain checkpoint. If you trust the file, allow "
        f"the name with tidu.serialization.add_safe_globals([{name}]), or read everything in it with "
        "weights_only=False (which may run code that the file brings)."
    )
    return error


def _unsupported(problem):
    """PyTorch's error for a pickle that does more than `weights_only` admits."""
    return _failure(
        f"{_ADVICE}\nPlease file an issue with the following so that we can make `weights_only=True` "
        f"compatible with your use case: WeightsUnpickler error: \n\n{problem}"
    )


def _failure(text):
    return pickle.UnpicklingError(
        f"Weights only load failed. {text}\n\nCheck the documentation of torch.load to learn more about "
        "types accepted by default with weights_only "
        "https://pytorch.org/docs/stable/generated/torch.load.html."
    )


class _Reading:
    """What unpicklers of checkpoints have in common; `storages` are the archive's."""

    storages: _Storages

    def find_class(self, module, name):
        """What a name in the pickle means here."""
        if module == "__builtin__":  # what Python 2, and so pickle's protocol 2, calls it
            module = "builtins"
            name = {"xrange": "range", "long": "int"}.get(name, name)
        found = _allowed().get((module, name)) or _user_globals.get((module, name))
        if found is not None:
            return found
        if (module, name) == ("torch", "BFloat16Storage"):
            raise NotImplementedError("tidu has no torch.bfloat16 yet, which this file has tensors of")
        return self.find_other(module, name)

    def find_other(self, module, name):
        """What a name means that no plain checkpoint has."""
        for public, own in (("torchvision", "tidu.vision"), ("torch", "tidu")):
            if module == public or module.startswith(public + "."):
                module = own + module[len(public) :]
                break
        return super().find_class(module, name)  # type: ignore[misc]

    def persistent_load(self, saved_id):
        if not isinstance(saved_id, tuple) or len(saved_id) < 5 or saved_id[0] != "storage":
            raise pickle.UnpicklingError(f"an unknown persistent id: {saved_id!r}")
        _, kind, key, location, count = saved_id[:5]
        if not isinstance(kind, _StorageType):
            raise pickle.UnpicklingError(f"a storage of unknown type: {kind!r}")
        return self.storages.get(str(key), kind.dtype, location, count)


class _Opcodes(dict):
    def __missing__(self, code):
        raise _unsupported(f"Unsupported operand {code}")


_PythonUnpickler: Any = pickle._Unpickler  # the one written in Python: it can be told opcodes


class _SafeUnpickler(_Reading, _PythonUnpickler):
    """Admits the names of `_allowed`, and changes the attributes of nothing that it did not make."""

    def find_other(self, module, name):
        raise _refusal(module, name)

    def load_build(self):
        instance, kind = self.stack[-2], type(self.stack[-2])
        if kind in _user_globals.values():
            super().load_build()
        elif kind in (OrderedDict, Tensor, Parameter, Buffer):
            instance.__dict__.update(self.stack.pop())
        else:
            raise _unsupported(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted via "
                f"`add_safe_globals`, but got {kind}"
            )

    dispatch = _Opcodes(_PythonUnpickler.dispatch)
    dispatch[pickle.BUILD[0]] = load_build


def _unpickler(data, storages, weights_only, pickle_module, arguments):
    """The unpickler for `data.pkl`."""
    if weights_only:
        kind: Any = _SafeUnpickler
    else:
        kind = type("_Unpickler", (_Reading, pickle_module.Unpickler), {})
    unpickler = kind(io.BytesIO(data), **{"encoding": "utf-8", **arguments})
    unpickler.storages = storages
    return unpickler


class _Storages:
    """The storages of an archive, each read once."""

    def __init__(self, archive, prefix, map_location, memory):
        self.archive, self.prefix, self.map_location = archive, prefix, map_location
        self.memory = memory  # the whole file, mapped, for mmap=True
        self.loaded = {}
        self.names = set(archive.namelist())
        order = self.read("byteorder").decode().strip() if f"{prefix}/byteorder" in self.names else "little"
        if order not in ("little", "big"):
            raise ValueError(f"Unknown endianness type: {order}")
        self.swap = order != sys.byteorder

    def read(self, record):
        try:
            return self.archive.read(f"{self.prefix}/{record}")
        except KeyError:
            raise RuntimeError(
                f"PytorchStreamReader failed locating file {record}: file not found"
            ) from None
        except zipfile.BadZipFile as error:
            raise RuntimeError(f"PytorchStreamReader failed reading file {record}: {error}") from None

    def get(self, key, dtype, location, count):
        if key not in self.loaded:
            array = self._bytes(key)
            if array.nbytes != count * dtype.itemsize:
                size = count * dtype.itemsize
                raise RuntimeError(
                    f"record size ({array.nbytes} bytes) does not match expected size ({size} bytes = "
                    f"{size} elements * 1 bytes/element) for dtype Byte"
                )
            array = array.view(dtype.numpy)
            if self.swap:
                array = array.byteswap()
            _place(self.map_location, location, array)
            self.loaded[key] = array
        array = self.loaded[key]
        return TypedStorage(UntypedStorage._on(array.view(np.uint8), array), dtype)

    def _bytes(self, key):
        record = f"data/{key}"
        if self.memory is not None:
            info = self.archive.getinfo(f"{self.prefix}/{record}")
            header = bytes(self.memory[info.header_offset : info.header_offset + 30])
            lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
            start = info.header_offset + 30 + lengths
            return self.memory[start : start + info.file_size].view(np.ndarray)
        return np.frombuffer(bytearray(self.read(record)), np.uint8)


def _place(map_location, location, array):
    """Checks that a storage from device `location` may live on the CPU."""
    if map_location is None:
        target = location
    elif callable(map_location):
        storage = UntypedStorage._on(array.view(np.uint8), array)
        result = map_location(storage, location)
        target = location if result is None else "cpu"
    elif isinstance(map_location, dict):
        target = map_location.get(location, location)
    else:
        target = map_location
    target = str(target)
    if target.startswith("cuda"):
        raise RuntimeError(
            "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. "
            "If you are running on a CPU-only machine, please use torch.load with "
            "map_location=torch.device('cpu') to map your storages to the CPU."
        )
    if not target.startswith("cpu"):
        check_device(target)


def load(f, map_location=None, pickle_module=None, *, weights_only=None, mmap=None, **pickle_load_args):
    """Reads what `save` (of tidu or of PyTorch) wrote to a file: a path or a file object.

    `map_location`: where storages go (a device, a dict of places, a function); files from a GPU need
    "cpu". `weights_only`: True (the default) admits only what a checkpoint needs; False reads
    any pickle, which may run code that the file brings. `mmap`: map a file instead of reading it.

    Errors: RuntimeError for a file that is damaged or not a checkpoint, pickle.UnpicklingError for a
    name that is not admitted.

    >>> import tidu
    >>> import io
    >>> file = io.BytesIO()
    >>> tidu.save({"w": tidu.ones(2)}, file)
    >>> _ = file.seek(0)
    >>> tidu.load(file)
    {'w': tensor([1., 1.])}
    """
    if weights_only is None:
        weights_only = pickle_module is None
    is_path = isinstance(f, (str, os.PathLike))
    if mmap and not is_path:
        raise ValueError("f must be a file path in order to use the mmap argument")
    if weights_only and pickle_module is not None:
        raise RuntimeError(
            "Can not safely load weights when explicit pickle_module is specified"
        )
    if not is_path:
        _check_seekable(f)

    def read(storages):
        data, module = storages.read("data.pkl"), pickle_module or pickle
        return _unpickler(data, storages, weights_only, module, pickle_load_args).load()

    file = open(f, "rb") if is_path else f  # noqa: SIM115  (closed below, if it is ours)
    try:
        memory = np.memmap(f, np.uint8, "c") if mmap else None
        return _load(file, map_location, memory, read)
    finally:
        if is_path:
            file.close()


def _check_seekable(file):
    try:
        file.seek(file.tell())
    except (AttributeError, io.UnsupportedOperation) as error:
        raise type(error)(
            f"{error}. You can only torch.load from a file that is seekable. Please pre-load the data "
            "into a buffer like io.BytesIO and try to load from it instead."
        ) from None


def _load(file, map_location, memory, read):
    """Opens the archive and has `read(storages)` unpickle it."""
    start = file.tell()
    head = file.read(4)
    file.seek(start)
    if not head:
        raise EOFError("Ran out of input")
    if head != b"PK\x03\x04":
        raise RuntimeError(
            "Invalid magic number; corrupt file? (tidu reads the zip format that PyTorch has written "
            "since 1.6; load an older file in PyTorch and save it again)"
        )
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        raise RuntimeError(
            "PytorchStreamReader failed reading zip archive: failed finding central directory"
        ) from None
    with archive:
        pickles = [n for n in archive.namelist() if n.endswith("/data.pkl")]
        if not pickles:
            raise RuntimeError("PytorchStreamReader failed locating file data.pkl: file not found")
        prefix = pickles[0].removesuffix("/data.pkl")
        if f"{prefix}/constants.pkl" in archive.namelist():
            raise RuntimeError("this is a TorchScript archive, which tidu cannot run")
        return read(_Storages(archive, prefix, map_location, memory))
