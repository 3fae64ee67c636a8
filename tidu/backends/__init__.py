"""`torch.backends`: the libraries that PyTorch computes with, and whether they are there.

tidu computes with NumPy, so they are not. Settings can be made and read; they change nothing.
"""

from . import cuda, cudnn, mkl, mkldnn, mps, openmp

__all__ = ["cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
