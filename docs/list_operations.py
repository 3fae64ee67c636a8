"""Writes docs/operations.md: every public function, by the file that declares it.

`make operations` runs it; do so after you added one.
"""

from __future__ import annotations

import inspect
import textwrap
from collections import defaultdict
from pathlib import Path

import tidu
from tidu.autograd.public import PUBLIC
from tidu.backend import later

ROOT = Path(tidu.__file__).parent.parent
OUT = ROOT / "docs" / "operations.md"
NAMESPACES = {
    "tidu": tidu,
    "tidu.linalg": tidu.linalg,
    "tidu.special": tidu.special,
    "tidu.nn.functional": tidu.nn.functional,
}
HEAD = """\
# The operations

Every public function of `tidu`, `tidu.linalg`, `tidu.special` and `tidu.nn.functional`, by the file that
declares it; aliases stand beside their function. Those with an underscore change their first argument.
Most functions of `tidu` are methods of Tensor too. `make operations` writes this list.
"""


def functions():
    """Every public name and its function: what operations declared first, in their order."""
    later.declare_all()
    yield from ((f"tidu.{name}", f) for name, f in PUBLIC.items() if inspect.isroutine(f))
    for prefix, module in NAMESPACES.items():
        for name in dir(module):
            found = getattr(module, name, None)
            if inspect.isroutine(found) and not name.startswith("_"):
                yield f"{prefix}.{name}", found


def file_of(function):
    """The file that declares a function, relative to the root: where its code is, if not generated."""
    code = Path(inspect.unwrap(function).__code__.co_filename)
    declared = function.__module__.replace(".", "/")
    if (ROOT / declared).is_dir():  # a package hides which of its files it is
        return code.relative_to(ROOT).as_posix()
    return declared + ".py"


def entries():
    """Of each file: [names], text of each function that it declares."""
    known: dict = {}
    for name, function in functions():
        same = getattr(function, "op", None) or inspect.unwrap(function)
        names, _ = known.setdefault(same, ([], function))
        if name not in names:
            names.append(name)
    names_of = {name: names for names, _ in known.values() for name in names}
    files = defaultdict(list)
    for names, function in known.values():
        without = names_of.get(names[0].removesuffix("_"), names)
        if without is names:
            text = " ".join(inspect.getdoc(function).split("\n\n")[0].split())
            files[file_of(function)].append((names, text))
        else:
            without += names  # the form in place stands with the other
    return files


def place(path):
    """Operations come first, then layers, then everything else."""
    return not path.startswith("tidu/ops/"), not path.startswith("tidu/nn/"), path


def text():
    """What docs/operations.md has to say."""
    files = entries()
    lines = [HEAD]
    for path in sorted(files, key=place):
        lines.append(f"## [`{path}`](../{path})\n")
        for names, what in files[path]:
            line = f"- {', '.join(f'`{name}`' for name in names)}: {what}"
            lines += textwrap.wrap(
                line, 105, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
            )
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    OUT.write_text(text())
