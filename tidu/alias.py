"""`import torch` means tidu: what `python -m tidu` installs before it runs a program.

`install()` may also be called by hand, say in the first cell of a notebook. From then on

- `torch`, `torchvision` and every module below them are tidu's own modules (the same objects, so
  the classes are the same too), and an installed torch is never looked at. A finder in front of
  `sys.meta_path` sees to that.
- What tidu prints says torch: `naming.prefix` is "torch", and the public classes and functions
  of a module give their PyTorch name as `__module__`, so that `type(x)` prints
  `<class 'torch.Tensor'>` and a pickle names what PyTorch would name. Each module is treated as
  it is loaded; nothing is loaded for it.
- `torch.__version__` is the PyTorch release that tidu follows; see `tidu.version`.
- A name that tidu lacks says so: "tidu has no torch.x.y yet", as the AttributeError or
  ModuleNotFoundError that Python would raise, so that `hasattr` and `try: import` work.
- Processes that the program starts by `multiprocessing` do the same.

In one's own code, `import tidu as torch` needs none of this: there everything says tidu.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType
from typing import Any

from tidu import naming, version

# The roots of the names that PyTorch programs use, and what stands for them here.
_ROOTS = {"torch": "tidu", "torchvision": "tidu.vision"}
# Packages that an installed torch brings along and that are of no use without it.
_ABSENT = ("functorch", "torchgen")


def install() -> None:
    """Make `torch` and `torchvision` mean tidu in this process, from now on."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    naming.prefix = "torch"
    for name in list(sys.modules):
        if name.partition(".")[0] in _ROOTS:
            # An installed torch that somebody was quick to import must not mix with tidu.
            del sys.modules[name]
    for name, module in list(sys.modules.items()):
        if _public_name(name) is not None:
            _publish(module)
    for name in _ABSENT:
        sys.modules[name] = None  # type: ignore[assignment]  # Python refuses to import it.
    sys.meta_path.insert(0, _Finder())
    sys.argv = Arguments(sys.argv)


class Arguments(list):
    """`sys.argv` of a program under the alias.

    `multiprocessing` hands it to a process before anything else, and with it the alias: to
    unpickle it is to install it.
    """

    def __reduce__(self):
        return _arguments_with_alias, (list(self),)


def _arguments_with_alias(values: list[str]) -> Arguments:
    install()
    return Arguments(values)


class _Finder:
    """Finds tidu's modules: under PyTorch's names, and under their own to treat them as loaded."""

    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        root = name.partition(".")[0]
        if root == "tidu":
            spec = self._spec_of_others(name, path, target)
            if spec is not None and spec.loader is not None:
                _publish_after_loading(spec.loader)
        elif root in _ROOTS:
            spec = importlib.util.find_spec(_real_name(name))
            if spec is not None:
                is_package = spec.submodule_search_locations is not None
                loader: Any = _Loader()
                spec = ModuleSpec(name, loader, origin=spec.origin, is_package=is_package)
        else:
            return None
        if spec is None and not _somebody_just_asks():
            _refuse(_public_name(name) or name)
        return spec

    def _spec_of_others(self, name: str, path, target) -> ModuleSpec | None:
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    return spec
        return None


class _Loader:
    """Loads a PyTorch name by loading tidu's module and putting that under the name.

    Not derived from `importlib.abc.Loader`, which takes long to import and gives nothing.
    """

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python to make a module; it gives way to tidu's at once."""

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = importlib.import_module(_real_name(module.__name__))

    def get_code(self, name: str):
        """For `-m torch.x`: the code of tidu's module."""
        real = _real_name(name)
        return importlib.util.find_spec(real).loader.get_code(real)  # type: ignore[union-attr]


def _somebody_just_asks() -> bool:
    """Whether the finder is called by `importlib.util.find_spec`, which wants None for a no."""
    # The frames above: the finder's method, then the import system's walk over the finders.
    return sys._getframe(3).f_code.co_name == "find_spec"


def _refuse(public: str) -> None:
    parent, _, child = public.rpartition(".")
    if parent in sys.modules and child in vars(sys.modules[parent]):
        return  # It is there, only no module: Python's own words fit.
    raise ModuleNotFoundError(f"tidu has no {public} yet", name=public)


def _real_name(public: str) -> str:
    """tidu's name of a module: `torchvision.datasets` -> `tidu.vision.datasets`."""
    root, dot, rest = public.partition(".")
    return _ROOTS[root] + dot + rest


def _public_name(real: str) -> str | None:
    """PyTorch's name of tidu's module, None if it is not one of tidu's; inverts `_real_name`."""
    for public, root in reversed(_ROOTS.items()):
        if real == root or real.startswith(root + "."):
            return public + real[len(root) :]
    return None


def _publish_after_loading(loader) -> None:
    """Let a loader of one of tidu's modules publish it, once its code has run."""
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        execute(module)
        _publish(module)

    loader.exec_module = exec_module


def _publish(module: ModuleType) -> None:
    """Put a module of tidu under its PyTorch name, and what it defines too."""
    real = module.__name__
    if real == __name__:
        return  # A pickle of Arguments is opened where there is no alias yet.
    public = _public_name(real)
    assert public is not None
    sys.modules[public] = module
    for value in list(vars(module).values()):
        if isinstance(value, (type, FunctionType)) or inspect.ismethoddescriptor(value):
            name = _public_name(str(value.__module__))
            if name is not None:
                value.__module__ = name
    if real in ("tidu", "tidu.version", "tidu.vision"):
        from tidu.torch_version import TorchVersion

        release = version.torchvision if real == "tidu.vision" else version.torch
        vars(module)["__version__"] = TorchVersion(release)
    vars(module)["__getattr__"] = _getattr_that_explains(module, public)
    # With a __path__, `from module import name` asks the finder for a missing name, which then
    # says what is missing; without one Python has a message of its own.
    vars(module).setdefault("__path__", [])


def _getattr_that_explains(module: ModuleType, public: str):
    """A `__getattr__` for a module: its own, if it has one, and a message for what is missing."""
    own = vars(module).get("__getattr__")

    def __getattr__(name: str) -> object:
        full = f"{public}.{name}"
        if own is not None:
            try:
                return own(name)
            except ModuleNotFoundError as error:
                if error.name != full:
                    raise
            except AttributeError as error:
                here = error.__traceback__
                if here and here.tb_next and here.tb_next.tb_next:
                    raise  # Not its refusal but an error in what it went on to load.
        raise AttributeError(f"tidu has no {full} yet", name=name, obj=module)

    return __getattr__
