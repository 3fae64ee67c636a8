"""Writes tidu/ops/index.py: the names that each of the families which come later will declare.

`make operations` runs it, in an interpreter of its own: it has to see the families come in.
"""

from __future__ import annotations

import textwrap
from importlib import import_module
from itertools import chain
from pathlib import Path

import tidu
from tidu.autograd.public import PUBLIC, TENSOR_OPS
from tidu.backend import later
from tidu.backend.table import FORWARDS
from tidu.ops import LATER
from tidu.tensor import Tensor

OUT = Path(tidu.__file__).parent / "ops" / "index.py"
HEAD = '''"""What the families that come later declare (backend/later.py). `make operations` writes it."""

# fmt: off
'''


def known():
    """What there is now: functions, methods, and what only operations use."""
    methods = {n: m for n, m in vars(Tensor).items() if not isinstance(m, later.Method)}
    return {"FUNCTIONS": {**PUBLIC}, "METHODS": methods, "KERNELS": {**FORWARDS, **TENSOR_OPS}}


def names():
    """Of each table: the names that each family adds to it."""
    found = {table: {} for table in known()}
    later.FAMILIES.clear()  # what the present index says does not matter
    before = known()
    for family in LATER:
        import_module(f"tidu.ops.{family}")
        after = known()
        for table, entries in after.items():
            was = before[table]
            changed = [name for name in was if entries[name] is not was[name]]
            if changed:
                raise SystemExit(f"tidu/ops/{family}.py declares anew: {', '.join(changed)}")
            found[table][family] = sorted(entries.keys() - was.keys())
        before = after
    public = {*chain(*found["FUNCTIONS"].values(), *found["METHODS"].values())}
    for family, kernels in found["KERNELS"].items():
        found["KERNELS"][family] = [name for name in kernels if name not in public]
    return found


def text():
    """What tidu/ops/index.py has to say."""
    lines = []
    for table, families in names().items():
        lines.append(f"{table} = {{")
        for family, added in families.items():
            if added:
                lines.append(f'    "{family}": """')
                lines += textwrap.wrap(" ".join(added), 96, initial_indent=" " * 8,
                                       subsequent_indent=" " * 8)  # fmt: skip
                lines.append('    """,')
        lines += ["}", ""]
    return HEAD + "\n".join(lines)


if __name__ == "__main__":
    OUT.write_text(text())
