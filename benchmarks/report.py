"""Writes docs/performance.md and its plot from what compare.py saved.

    python benchmarks/compare.py --save main.json
    python benchmarks/compare.py --sizes odd --save odd.json
    python benchmarks/report.py main.json odd.json
"""

from __future__ import annotations

import json
import math
import platform
import statistics
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("agg")
import matplotlib.pyplot as plt

DOCS = Path(__file__).resolve().parent.parent / "docs"

PAGE = """<!-- Written by benchmarks/report.py; do not edit. -->
# Speed, beside PyTorch's

How many times as fast as PyTorch {torch} tidu is: torch's time by tidu's, so above 1 tidu is faster.

{machine}.

![the ratios of the table](performance.png)

{table}

{summary}

## How this was measured

`make bench` does it again on your machine. Both libraries do the same steps from the same seed, each in
a process of its own with the same number of threads, and take turns: {rounds}, each of them a
stretch of at least 50 ms of one right after a stretch of the other, in alternating order. A ratio is the
median over the rounds; between brackets are the quartiles. Other programs ran on the machine as
well, so a time says little, and the ratio of two times taken one after the other says more. What the
workloads are stands in [`benchmarks/workloads.py`](../benchmarks/workloads.py).

## Other sizes

Kernels that were made for one benchmark's shapes show it at others. The same workloads at odd sizes, prime
channel counts, batches of 1 and of 257, in {odd_rounds}:

{odd_table}

{odd_summary}
"""


def processor() -> str:
    """The processor's name, and how many of it this process may use."""
    import os

    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [s.partition(":")[2].strip() for s in info.read_text().splitlines() if "model name" in s]
        name = names[0] if names else name
    return f"{name}, {len(os.sched_getaffinity(0))} cores"


def machine() -> str:
    import tidu
    from tidu.backend import native

    kernels = f"{native.isa} kernels" if native.available else "no native kernels"
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy"))
    return (
        f"{processor()}; Python {platform.python_version()}, {libraries}, tidu {tidu.__version__} "
        f"with {kernels}"
    )


def by_threads(rows: list[dict[str, Any]]) -> dict[int, dict[str, dict[str, Any]]]:
    found: dict[int, dict[str, dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["threads"], {})[row["name"]] = row
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """A line a workload, a column a number of threads."""
    columns = by_threads(rows)
    heads = [f"{n} thread{'s' * (n > 1)}" for n in columns]
    lines = [f"| workload | {' | '.join(heads)} |", "|---|" + "--:|" * len(heads)]
    for name in next(iter(columns.values())):
        cells = []
        for column in columns.values():
            row = column[name]
            cell = row.get("error", "")
            if "ratio" in row:
                cell = f"**{row['ratio']:.2f}** ({row['low']:.2f} to {row['high']:.2f})"
            cells.append(cell)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def summary(rows: list[dict[str, Any]]) -> str:
    parts = []
    for n, column in by_threads(rows).items():
        ratios = [row["ratio"] for row in column.values() if "ratio" in row]
        mean = math.exp(statistics.fmean(map(math.log, ratios)))
        parts.append(
            f"With {n} thread{'s' * (n > 1)} the geometric mean of {len(ratios)} is **{mean:.2f}** and "
            f"the smallest {min(ratios):.2f}."
        )
    return " ".join(parts)


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Dots on a logarithmic axis, one row a workload, one colour a number of threads."""
    columns = by_threads(rows)
    names = list(next(iter(columns.values())))
    figure, axes = plt.subplots(figsize=(8, 0.26 * len(names) + 1.2))
    for shift, (n, column), marker in zip((0.12, -0.12), columns.items(), "os"):
        known = [(i, column[name]) for i, name in enumerate(names) if "ratio" in column[name]]
        y = np.array([len(names) - i + shift for i, _ in known])
        low, middle, high = (np.array([row[k] for _, row in known]) for k in ("low", "ratio", "high"))
        axes.hlines(y, low, high, color=f"C{n - 1}", alpha=0.4)
        axes.plot(middle, y, marker, ms=5, color=f"C{n - 1}", label=f"{n} thread{'s' * (n > 1)}")
    axes.axvline(1, color="0.4", lw=1)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    axes.set_yticks([len(names) - i for i in range(len(names))], names, fontsize=8)
    axes.set_ylim(0.3, len(names) + 0.7)
    axes.set_xlabel("times as fast as PyTorch")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=110, bbox_inches="tight")


def rounds(results: dict[str, Any]) -> str:
    each = f"{results['rounds']} rounds"
    return f"{each} in each of {results['pairs']} pairs of processes" if results["pairs"] > 1 else each


def main(main_file: str, odd_file: str) -> None:
    results, odd = (json.loads(Path(f).read_text()) for f in (main_file, odd_file))
    page = PAGE.format(
        torch=version("torch").partition("+")[0], machine=machine(), rounds=rounds(results),
        table=table(results["rows"]), summary=summary(results["rows"]),
        odd_rounds=rounds(odd), odd_table=table(odd["rows"]), odd_summary=summary(odd["rows"]),
    )  # fmt: skip
    (DOCS / "performance.md").write_text(page)
    plot(results["rows"], DOCS / "performance.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
