"""Devices: where a tensor's memory is."""

from __future__ import annotations

from . import naming

_TYPES = (
    "cpu cuda ipu xpu mkldnn opengl opencl ideep hip ve fpga maia xla lazy vulkan mps meta hpu mtia"
    " privateuseone"
).split()

# What PyTorch raises for devices that a build has no support for.
MISSING = {
    "cuda": (AssertionError, "Torch not compiled with CUDA enabled"),
    "xpu": (AssertionError, "Torch not compiled with XPU enabled"),
    "mps": (RuntimeError, "PyTorch is not linked with support for mps devices"),
    "xla": (RuntimeError, "PyTorch is not linked with support for xla devices"),
}
NO_ACCELERATOR = "Cannot access accelerator device when none is available."


class device:
    """A place for tensors: `device("cpu")`, `device("cuda:0")`, `device("cuda", 0)`.

    >>> import tidu
    >>> tidu.device("cpu").type
    'cpu'
    """

    __slots__ = ("type", "index")
    type: str
    index: int | None

    def __new__(cls, *args, **kwargs):
        name, index = _arguments(args, kwargs)
        if isinstance(name, device):
            return name
        self = object.__new__(cls)
        object.__setattr__(self, "type", name)
        object.__setattr__(self, "index", index)
        return self

    def __setattr__(self, name, value):
        raise AttributeError(f"attribute '{name}' of 'torch.device' objects is not writable")

    def __enter__(self):
        """Devices are places for new tensors within a `with` block; tidu has the CPU."""
        check(self)
        return self

    def __exit__(self, *_):
        pass

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
        return device, (str(self),)


def _arguments(args, kwargs):
    """What `device(...)` was given: an existing device, or a type's name and an index."""
    if len(args) + len(kwargs) == 1 and not kwargs.keys() - {"device", "type"}:
        (what,) = args or kwargs.values()
        if isinstance(what, device):
            return what, None
        if isinstance(what, str):
            return _parse(what)
        if isinstance(what, int) and not isinstance(what, bool):
            raise RuntimeError(NO_ACCELERATOR)
    names = dict(zip(("type", "index"), args)) | kwargs
    if names.keys() != {"type", "index"} or not isinstance(names["type"], str):
        raise _invalid_combination(args, kwargs)
    index = names["index"]
    if not isinstance(index, int):
        raise TypeError(
            f"device(): argument 'index' (position 2) must be int, not {type(index).__name__}"
        )
    if index < 0:
        raise RuntimeError("Device index must not be negative")
    name, given = _parse(names["type"])
    if given is not None:
        raise RuntimeError(
            "type (string) must not include an index because index was passed explicitly: "
            + names["type"]
        )
    return name, index


def _parse(text):
    """The type and the index in a text like "cuda:1"."""
    if not text:
        raise RuntimeError("Device string must not be empty")
    name, colon, number = text.partition(":")
    if name not in _TYPES:
        raise RuntimeError(
            f"Expected one of {', '.join(_TYPES)} device type at start of device string: {name}"
        )
    if not colon:
        return name, None
    if not number.isdecimal() or (number[0] == "0" and number != "0"):
        raise RuntimeError(f"Invalid device string: '{text}'")
    return name, int(number)


def _invalid_combination(args, kwargs):
    given = [type(a).__name__ for a in args]
    given += [f"{name}={type(value).__name__}" for name, value in kwargs.items()]
    wrong = ""
    if len(args) == 1 and not kwargs:
        wrong = (
            f"      didn't match because some of the arguments have invalid types: (!{given[0]}!)\n"
        )
    return TypeError(
        f"device() received an invalid combination of arguments - got ({', '.join(given)}), but "
        f"expected one of:\n * (torch.device device)\n{wrong} * (str type, int index = -1)\n"
    )


CPU = device("cpu")


def check(where, name="to"):
    """The device that `where` names, if tidu has memory there; else PyTorch's error.

    `name`: the function that it is an argument of.
    """
    if where is None:
        return CPU
    if isinstance(where, int):
        raise RuntimeError(NO_ACCELERATOR)
    if not isinstance(where, (device, str)):
        raise TypeError(
            f"{name}(): argument 'device' must be torch.device, not {type(where).__name__}"
        )
    kind = device(where).type
    if kind in MISSING:
        error, text = MISSING[kind]
        raise error(text)
    if kind != "cpu":
        raise NotImplementedError(f"{naming.prefix} has no tensors on device '{where}' yet")
    return CPU


def refusing(name, what, error, text):
    """The function `name` of a kind of device that is missing: it raises whatever it is given."""

    def function(*args, **kwargs):
        raise error(text)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{what}: raises PyTorch's error where there is none."
    return function


def get_default_device():
    """The device that new tensors are made on.

    >>> import tidu
    >>> tidu.get_default_device()
    device(type='cpu')
    """
    return CPU


def set_default_device(device):
    """Sets the device that new tensors are made on; tidu has the CPU, and refuses others.

    >>> import tidu
    >>> tidu.set_default_device("cpu")
    >>> tidu.zeros(2).device
    device(type='cpu')
    """
    check(device)
