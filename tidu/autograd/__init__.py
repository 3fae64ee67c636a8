"""Autograd: recording what is done with tensors, and going back through the record.

`engine.py` walks the graph, `node.py` is what it is made of, `op.py` how operations are declared.
"""

from __future__ import annotations

_LAZY = {
    "backward": "engine",
    "grad": "engine",
    "no_grad": "grad_mode",
    "enable_grad": "grad_mode",
    "set_grad_enabled": "grad_mode",
    "inference_mode": "grad_mode",
}


def __getattr__(name):
    import importlib

    if name in _LAZY:
        found = getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
