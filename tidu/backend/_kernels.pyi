"""What the extension, built from csrc/, has for Python."""

from collections.abc import Callable
from typing import Any

isa: str  # the instruction set that was chosen: "v1", "v3" or "v4" on x86-64, or "neon"
opcodes: dict[str, tuple[int, int]]  # instruction of programs -> (its code, number of operands)

class Memory: ...  # what owns the memory of an array, as its `base`
class Kernel: ...

class Program:
    def __init__(
        self,
        name: str,
        inputs: str,
        constants: tuple[float, ...],
        code: bytes,
        registers: int,
        gives_bool: bool,
        fallback: Callable,
    ) -> None: ...

def kernel(name: str, reference: Callable) -> Any: ...
def threads() -> int: ...
def set_threads(n: int) -> None: ...
def memory_stats() -> dict[str, int]: ...
def empty_cache() -> None: ...
def reset_peak() -> None: ...
