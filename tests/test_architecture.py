"""What the source promises about itself: imports point one way, files and functions stay readable."""

from __future__ import annotations

import ast
import inspect
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import tidu
from tidu.autograd.op import OPS
from tidu.autograd.public import PUBLIC
from tidu.backend import later

later.declare_all()
PACKAGE = Path(tidu.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
REPO = PACKAGE.parent

# From the bottom up: a module may import, when it is itself imported, only from its own layer and
# from those before it. (What a function imports when it runs is free: that is how the bottom
# reaches what is installed later.)
LAYERS = [
    ["naming", "version"],
    ["dtypes", "size", "device", "return_types", "formats", "storage"],
    ["backend"],
    ["autograd.grad_mode", "autograd.inference", "autograd.node"],
    ["tensor", "errors"],
    ["autograd"],
    ["random", "ops"],
    ["printing", "linalg", "special", "legacy", "windows", "cuda", "accelerator", "backends", "settings"],
    ["nn"],
    ["optim", "utils", "vision", "serialization"],
]


def layer_of(module):
    best = None
    for rank, names in enumerate(LAYERS):
        for name in names:
            inside = module == name or module.startswith(name + ".")
            if inside and (best is None or len(name) > best[1]):
                best = (rank, len(name))
    return None if best is None else best[0]


def module_name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def runs_on_import(tree):
    """The import statements that run when the module is imported."""
    stack = list(tree.body)
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            stack += node.orelse
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            stack += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]


def imported(path):
    """The modules of the package that a module imports when it is imported."""
    name = module_name(path)
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    package = [part for part in package if part]
    for node in runs_on_import(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith("tidu.")]
            yield from (n.removeprefix("tidu.") for n in names)
        elif node.level:
            base = package[: len(package) - node.level + 1] + (node.module or "").split(".")
            base = [part for part in base if part]
            for alias in node.names:
                full = ".".join([*base, alias.name])
                is_module = (PACKAGE / full.replace(".", "/")).with_suffix(".py").exists()
                is_package = (PACKAGE / full.replace(".", "/") / "__init__.py").exists()
                yield full if is_module or is_package else ".".join(base)


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_imports_point_one_way(path):
    own = layer_of(module_name(path))
    if own is None:
        return
    for name in imported(path):
        other = layer_of(name)
        assert other is None or other <= own, f"{module_name(path)} imports {name}"


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_files_and_functions_are_short(path):
    text = path.read_text()
    assert text.count("\n") <= 800
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            start = node.body[0].end_lineno if ast.get_docstring(node) else node.lineno
            assert node.end_lineno - start <= 80, f"{node.name}, line {node.lineno}"


def test_every_public_operation_is_documented():
    """`docs/operations.md` is what its generator writes, and that names each public function."""
    list_operations = runpy.run_path(str(REPO / "docs" / "list_operations.py"))
    text = list_operations["text"]()
    assert text == list_operations["OUT"].read_text(), "run: make operations"
    functions = {name for name, found in PUBLIC.items() if inspect.isroutine(found)}
    assert functions - set(re.findall(r"`tidu\.([\w.]+)`", text)) == set()


def test_the_index_names_what_comes_later():
    """`tidu/ops/index.py` is what its generator writes, in an interpreter that has seen nothing yet."""
    program = "import runpy; print(runpy.run_path('docs/index_operations.py')['text'](), end='')"
    done = subprocess.run([sys.executable, "-c", program], cwd=REPO, capture_output=True, text=True)
    assert done.stdout == (PACKAGE / "ops" / "index.py").read_text(), f"run: make operations {done.stderr}"


@pytest.mark.parametrize("name", sorted(n for n in PUBLIC if not n.endswith("_")))
def test_every_public_function_says_what_it_does(name):
    text = PUBLIC[name].__doc__ or ""
    assert text.strip()
    assert ">>>" in text, "an example is missing"


def test_rules_name_only_what_their_operation_has():
    """A gradient rule's parameters are its save list; resolving each plan checks them all."""
    for op in OPS.values():
        for mask in range(1, 1 << len(op.tensors)):
            op.plan(mask)
