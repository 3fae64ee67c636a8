"""Networks: modules, parameters, losses. The names are PyTorch's `torch.nn`."""

from . import functional as functional
from . import init as init
from . import modules as modules
from . import utils as utils
from .modules import *  # noqa: F403
from .parameter import Buffer as Buffer
from .parameter import Parameter as Parameter


def __getattr__(name):
    if name in modules.LATER:
        found = globals()[name] = getattr(modules, name)
        return found
    if name in ("UninitializedBuffer", "UninitializedParameter"):
        from . import uninitialized

        return getattr(uninitialized, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *modules.LATER})
