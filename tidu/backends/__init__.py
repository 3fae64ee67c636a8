"""`torch.backends`: the CPU's settings, and the libraries that PyTorch computes with, which are not there.

tidu computes with kernels of its own, or with NumPy. Settings of other libraries can be made and read;
they change nothing.

`winograd` says whether native float32 convolutions may use Winograd's algorithm, two to three times
as fast as the definition and about five times less precise (docs/native.md). It is True.

>>> import tidu
>>> tidu.backends.winograd
True
>>> tidu.backends.winograd = False  # every convolution by its definition
>>> tidu.backends.winograd = True
"""

import sys
from types import ModuleType

from ..backend import native
from . import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp", "winograd"]

winograd: bool  # a property of the module: kernels have to know of it


class _Module(ModuleType):
    @property
    def winograd(self) -> bool:
        """Whether native float32 convolutions may use Winograd's algorithm."""
        return native.winograd()

    @winograd.setter
    def winograd(self, on: bool) -> None:
        native.allow_winograd(on)


sys.modules[__name__].__class__ = _Module
