"""`torch.cuda` of a build without CUDA: says so, and lets programs that ask first go on."""

from __future__ import annotations

from functools import partial

from .device import MISSING, refusing

_error, _text = MISSING["cuda"]
_refusing = partial(refusing, error=_error, text=_text)


def is_available():
    """Whether there is a GPU to compute on: False, tidu computes on the CPU.

    >>> import tidu
    >>> tidu.cuda.is_available()
    False
    """
    return False


def device_count():
    """The number of GPUs: 0."""
    return 0


def is_initialized():
    """Whether CUDA was started: False."""
    return False


def is_bf16_supported(including_emulation=True):
    """Whether the GPU computes in bfloat16: False."""
    return False


def manual_seed(seed):
    """Seeds the current GPU's generator; without one there is nothing to seed, as in PyTorch."""
    int(seed)


def manual_seed_all(seed):
    """Seeds all GPUs' generators; without any there is nothing to seed, as in PyTorch."""
    int(seed)


def empty_cache():
    """Returns a GPU's unused memory; without one there is none, as in PyTorch."""


def memory_allocated(device=None):
    """The bytes of GPU memory that tensors take: 0."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


current_device = _refusing("current_device", "The number of the current GPU")
set_device = _refusing("set_device", "Chooses the current GPU")
synchronize = _refusing("synchronize", "Waits for a GPU")
get_device_name = _refusing("get_device_name", "The name of a GPU")
get_device_properties = _refusing("get_device_properties", "What a GPU is like")
get_device_capability = _refusing("get_device_capability", "What a GPU can do")
current_stream = _refusing("current_stream", "A GPU's queue of work")
Stream = refusing(
    "Stream", "A queue of work of a GPU", RuntimeError, "torch.cuda.Stream requires CUDA support"
)
Event = refusing(
    "Event", "A mark in a GPU's work", RuntimeError, "Tried to instantiate dummy base class Event"
)
