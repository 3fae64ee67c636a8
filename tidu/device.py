"""Devices: where a tensor's memory is."""

from __future__ import annotations

from . import naming

_TYPES = (
    "cpu cuda ipu xpu mkldnn opengl opencl ideep hip ve fpga maia xla lazy vulkan mps meta hpu mtia"
    " privateuseone"
).split()


class device:
    """A place for tensors: `device("cpu")`, `device("cuda:0")`, `device("cuda", 0)`.

    >>> import tidu
    >>> tidu.device("cpu").type
    'cpu'
    """

    __slots__ = ("type", "index")
    type: str
    index: int | None

    def __init__(self, type="cpu", index=None):
        if isinstance(type, device):
            type, index = type.type, type.index
        elif isinstance(type, int):
            type, index = "cuda", type
        name, colon, number = type.partition(":")
        if name not in _TYPES:
            raise RuntimeError(
                f"Expected one of {', '.join(_TYPES)} device type at start of device string: {name}"
            )
        if colon:
            if not number.isdecimal():
                raise RuntimeError(f"Invalid device string: '{type}'")
            index = int(number)
        self.type, self.index = name, index

    def __eq__(self, other):
        if not isinstance(other, device):
            return NotImplemented
        return (self.type, self.index) == (other.type, other.index)

    def __hash__(self):
        return hash((self.type, self.index))

    def __repr__(self):
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __str__(self):
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __reduce__(self):
        return device, (self.type, self.index)


CPU = device("cpu")


def check(where):
    """The device that `where` names, if tidu has memory there; else PyTorch's error."""
    if where is None:
        return CPU
    if isinstance(where, int):
        raise RuntimeError("Cannot access accelerator device when none is available.")
    where = device(where)
    if where.type == "cuda":
        raise AssertionError("Torch not compiled with CUDA enabled")
    if where.type != "cpu":
        raise NotImplementedError(f"{naming.prefix} has no tensors on device '{where}' yet")
    return CPU


def get_default_device():
    """The device that new tensors are made on.

    >>> import tidu
    >>> tidu.get_default_device()
    device(type='cpu')
    """
    return CPU


def set_default_device(device):
    """Sets the device that new tensors are made on; tidu has the CPU, and refuses others."""
    check(device)
