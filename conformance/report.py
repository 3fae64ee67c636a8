"""Writes ``docs/conformance.md``: what agrees with torch, and what does not, and why.

python -m conformance.report
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections import Counter
from pathlib import Path

from .collect import OTHER_DTYPES, Collected, by_name, collect, tally
from .libraries import torch
from .modules import ASPECTS as MODULE_ASPECTS
from .ops import ASPECTS, FORMS, is_public, op_db, title
from .optimizers import ASPECTS as OPTIMIZER_ASPECTS
from .outcome import Result, short

TARGET = Path(__file__).parent.parent / "docs" / "conformance.md"

MEANING = {
    "value": "results: values, dtype, shape; inputs left alone",
    "layouts": "results and gradients for inputs that are not contiguous",
    "grad": "first gradients",
    "gradgrad": "second gradients",
    "inplace": "in-place forms, with the gradient through them",
    "method": "methods",
    "out": "`out=`",
    "errors": "wrong calls: the error's type and whole text",
    "strides": "the result's strides",
    "views": "which results share memory with an input",
    "nodes": "the name of `grad_fn`",
    "initial": "printed form, names and initial values from the same seed",
    "training": "outputs, gradients and buffers in training",
    "evaluation": "the same in evaluation",
    "steps": "parameters and state after six steps",
    "groups": "two parameter groups, state saved and loaded half way",
    "schedules": "learning rates under schedules",
    "rates": "learning rates and state over 12 epochs",
}

HEAD = """<!-- Written by `python -m conformance.report`; do not edit. -->
# Agreement with PyTorch

tidu and PyTorch {version} ran side by side on the inputs that PyTorch's developers test with:
`op_db`, `module_db` and `optim_db` of `torch.testing._internal`; [how](../conformance/README.md).
An operation agrees if all samples of all its variants do. Numbers are in float64; the operations
that have no float64 are counted in the widest dtype they have.
"""


def counts_table(results: list[Result], aspects) -> list[str]:
    """A Markdown table of how many names agree, differ and are missing in each aspect."""
    lines = ["| | agree | differ | missing | of |", "|---|---:|---:|---:|---:|"]
    for aspect in aspects:
        found = tally(results, aspect)
        sizes = [len(found[status]) for status in ("agrees", "differs", "missing")]
        numbers = " | ".join(str(size) for size in [*sizes, sum(sizes)])
        lines.append(f"| {MEANING[aspect]} | {numbers} |")
    return [*lines, ""]


def dtype_table(results: list[Result]) -> list[str]:
    """A Markdown table of agreement in value in the other dtypes."""
    lines = ["| values in | agree | differ | missing | of |", "|---|---:|---:|---:|---:|"]
    for dtype in OTHER_DTYPES:
        found = tally([result for result in results if result.dtype == dtype], "value")
        sizes = [len(found[status]) for status in ("agrees", "differs", "missing")]
        lines.append(f"| {dtype} | " + " | ".join(map(str, [*sizes, sum(sizes)])) + " |")
    return [*lines, ""]


def cell(text: str) -> str:
    """`text` in a code span that survives in a Markdown table."""
    return "`" + short(text, 150).replace("`", "'").replace("|", "¦") + "`"


def differing(results: list[Result], aspects, heading) -> list[str]:
    """The list of what differs, aspect by aspect, with the most common reason."""
    lines = []
    for aspect in aspects:
        rows = [
            f"| {result.title} | {result.bad} of {result.samples} | {cell(result.reason)} |"
            for group in by_name(results, aspect).values()
            for result in group
            if result.status == "differs"
        ]
        if rows:
            lines += [f"### {heading}: {MEANING[aspect]}", ""]
            lines += ["| | samples | first reason |", "|---|---|---|", *sorted(rows), ""]
    return lines


def missing(results: list[Result], aspects) -> list[str]:
    """What tidu has no name for, in one paragraph."""
    names = sorted({r.title for r in results if r.status == "missing" and r.aspect in aspects})
    return paragraph(names)


def paragraph(names) -> list[str]:
    """Names as the lines of one paragraph."""
    text = ", ".join(f"`{name}`" for name in names) or "Nothing."
    return [*textwrap.wrap(text, 100, break_on_hyphens=False, break_long_words=False), ""]


def reasons(results: list[Result], aspect: str, most: int = 12) -> list[tuple[str, int]]:
    """The most common beginnings of reasons, to see what one repair would mend."""
    starts = (r.reason[:60] for r in results if r.aspect == aspect and r.status != "agrees")
    return Counter(starts).most_common(most)


TRAINING = """\
## Training

A small network learns CIFAR-10 in both, from one seed: the same initial weights, the same batches. In
float64 the losses of 100 steps agree to 1e-14. In float32 this training is chaotic: PyTorch with
two threads parts from PyTorch with one as soon as tidu does
([how it was measured](../conformance/training.py)).

![the losses of both, and their differences](cifar10_curve.png)""".splitlines()


def written(found: Collected) -> str:
    """The whole page."""
    lines = [HEAD.format(version=torch.__version__.partition("+")[0])]
    lines += ["## Operations", "", *counts_table(found.ops, ASPECTS)]
    lines += ["Beyond values, without a target yet:", "", *counts_table(found.ops, FORMS)]
    lines += dtype_table(found.dtypes)
    lines += ["## Layers", "", *counts_table(found.modules, MODULE_ASPECTS)]
    lines += ["## Optimizers", "", *counts_table(found.optimizers, OPTIMIZER_ASPECTS)]
    lines += ["## Schedules of learning rates", "", *counts_table(found.schedules, ("rates",))]
    lines += [*TRAINING, ""]
    lines += ["## What tidu does not have", "", "Operations:", *missing(found.ops, ("value",))]
    lines += ["Methods of tensors:", *missing(found.ops, ("method", "inplace"))]
    lines += ["Layers:", *missing(found.modules, MODULE_ASPECTS)]
    lines += ["Optimizers and schedules:"]
    lines += missing(found.optimizers + found.schedules, ("steps", "rates"))
    private = sorted({title(op) for op in op_db if not is_public(op)})
    lines += ["Entries of `op_db` that are not public or not for a CPU, and are not counted:"]
    lines += paragraph(private)
    lines += ["## What differs", ""]
    lines += differing(found.ops, ASPECTS, "Operations")
    lines += differing(found.dtypes, ("value",), "Operations in other dtypes")
    lines += differing(found.modules, MODULE_ASPECTS, "Layers")
    lines += differing(found.optimizers, OPTIMIZER_ASPECTS, "Optimizers")
    lines += differing(found.schedules, ("rates",), "Schedules")
    return "\n".join(lines).rstrip() + "\n"


def main(arguments=None) -> int:
    """Runs everything and writes the page."""
    parser = argparse.ArgumentParser(prog="python -m conformance.report", description=__doc__)
    parser.add_argument("--processes", type=int, help="how many to run at once (2)")
    parser.add_argument("--to", type=Path, default=TARGET, help="where to write the page")
    options = parser.parse_args(arguments)
    found = collect(options.processes)
    options.to.parent.mkdir(exist_ok=True)
    options.to.write_text(written(found), encoding="utf-8")
    for aspect in ASPECTS:
        sizes = {status: len(names) for status, names in tally(found.ops, aspect).items()}
        print(aspect, sizes)
        for start, count in reasons(found.ops, aspect):
            print(f"    {count:4}  {start}")
    print(f"{found.seconds:.0f} s, written to {options.to}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
