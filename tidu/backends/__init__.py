"""`torch.backends`: the CPU's settings, and the libraries that PyTorch computes with, which are not there.

tidu computes with kernels of its own, or with NumPy. Settings of other libraries can be made and read;
they change nothing.
"""

from . import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
