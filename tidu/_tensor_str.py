"""PyTorch's name for `tidu.printing`; programs use its `printoptions`."""

from tidu.printing import PRINT_OPTS, get_printoptions, printoptions, set_printoptions

__all__ = ["PRINT_OPTS", "get_printoptions", "printoptions", "set_printoptions"]
