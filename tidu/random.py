"""Random numbers: generators, seeds and saved states.

    >>> import tidu
    >>> generator = tidu.manual_seed(0)
    >>> tidu.rand(2)
    tensor([0.4963, 0.7682])

The streams are PyTorch's own: one seed gives the same numbers in both, and a state saved by one
loads in the other. How numbers are made from a stream is in `tidu/backend/random.py`, the functions
that give tensors are in `tidu/ops/random.py`.
"""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np

from . import naming
from .backend.twister import STATE_BYTES, Twister, system_seed
from .device import device as _device

__all__ = [
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]


class Generator(Twister):
    """A stream of random numbers of its own, for the `generator=` of the functions that draw.

    A new one starts from the seed 67280421310721, until it is given another.

    >>> import tidu
    >>> g = tidu.Generator().manual_seed(0)
    >>> tidu.randint(10, (4,), generator=g)
    tensor([4, 9, 3, 0])
    """

    __slots__ = ()

    def __init__(self, device="cpu"):
        super().__init__()
        _check_device(device)

    @property
    def device(self):
        """Where the numbers are drawn: always the CPU."""
        return _device("cpu")

    def manual_seed(self, seed):
        """Starts anew from `seed`, from -2**63 to 2**64 - 1; returns the generator."""
        if type(seed) is not int:
            if isinstance(seed, np.integer):
                raise TypeError("an integer is required")
            raise RuntimeError(f"manual_seed expected a long, but got {_type_name(seed)}")
        if not -(1 << 63) <= seed < 1 << 64:
            raise ValueError("Overflow when unpacking long long")
        with self.lock:
            self._set_seed(seed % (1 << 64))
        return self

    def seed(self):
        """Starts anew from a seed that the operating system supplies; returns that seed."""
        with self.lock:
            self._set_seed(system_seed())
        return self.seed_value

    def initial_seed(self):
        """The seed that this generator started from."""
        return self.seed_value

    def get_state(self):
        """The state as a uint8 tensor of 5056 elements, in PyTorch's layout."""
        from .tensor import Tensor

        with self.lock:
            data = self.state_bytes()
        return Tensor._wrap(np.frombuffer(bytearray(data), np.uint8))

    def set_state(self, new_state):
        """Goes on from a state that `get_state` gave, here or in PyTorch."""
        data = _state_data(new_state)
        with self.lock:
            self.set_state_bytes(data)

    def clone_state(self):
        """A new generator that will give the same numbers as this one."""
        twin = type(self)()
        with self.lock:
            twin.set_state_bytes(self.state_bytes())
        return twin

    def get_offset(self):
        """Raises RuntimeError: generators with offsets are those of other devices."""
        raise RuntimeError("CPU Generator does not use offset")

    def set_offset(self, offset):
        """Raises RuntimeError: generators with offsets are those of other devices."""
        raise RuntimeError("CPU Generator does not use offset")

    def __reduce__(self):
        return type(self), (), self.state_bytes()

    def __setstate__(self, state):
        self.set_state_bytes(state)

    def __repr__(self):
        return f"<{naming.prefix}._C.Generator object at {id(self):#x}>"


def _type_name(value):
    """A type as PyTorch names it in errors: with its module, if it is not Python's or its own."""
    kind = type(value)
    own = kind.__module__ == "builtins" or kind.__module__.partition(".")[0] in ("tidu", "torch")
    return kind.__qualname__ if own else f"{kind.__module__}.{kind.__qualname__}"


# PyTorch's words for devices that this build has not.
_NO_GENERATOR = {
    "cuda": "Cannot get {} generator without ATen_cuda library.",
    "xpu": "Cannot get {} generator without ATen_xpu library.",
    "mps": "Cannot execute getNewGenerator() without {} backend.",
    "meta": "{} device type not an accelerator.",
}


def _check_device(where):
    if where is None:
        return
    if not isinstance(where, (str, int, _device)):
        raise TypeError(
            f"Generator(): argument 'device' must be torch.device, not {_type_name(where)}"
        )
    if isinstance(where, int):
        raise RuntimeError("Cannot access accelerator device when none is available.")
    kind = _device(where).type
    if kind != "cpu":
        error = RuntimeError(
            _NO_GENERATOR.get(kind, "Backend doesn`t support getNewGenerator()").format(
                kind.upper()
            )
        )
        error.add_note("tidu's generators draw on the CPU: Generator() or Generator('cpu').")
        raise error


def _state_data(state):
    """The bytes of a state tensor, checked."""
    from .tensor import Tensor

    if not isinstance(state, Tensor):
        raise TypeError(f"expected a torch.ByteTensor, but got {_type_name(state)}")
    array = state._array
    if array.dtype != np.uint8:
        raise TypeError("RNG state must be a torch.ByteTensor")
    if not array.flags.c_contiguous:
        raise RuntimeError("RNG state must be contiguous")
    if array.size != STATE_BYTES:
        raise RuntimeError(
            f"Expected a CPUGeneratorImplState of size {STATE_BYTES} but found the input RNG "
            f"state size to be {array.size}"
        )
    return array.tobytes()


default_generator = Generator()
default_generator._set_seed(None)  # from the system, once somebody draws from it


def manual_seed(seed):
    """Starts the default generator anew from `seed`, and returns it.

    >>> import tidu
    >>> _ = tidu.manual_seed(1)
    >>> tidu.rand(1)
    tensor([0.7576])
    """
    return default_generator.manual_seed(int(seed))


def seed():
    """Starts the default generator anew from a seed of the system's; returns that seed.

    >>> import tidu
    >>> state = tidu.get_rng_state()
    >>> tidu.seed() == tidu.initial_seed()
    True
    >>> tidu.set_rng_state(state)
    """
    return default_generator.seed()


def initial_seed():
    """The seed that the default generator started from.

    >>> import tidu
    >>> _ = tidu.manual_seed(7)
    >>> tidu.initial_seed()
    7
    """
    return default_generator.initial_seed()


def get_rng_state():
    """The default generator's state, a uint8 tensor of 5056 elements.

    >>> import tidu
    >>> state = tidu.get_rng_state()
    >>> first = tidu.rand(3)
    >>> tidu.set_rng_state(state)
    >>> bool((tidu.rand(3) == first).all())
    True
    """
    return default_generator.get_state()


def set_rng_state(new_state):
    """Sets the default generator's state to one that `get_rng_state` gave.

    >>> import tidu
    >>> state = tidu.get_rng_state()
    >>> x = tidu.rand(2)
    >>> tidu.set_rng_state(state)
    >>> tidu.equal(tidu.rand(2), x)
    True
    """
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(
    devices=None, enabled=True, _caller="fork_rng", _devices_kw="devices", device_type=None
):
    """Inside this context, draws leave the default generator's state as it was outside.

    >>> import tidu
    >>> _ = tidu.manual_seed(0)
    >>> with tidu.random.fork_rng():
    ...     inside = tidu.rand(1)
    >>> bool(tidu.rand(1) == inside)
    True
    """
    if not enabled:
        yield
        return
    if devices:
        raise AssertionError("Torch not compiled with CUDA enabled")
    state = default_generator.state_bytes()
    try:
        yield
    finally:
        default_generator.set_state_bytes(state)
