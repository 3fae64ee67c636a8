"""tidu's version: the only place where it stands; beside it, the releases that tidu stands for.

`tidu.__version__` is tidu's own. Under `python -m tidu`, where the module `torch` is tidu, a
program that asks for `torch.__version__` wants to know what it may expect of PyTorch, so there
`__version__`, here and in `tidu`, is that of the PyTorch release; `version.own` is the same in
both.
"""

__version__ = "0.1.0.dev0"

own = __version__
torch = "2.13.0"
torchvision = "0.28.0"

# What torch.version says of a build for CPUs.
cuda = None
hip = None
xpu = None
debug = False
