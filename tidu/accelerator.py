"""`torch.accelerator`: the GPU or its like, whatever its maker; tidu computes on the CPU."""

from __future__ import annotations

from .device import device


def is_available() -> bool:
    """Whether there is an accelerator: False.

    >>> import tidu
    >>> tidu.accelerator.is_available()
    False
    """
    return False


def device_count() -> int:
    """The number of accelerators: 0."""
    return 0


def current_accelerator(check_available: bool = False) -> device | None:
    """The device type of the accelerator: None, there is none."""
    return None


def _needs_one(name, what):
    def function(*args, **kwargs):
        raise RuntimeError("Cannot access accelerator device when none is available.")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{what}: raises PyTorch's error of a machine without accelerators."
    return function


current_device_index = _needs_one("current_device_index", "The number of the current accelerator")
set_device_index = _needs_one("set_device_index", "Chooses the current accelerator")
current_stream = _needs_one("current_stream", "The accelerator's current queue of work")
synchronize = _needs_one("synchronize", "Waits for the accelerator")
