"""Families: layers that share a constructor, which has each layer's own name in messages."""

from __future__ import annotations

from types import FunctionType

from .module import Module


def own_constructor(cls):
    """Gives `cls` a copy of the constructor that it inherits, under its own name.

    So `nn.Conv2d(3, 4)` says "Conv2d.__init__() missing 1 required positional argument", and does not
    name a base class that nobody asked for.
    """
    shared = cls.__init__
    own = FunctionType(
        shared.__code__, shared.__globals__, "__init__", shared.__defaults__, shared.__closure__
    )
    own.__kwdefaults__, own.__doc__ = shared.__kwdefaults__, shared.__doc__
    own.__module__, own.__qualname__ = cls.__module__, f"{cls.__qualname__}.__init__"
    cls.__init__ = own
    return cls


class Family(Module):
    """Base of layers that share a constructor; each gets it as its own."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        ours = cls.__module__.startswith(f"{__package__}.")  # not what people derive from a layer
        if ours and "__init__" not in vars(cls) and cls.__init__ is not Module.__init__:
            own_constructor(cls)
