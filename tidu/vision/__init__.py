"""Image datasets and transforms: what `torchvision` resolves to under `python -m tidu`.

Its parts, `datasets`, `transforms` and `utils`, load on first use. Pillow is imported when an
image is needed and tqdm when a bar is drawn; both are optional.
"""

from __future__ import annotations

from tidu.version import __version__

__all__ = ["__version__", "datasets", "transforms", "utils"]


def __getattr__(name: str):
    if name in ("datasets", "transforms", "utils"):
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
