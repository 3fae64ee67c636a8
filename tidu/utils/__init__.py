"""What is used beside tensors and networks. Its modules load on first use."""

from __future__ import annotations


def __getattr__(name: str):
    if name in ("data", "dlpack", "hooks"):
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
