"""Inference mode: tensors made inside it never take part in autograd.

Such a tensor is told by its version counter, the one object `INFERENCE`: it counts nothing, and it
refuses whoever wants to save the tensor for backward or to write to it outside.

Operations do not ask for the mode. While some thread is in inference mode, the function that makes
their empty results is exchanged for `_newborn`: in that thread it makes objects of a class whose
`_counter`, which every maker sets to None in the end, becomes `INFERENCE` instead; then the object
turns into an ordinary Tensor. Otherwise nothing is exchanged, and nothing costs anything.
"""

from __future__ import annotations

import sys
import threading

_PACKAGE = __package__.rpartition(".")[0]

_OUTSIDE = (
    "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone "
    "to get a normal tensor before doing inplace update.See "
    "https://github.com/pytorch/rfcs/pull/17 for more details."
)
_SAVED = (
    "Inference tensors cannot be saved for backward. Please do not use Tensors created in "
    "inference mode in computation tracked by autograd. To work around this, you can make a clone "
    "to get a normal tensor and use it in autograd, or use `torch.no_grad()` instead of "
    "`torch.inference_mode()`."
)


class InferenceCounter:
    """Stands where other tensors have a `Counter`."""

    history = 0
    code = lasti = operation = None

    @property
    def version(self):
        """Read when a tensor is saved for backward, and then only."""
        raise RuntimeError(_SAVED)

    def bump(self, operation):
        """Refuses writes outside inference mode (as in PyTorch, after the fact)."""
        from .grad_mode import mode

        if not mode.inference:
            raise RuntimeError(_OUTSIDE)


INFERENCE = InferenceCounter()

_lock = threading.Lock()
_scopes = 0  # how many `inference_mode` blocks are open, in all threads


def opened():
    """Called when a block of inference mode begins."""
    global _scopes
    with _lock:
        _scopes += 1
        if _scopes == 1:
            _exchange(_make_newborn())


def closed():
    """Called when a block of inference mode ends."""
    global _scopes
    with _lock:
        _scopes -= 1
        if _scopes == 0:
            _exchange(object.__new__)


def _exchange(make):
    """Lets all makers of results use `make` in place of `object.__new__`."""
    for name in ("tensor", "autograd.op", "ops.indexing"):
        vars(sys.modules[f"{_PACKAGE}.{name}"])["new"] = make
    sys.modules[f"{_PACKAGE}.autograd.usual"].switch(make is object.__new__)


_newborn = None


def _make_newborn():
    """The function that replaces `object.__new__`; made on first use."""
    global _newborn
    if _newborn is not None:
        return _newborn
    from ..tensor import Tensor
    from .grad_mode import mode

    set_counter = Tensor.__dict__["_counter"].__set__

    class Newborn(Tensor):
        """A Tensor whose first counter will be `INFERENCE`."""

        __slots__ = ()

        def _settle(self, value):
            self.__class__ = Tensor  # type: ignore[assignment]
            set_counter(self, INFERENCE if value is None else value)

        _counter = property(None, _settle)

    def newborn(cls):
        return object.__new__(Newborn if cls is Tensor and mode.inference else cls)

    _newborn = newborn
    return newborn
