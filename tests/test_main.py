"""`python -m tidu`: a program runs as under `python`, and `import torch` gives it tidu."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import tidu

ROOT = Path(tidu.__file__).parent.parent


def python(*arguments, cwd, stdin="", path=(), expect=None):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["PYTHONPATH"] = os.pathsep.join([*map(str, path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if expect is not None:
        assert done.returncode == expect, done.stderr
    return done


def run(source, cwd, **options):
    """What a program prints under the runner; it must end well."""
    (cwd / "program.py").write_text(textwrap.dedent(source), encoding="utf-8")
    return python("-m", "tidu", "program.py", cwd=cwd, expect=0, **options).stdout


PROGRAMS = {
    "arguments.py": """
        import sys
        print(sys.argv, sys.path[0], __file__, __name__, __package__, __cached__)
        print(__spec__ and __spec__.name, type(__loader__))
        print(list(globals()), __builtins__, sys.modules["__main__"].__dict__ is globals())
    """,
    "pickle_own_class.py": """
        import pickle
        class Own:
            def __init__(self): self.x = 3
        if __name__ == "__main__":
            print(pickle.loads(pickle.dumps(Own())).x, Own)
    """,
    "chained_error.py": """
        def inner():
            try:
                1 / 0
            except ZeroDivisionError as error:
                raise ValueError("second") from error
        def outer():
            inner()
        print("before", flush=True)
        outer()
    """,
    "error_with_note.py": """
        error = ValueError("text")
        error.add_note("a note")
        raise error
    """,
    "syntax_error.py": "x = 1\ndef (:\n",
    "imports_syntax_error.py": "import syntax_error\n",
    "exit_number.py": "import sys\nsys.exit(3)\n",
    "exit_text.py": "import sys\nsys.exit('bye')\n",
    "exit_none.py": "raise SystemExit\n",
    "interrupted.py": "raise KeyboardInterrupt\n",
    "own_hook.py": """
        import atexit, sys, traceback
        def hook(kind, error, trace):
            print(kind, error, [frame.name for frame in traceback.extract_tb(trace)])
            print(error.__traceback__ is trace, sys.excepthook is hook, sys.last_traceback is trace)
        sys.excepthook = hook
        atexit.register(lambda: print(sys.excepthook is hook))
        def fail():
            raise RuntimeError("x")
        fail()
    """,
    "folder/__main__.py": """
        import sys
        print(sys.argv, sys.path[0], __file__, __package__, __spec__.name)
    """,
    "package/__init__.py": "",
    "empty/README": "",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("programs")
    for name, source in PROGRAMS.items():
        (where / name).parent.mkdir(exist_ok=True)
        (where / name).write_text(textwrap.dedent(source), encoding="utf-8")
    return where


@pytest.mark.parametrize(
    "command",
    [
        *([name] for name in PROGRAMS if "/" not in name),
        ["arguments.py", "one", "--two", "-c"],
        ["./arguments.py"],
        ["folder"],
        ["empty"],
        ["missing.py"],
        ["-m", "missing"],
        ["-m", "missing.inner"],
        ["-m", "package"],
        ["-m", "arguments", "one"],
        ["-marguments"],
        ["-c", "import sys; print(sys.argv, repr(sys.path[0]), list(globals())); 1 / 0", "one"],
        ["-", "one"],
        [],
    ],
    ids=" ".join,
)
def test_runs_as_under_python(command, folder):
    stdin = "import sys\nprint(sys.argv, repr(sys.path[0]), __file__)\n1 / 0\n"
    plain = python(*command, cwd=folder, stdin=stdin)
    ours = python("-m", "tidu", *command, cwd=folder, stdin=stdin)
    assert ours.returncode == plain.returncode
    assert ours.stdout == plain.stdout
    assert ours.stderr == plain.stderr


def test_module_that_fails_shows_no_runner(folder):
    done = python("-m", "tidu", "-m", "chained_error", cwd=folder, expect=1)
    assert done.stderr.count("Traceback") == 2
    assert "tidu" not in done.stderr.replace(str(folder), "")
    assert "runpy" not in done.stderr


@pytest.mark.parametrize("command", [["-c"], ["-m"], ["--nonsense"]], ids=" ".join)
def test_wrong_use(command, tmp_path):
    done = python("-m", "tidu", *command, cwd=tmp_path, expect=2)
    assert "usage: python -m tidu" in done.stderr


def test_help_and_version(tmp_path):
    assert "script.py" in python("-m", "tidu", "--help", cwd=tmp_path, expect=0).stdout
    printed = python("-m", "tidu", "--version", cwd=tmp_path, expect=0).stdout
    assert printed.startswith(f"tidu {tidu.version.own} (for PyTorch 2.13.0")


def test_names_say_torch(tmp_path):
    printed = run(
        """
        import torch
        import torch.nn as nn
        import torchvision
        from torch.utils.data import DataLoader
        from torch.nn.functional import relu
        import torchvision.transforms as T
        x = torch.ones(2, 3, dtype=torch.float64)
        print(x.dtype, x.shape, x.type(), type(x), type(x.shape), type(x.dtype))
        print(nn.Linear, nn.Parameter, torch.optim.SGD, DataLoader, torchvision.datasets.CIFAR10)
        print(x, relu.__module__)
        """,
        tmp_path,
    )
    assert printed.splitlines() == [
        "torch.float64 torch.Size([2, 3]) torch.DoubleTensor <class 'torch.Tensor'> "
        "<class 'torch.Size'> <class 'torch.dtype'>",
        "<class 'torch.nn.modules.linear.Linear'> <class 'torch.nn.parameter.Parameter'> "
        "<class 'torch.optim.sgd.SGD'> <class 'torch.utils.data.dataloader.DataLoader'> "
        "<class 'torchvision.datasets.cifar.CIFAR10'>",
        "tensor([[1., 1., 1.],",
        "        [1., 1., 1.]], dtype=torch.float64) torch.nn.functional",
    ]


def test_modules_are_the_same_objects(tmp_path):
    printed = run(
        """
        import importlib.util, torch, torch.nn.functional as F, torchvision
        import tidu, tidu.nn.functional, tidu.vision
        print(torch is tidu, F is tidu.nn.functional, torchvision is tidu.vision)
        print(torch._tensor_str.PRINT_OPTS is tidu.printing.PRINT_OPTS, F.__spec__.name)
        print(importlib.util.find_spec("torch.optim") is not None)
        """,
        tmp_path,
    )
    assert printed == "True True True\nTrue tidu.nn.functional\nTrue\n"


def test_version_is_that_of_torch(tmp_path):
    printed = run(
        """
        import torch, tidu.version
        print(torch.__version__, torch.version.__version__, torch.version.cuda)
        print(torch.__version__ >= (1, 8), torch.__version__ < "2.2", torch.__version__ == "2.13")
        print(torch.__version__.split(".")[0], tidu.version.own)
        """,
        tmp_path,
    )
    assert printed.splitlines() == [
        "2.13.0 2.13.0 None",
        "True False True",
        f"2 {tidu.version.own}",
    ]
    assert tidu.__version__ == tidu.version.own


@pytest.mark.parametrize(
    ("statement", "error", "missing"),
    [
        ("torch.nope", "AttributeError", "torch.nope"),
        ("torch.nn.nope", "AttributeError", "torch.nn.nope"),
        ("torch.nn.functional.nope", "AttributeError", "torch.nn.functional.nope"),
        ("torchvision.nope", "AttributeError", "torchvision.nope"),
        ("from torch import nope", "ModuleNotFoundError", "torch.nope"),
        ("from torch.nn import nope", "ModuleNotFoundError", "torch.nn.nope"),
        ("from torch.nn.functional import nope", "ModuleNotFoundError", "torch.nn.functional.nope"),
        ("from torchvision.datasets import x", "ModuleNotFoundError", "torchvision.datasets.x"),
        ("import torch.nope", "ModuleNotFoundError", "torch.nope"),
        ("import torch.nope.deeper", "ModuleNotFoundError", "torch.nope"),
        ("import torch.nn.functional.nope", "ModuleNotFoundError", "torch.nn.functional.nope"),
        ("from torch.nope import x", "ModuleNotFoundError", "torch.nope"),
    ],
)
def test_missing_names_say_so(statement, error, missing, tmp_path):
    printed = run(
        f"""
        import torch, torchvision
        try:
            {statement}
        except (AttributeError, ImportError) as error:
            print(type(error).__name__, error, sep=": ")
        """,
        tmp_path,
    )
    assert printed == f"{error}: tidu has no {missing} yet\n"


def test_probing_for_names(tmp_path):
    printed = run(
        """
        import importlib.util
        import torch
        print(hasattr(torch, "nope"), hasattr(torch.nn, "nope"), hasattr(torch.cuda, "nope"))
        print(getattr(torch, "nope", 3), importlib.util.find_spec("torch.nope"))
        print(importlib.util.find_spec("functorch"))
        try:
            import torch.Tensor
        except ImportError as error:
            print(error)
        """,
        tmp_path,
    )
    assert printed.splitlines() == [
        "False False False",
        "3 None",
        "None",
        "No module named 'torch.Tensor'",
    ]


def test_modules_with_names_that_load_on_first_use(tmp_path):
    printed = run(
        """
        import importlib, sys, types
        from tidu import alias

        def load(name):
            if name == "broken":
                raise AttributeError("an error in what is loaded")
            return importlib.import_module(f"tidu.made.{name}")

        made = sys.modules["tidu.made"] = types.ModuleType("tidu.made")
        made.__getattr__ = lambda name: load(name)
        alias._publish(made)
        for name in ("missing", "broken"):
            try:
                getattr(made, name)
            except AttributeError as error:
                print(error)
        """,
        tmp_path,
    )
    assert printed == "tidu has no torch.made.missing yet\nan error in what is loaded\n"


def test_installed_torch_is_never_loaded(tmp_path):
    for name in ("torch", "torchvision", "functorch"):
        (tmp_path / "site" / name).mkdir(parents=True)
        (tmp_path / "site" / name / "__init__.py").write_text("raise SystemExit('the real one')")
        (tmp_path / "site" / name / "only_there.py").write_text("raise SystemExit('the real one')")
    source = """
        import torch, torchvision
        for name in ("torch.only_there", "torchvision.only_there", "functorch"):
            try:
                __import__(name)
            except ImportError as error:
                print(error)
        print(torch.tensor(1))
    """
    printed = run(source, tmp_path, path=[tmp_path / "site"])
    assert printed.splitlines() == [
        "tidu has no torch.only_there yet",
        "tidu has no torchvision.only_there yet",
        "import of functorch halted; None in sys.modules",
        "tensor(1)",
    ]


def test_installed_torch_that_was_imported_before(tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("")
    (tmp_path / "torch" / "nn.py").write_text("")
    source = """
        import torch.nn, tidu.alias
        tidu.alias.install()
        import torch
        print(torch.nn.Linear)
    """
    printed = python("-c", textwrap.dedent(source), cwd=tmp_path, expect=0).stdout
    assert printed == "<class 'torch.nn.modules.linear.Linear'>\n"


def test_pickles_name_torch(tmp_path):
    printed = run(
        """
        import pickle, torch
        layer = torch.nn.Linear(2, 1)
        data = pickle.dumps([layer, torch.nn.functional.relu, torch.Size([1]), torch.float32])
        print(b"tidu" in data, b"torch.nn.modules.linear" in data)
        again, relu, size, dtype = pickle.loads(data)
        print(type(again) is torch.nn.Linear, torch.equal(again.weight, layer.weight))
        print(relu is torch.nn.functional.relu, size, dtype is torch.float32)
        """,
        tmp_path,
    )
    assert printed == "False True\nTrue True\nTrue torch.Size([1]) True\n"


def test_spawned_process_has_torch_too(tmp_path):
    printed = run(
        """
        import multiprocessing
        import sys
        import torch

        def double(x):
            return x * torch.tensor(2).item(), type(torch.tensor(1)), sys.argv

        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.apply(double, (21,)))
        """,
        tmp_path,
    )
    assert printed == "(42, <class 'torch.Tensor'>, ['program.py'])\n"


def test_own_code_is_left_alone(tmp_path):
    source = """
        import sys
        import tidu as torch
        print(torch.float32, torch.nn.Linear, torch.__version__)
        print("torch" in sys.modules, hasattr(torch, "nope"))
    """
    printed = python("-c", textwrap.dedent(source), cwd=tmp_path, expect=0).stdout
    assert printed.splitlines() == [
        f"tidu.float32 <class 'tidu.nn.modules.linear.Linear'> {tidu.version.own}",
        "False False",
    ]
