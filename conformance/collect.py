"""Everything that is compared, in several processes, as one list of results."""

from __future__ import annotations

import multiprocessing
import os
import time
from dataclasses import dataclass, field

from torch.testing._internal.common_modules import module_db
from torch.testing._internal.common_optimizers import optim_db

from . import modules, ops, optimizers
from .outcome import Result

OTHER_DTYPES = ("int64", "bool", "float32", "complex128")
SAMPLES = 24
SAMPLES_OTHER = 6


@dataclass
class Collected:
    """The results of a whole run."""

    ops: list[Result] = field(default_factory=list)  # all aspects, float64 where there is one
    dtypes: list[Result] = field(default_factory=list)  # values in the other dtypes
    modules: list[Result] = field(default_factory=list)
    optimizers: list[Result] = field(default_factory=list)
    schedules: list[Result] = field(default_factory=list)
    seconds: float = 0.0


def _ops(index: int) -> tuple[str, list[Result]]:
    op = ops.selected(())[index]
    return "ops", ops.check(op, ops.ASPECTS + ops.FORMS, cap=SAMPLES)


def _dtypes(index: int) -> tuple[str, list[Result]]:
    op = ops.selected(())[index]
    results = []
    for dtype in OTHER_DTYPES:
        results += ops.check(op, ("value",), dtype, SAMPLES_OTHER)
    return "dtypes", results


def _modules(index: int) -> tuple[str, list[Result]]:
    found = [modules.check(module_db[index], aspect) for aspect in modules.ASPECTS]
    return "modules", [result for result in found if result is not None]


def _optimizers(index: int) -> tuple[str, list[Result]]:
    found = [optimizers.check(optim_db[index], aspect) for aspect in optimizers.ASPECTS]
    return "optimizers", [result for result in found if result is not None]


def _schedules(index: int) -> tuple[str, list[Result]]:
    return "schedules", optimizers.check_schedules()


def _call(task) -> tuple[str, list[Result]]:
    function, index = task
    return function(index)


def collect(processes: int | None = None) -> Collected:
    """Runs every comparison; one process a core, two at most, unless told otherwise."""
    started = time.perf_counter()
    entries = range(len(ops.selected(())))
    tasks = [(_ops, i) for i in entries] + [(_dtypes, i) for i in entries]
    tasks += [(_modules, i) for i in range(len(module_db))]
    tasks += [(_optimizers, i) for i in range(len(optim_db))] + [(_schedules, 0)]
    collected = Collected()
    # The children are forks: torch and its tables are imported once, and the order of the results
    # does not depend on who was quicker.
    with multiprocessing.get_context("fork").Pool(processes or min(2, os.cpu_count() or 1)) as pool:
        for kind, results in pool.imap(_call, tasks, chunksize=4):
            getattr(collected, kind).extend(results)
    collected.seconds = time.perf_counter() - started
    return collected


def by_name(results: list[Result], aspect: str) -> dict[str, list[Result]]:
    """The results of an aspect, the variants of one operation together."""
    grouped: dict[str, list[Result]] = {}
    for result in results:
        if result.aspect == aspect:
            grouped.setdefault(result.name, []).append(result)
    return grouped


def tally(results: list[Result], aspect: str) -> dict[str, list[str]]:
    """Names that agree in every variant, that differ, and that are missing."""
    found: dict[str, list[str]] = {"agrees": [], "differs": [], "missing": []}
    for name, group in by_name(results, aspect).items():
        statuses = {result.status for result in group}
        status = statuses.pop() if len(statuses) == 1 else "differs"
        found[status].append(name)
    return found
