"""DLPack: sharing memory with other libraries (the functions are `tidu`'s own)."""

from ..ops.protocols import from_dlpack, to_dlpack

__all__ = ["from_dlpack", "to_dlpack"]
