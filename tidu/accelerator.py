"""`torch.accelerator`: the GPU or its like, whatever its maker; tidu computes on the CPU."""

from __future__ import annotations

from functools import partial

from .device import NO_ACCELERATOR, device, refusing

_refusing = partial(refusing, error=RuntimeError, text=NO_ACCELERATOR)


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


current_device_index = _refusing("current_device_index", "The number of the current accelerator")
set_device_index = _refusing("set_device_index", "Chooses the current accelerator")
current_stream = _refusing("current_stream", "The accelerator's current queue of work")
synchronize = _refusing("synchronize", "Waits for the accelerator")
