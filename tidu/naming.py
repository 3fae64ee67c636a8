"""The name that printed types and dtypes carry: `tidu.float64`, or `torch.float64`.

`python -m tidu` (see `tidu.alias`) sets `prefix` to "torch", because the program it runs was
written for PyTorch and may compare or show such names. Read it where the text is made, as
`naming.prefix`; a copy made at import time would miss the change.
"""

prefix = "tidu"
