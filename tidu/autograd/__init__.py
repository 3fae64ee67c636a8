"""Autograd: recording what is done with tensors, and going back through the record.

`engine.py` walks the graph, `node.py` is what it is made of, `op.py` how operations are declared.
What a first program does not need loads on first use.
"""

from __future__ import annotations

_LAZY = {
    "backward": "engine",
    "grad": "engine",
    "no_grad": "grad_mode",
    "enable_grad": "grad_mode",
    "set_grad_enabled": "grad_mode",
    "inference_mode": "grad_mode",
    "set_multithreading_enabled": "grad_mode",
    "Function": "function",
    "detect_anomaly": "anomaly_mode",
    "set_detect_anomaly": "anomaly_mode",
    "gradcheck": "gradcheck",
    "gradgradcheck": "gradcheck",
    "Variable": "variable",
}
_MODULES = frozenset(["anomaly_mode", "function", "functional", "grad_mode", "graph"])
_MISSING = {
    "forward_ad": "forward-mode differentiation",
    "profiler": "the profiler",
}

__all__ = [*_LAZY]


def __getattr__(name):
    import importlib

    if name in _LAZY:
        found = getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
        globals()[name] = found
        return found
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _MISSING:
        raise AttributeError(f"tidu has no autograd.{name} ({_MISSING[name]}) yet")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_LAZY, *_MODULES})
