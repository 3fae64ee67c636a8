"""tidu: PyTorch's programming model, small, readable and fast.

    >>> import tidu
    >>> x = tidu.tensor([1.0, 2.0], requires_grad=True)
    >>> (x**2).sum().backward()
    >>> x.grad
    tensor([2., 4.])

The names here are PyTorch's own. Operations are declared in `tidu/ops/`, one file a family; what a
first program does not need (`tidu.nn`, `tidu.optim`, ...) is imported when it is first used.
"""

from __future__ import annotations

from math import e, inf, nan, pi
from typing import TYPE_CHECKING

from . import autograd as autograd
from . import dtypes as _dtypes
from . import ops as _ops
from .autograd import engine as _engine  # installs Tensor.backward
from .autograd.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .autograd.public import PUBLIC as _PUBLIC
from .device import device
from .dtypes import (
    can_cast,
    dtype,
    finfo,
    get_default_dtype,
    iinfo,
    promote_types,
    set_default_dtype,
)
from .ops.index import FUNCTIONS as _FUNCTIONS
from .size import Size
from .tensor import Tensor
from .version import __version__

if TYPE_CHECKING:  # not the module of that name
    from .ops.from_data import tensor
del TYPE_CHECKING

for _class in (Tensor, Size, device, dtype, finfo, iinfo):
    _class.__module__ = __name__  # where people find it, and pickles too

newaxis = None

globals().update({d.name: d for d in _dtypes.ALL})
globals().update(_dtypes.ALIASES)
globals().update(_PUBLIC)
_LATER = frozenset(" ".join(_FUNCTIONS.values()).split())  # operations that come in on first use

# Names that live in modules which load on first use: {name: module}.
_LAZY = {
    "get_printoptions": "printing",
    "set_printoptions": "printing",
    "save": "serialization",
    "load": "serialization",
}
_LAZY |= dict.fromkeys(
    "contiguous_format preserve_format channels_last channels_last_3d strided sparse_coo sparse_csr "
    "memory_format layout".split(),
    "formats",
)
_LAZY |= dict.fromkeys(
    "tensortype FloatTensor DoubleTensor HalfTensor ByteTensor CharTensor ShortTensor IntTensor "
    "LongTensor BoolTensor set_default_tensor_type".split(),
    "legacy",
)
_LAZY |= dict.fromkeys(
    "hann_window hamming_window bartlett_window blackman_window kaiser_window".split(), "windows"
)
_LAZY |= dict.fromkeys(
    ["is_anomaly_enabled", "is_anomaly_check_nan_enabled"], "autograd.anomaly_mode"
)
_LAZY |= dict.fromkeys(
    "get_num_threads set_num_threads get_num_interop_threads set_num_interop_threads show_config "
    "use_deterministic_algorithms are_deterministic_algorithms_enabled "
    "is_deterministic_algorithms_warn_only_enabled get_float32_matmul_precision "
    "set_float32_matmul_precision".split(),
    "settings",
)
_LAZY |= dict.fromkeys(["get_default_device", "set_default_device"], "device")
_LAZY |= dict.fromkeys("UntypedStorage TypedStorage is_storage".split(), "storage")

_LAZY |= dict.fromkeys(
    "adaptive_avg_pool1d avg_pool1d bilinear conv1d conv2d conv3d conv_transpose1d conv_transpose2d "
    "conv_transpose3d cosine_similarity group_norm layer_norm max_pool1d max_pool1d_with_indices "
    "max_pool2d max_pool3d pairwise_distance rms_norm".split(),
    "nn.functional",
)

_LAZY_MODULES = frozenset(
    "nn optim utils vision linalg fft special random serialization cuda backends testing "
    "distributions jit alias printing version functional storage types return_types "
    "_tensor_str amp accelerator settings __config__".split()
)


def __getattr__(name):
    import importlib

    if name == "__all__":  # what `from tidu import *` brings
        return [each for each in __dir__() if each[0] != "_" and each not in _LAZY_MODULES]
    if name in _LAZY_MODULES:
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
    elif name in _LATER:
        found = globals()[name] = _PUBLIC[name]
        return found
    elif name in _LAZY:
        found = getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_LATER, *_LAZY, *_LAZY_MODULES})
