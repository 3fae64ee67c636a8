"""The name that printed types and dtypes carry: `tidu.float64`, or `torch.float64`.

`python -m tidu` (see `tidu.alias`) sets `prefix` to "torch", because the program it runs was
written for PyTorch and may compare or show such names. Read it where the text is made, as
`naming.prefix`; a copy made at import time would miss the change.
"""

prefix = "tidu"


def typename(value):
    """What PyTorch's messages call a value: a function or class by its own name."""
    from .tensor import Tensor

    if isinstance(value, Tensor):
        return f"torch.{value.dtype.title}Tensor"
    module = getattr(value, "__module__", None) or "builtins"
    name = getattr(value, "__qualname__", type(value).__qualname__)
    if module == "builtins":
        return name
    if module == "tidu" or module.startswith("tidu."):
        module = "torch" + module[4:]
    return f"{module}.{name}"
