"""`python -m tidu script.py`: run a program that was written for PyTorch, unmodified.

The program is run as `python script.py` would run it: arguments, `__main__`, exit status and
traceback are its own. What differs is what `import torch` means; see `tidu.alias`.
"""

from __future__ import annotations

import builtins
import linecache
import os
import runpy
import sys
from importlib.machinery import BuiltinImporter, ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType, TracebackType

from tidu import alias, version
from tidu.backend import native

USAGE = """\
usage: python -m tidu [-h] [-V] [script.py | -m module | -c code | -] [arguments ...]

Run a program written for PyTorch on tidu: `import torch` and `import torchvision` are tidu.

  script.py   run a file (or a folder or zip archive that holds a __main__.py)
  -m module   run a module, as `python -m module` does
  -c code     run the code
  -           run what comes from standard input; also when nothing is given
  -h, --help      show this text
  -V, --version   show the versions

Options of Python itself go before -m tidu: `python -W error -m tidu script.py`."""
_USAGE_LINE = USAGE.partition("\n")[0]

# The stdlib's own tools (pdb, trace) find the code of a module this way.
_find_module = runpy._get_module_details  # type: ignore[attr-defined]


class CannotRun(Exception):
    """There is no program to run. status: what the process exits with, as Python's would."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def main() -> None:
    """Run what `sys.argv` asks for."""
    arguments = sys.argv[1:]
    first = arguments[0] if arguments else ""
    if first in ("-h", "--help"):
        print(USAGE)
    elif first in ("-V", "--version"):
        python = ".".join(map(str, sys.version_info[:3]))
        print(f"tidu {version.own} (for PyTorch {version.torch}; Python {python})")
        print(f"native kernels: {native.reason or native.cpu_capability()}")
    else:
        alias.install()
        namespace = _fresh_main()
        try:
            _run(arguments, namespace)
        except CannotRun as error:
            print(error, file=sys.stderr)
            sys.exit(error.status)
        except SystemExit:
            raise
        except BaseException:
            _hide_own_frames(namespace)
            raise


def _run(arguments: list[str], namespace: dict) -> None:
    """Find the program, make the surroundings that Python would make for it, and run it."""
    first, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if first[:2] in ("-c", "-m"):
        # As with Python, the operand may follow at once: -mmodule.
        values = ([first[2:]] if first[2:] else []) + rest
        if not values:
            raise CannotRun(f"Argument expected for the {first} option\n{_USAGE_LINE}", 2)
        sys.argv = alias.Arguments([first[:2], *values[1:]])
        if first[:2] == "-c":
            _set_first_path("")
            if sys.version_info >= (3, 13):
                # From that version on a traceback shows lines of -c, too.
                lines = [line + "\n" for line in values[0].splitlines()]
                linecache.cache["<string>"] = (len(values[0]), None, lines, "<string>")
            code = compile(values[0], "<string>", "exec", dont_inherit=True)
        else:
            _set_first_path(os.getcwd())
            code = _module_code(values[0], namespace)
    elif first in ("", "-"):
        sys.argv = alias.Arguments([first, *rest])
        _set_first_path("")
        if not first and sys.stdin.isatty():
            _converse(namespace)
            return
        namespace.update(__file__="<stdin>", __cached__=None)
        code = compile(sys.stdin.buffer.read(), "<stdin>", "exec", dont_inherit=True)
    elif first.startswith("-"):
        raise CannotRun(f"unknown option {first}\n{_USAGE_LINE}", 2)
    else:
        sys.argv = alias.Arguments([first, *rest])
        code = _file_code(first, namespace)
    exec(code, namespace)


def _fresh_main() -> dict:
    """Put a new module in the place of `__main__`, and return its namespace."""
    module = ModuleType("__main__")
    sys.modules["__main__"] = module
    vars(module).update(__loader__=BuiltinImporter, __annotations__={}, __builtins__=builtins)
    return vars(module)


def _set_first_path(folder: str) -> None:
    # `python -m tidu` put the working directory there. Under -P Python puts nothing.
    if not sys.flags.safe_path:
        sys.path[0] = folder


def _file_code(script: str, namespace: dict):
    path = script if os.path.isabs(script) else os.path.join(os.getcwd(), script)
    holder = PathFinder.find_spec("__main__", [path])
    if holder is not None:
        _set_first_path(path)
        _describe(namespace, holder)
        return holder.loader.get_code("__main__")  # type: ignore[union-attr]
    if os.path.isdir(path):
        raise CannotRun(f"{sys.executable}: can't find '__main__' module in {path!r}")
    _set_first_path(os.path.dirname(os.path.realpath(path)))
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        reason = f"[Errno {error.errno}] {error.strerror}"
        raise CannotRun(f"{sys.executable}: can't open file {path!r}: {reason}", 2) from None
    loader = SourceFileLoader("__main__", path)
    namespace.update(__loader__=loader, __file__=path, __cached__=None)
    return compile(source, path, "exec", dont_inherit=True)


def _module_code(name: str, namespace: dict):
    class NotFound(Exception):
        """What runpy raises when there is no such module, and nobody else."""

    try:
        _, spec, code = _find_module(name, NotFound)
    except NotFound as error:
        raise CannotRun(f"{sys.executable}: {error}") from None
    sys.argv[0] = spec.origin
    _describe(namespace, spec)
    return code


def _describe(namespace: dict, spec: ModuleSpec) -> None:
    """Tell `__main__` which module it is, when it is one that was found by name."""
    namespace.update(
        __package__=spec.parent,
        __loader__=spec.loader,
        __spec__=spec,
        __file__=spec.origin,
        __cached__=spec.cached,
    )


def _converse(namespace: dict) -> None:
    import code

    try:
        import readline  # noqa: F401  # Only with it does the console have line editing.
    except ImportError:
        print("No line editing: this Python has no readline.", file=sys.stderr)
    banner = f"Python {sys.version} on {sys.platform}\nimport torch means tidu {version.own}"
    code.interact(banner, local=namespace, exitmsg="")


def _hide_own_frames(namespace: dict) -> None:
    """Let the exception that is about to end the process be shown without this runner's frames.

    Whoever shows it, Python's own hook or one that the program has set, is given the traceback
    from the program on. The exception itself goes on, so that the exit status is Python's own.
    """
    chosen = sys.excepthook

    def excepthook(kind, error, trace) -> None:
        sys.excepthook = chosen
        sys.last_traceback = part = _part_of_program(trace, namespace)
        chosen(kind, error.with_traceback(part), part)

    sys.excepthook = excepthook


def _part_of_program(trace: TracebackType | None, namespace: dict) -> TracebackType | None:
    part = None
    own_files = (__file__, _find_module.__code__.co_filename)
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_globals is namespace:
            return trace
        if frame.f_code.co_filename in own_files:
            part = trace.tb_next
        trace = trace.tb_next
    return part


if __name__ == "__main__":
    main()
