"""Layers and losses as functions: PyTorch's `torch.nn.functional`, one file a family."""

from ...ops.joining import channel_shuffle, pixel_shuffle, pixel_unshuffle
from ...ops.masking import one_hot
from ...ops.matmul import bilinear, linear
from ...ops.norms import pdist
from ...ops.padding import pad
from .activation import *  # noqa: F403
from .attention import *  # noqa: F403
from .convolution import *  # noqa: F403
from .ctc import *  # noqa: F403
from .dropout import *  # noqa: F403
from .embedding import *  # noqa: F403
from .folding import *  # noqa: F403
from .loss import *  # noqa: F403
from .margins import *  # noqa: F403
from .normalization import *  # noqa: F403
from .pooling import *  # noqa: F403
from .resize import *  # noqa: F403

_LATER = {"multi_head_attention_forward": "multihead"}


def __getattr__(name):
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    found.__module__ = __name__
    return found


def __dir__():
    return sorted({*globals(), *_LATER})


for _function in list(globals().values()):
    # How the functions are spread over files is nobody's business outside. The part before the
    # first dot may already say torch: see tidu/alias.py.
    if (getattr(_function, "__module__", None) or "").partition(".")[2].startswith("nn.functional."):
        _function.__module__ = __name__
