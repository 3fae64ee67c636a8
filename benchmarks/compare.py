"""The workloads in PyTorch and in tidu, in turn: a table of ratios, and the report of them.

    python benchmarks/compare.py                      all workloads, at 1 and at 2 threads
    python benchmarks/compare.py --sizes odd          the second set of sizes
    python benchmarks/compare.py --only cifar --threads 2
    python benchmarks/compare.py --save results.json  for report.py, which writes docs/performance.md

Each library runs in a process of its own, for its thread pool's sake, and the two take turns (with
--pairs, several such pairs of processes follow each other): a round measures a workload in one right
after the other, in alternating order. A ratio is the median over the rounds of torch's time by tidu's,
so 2.0 means that tidu took half as long.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from workloads import WORKLOADS, Workload


def cases(sizes: str, only: str) -> list[tuple[str, Workload, dict[str, Any]]]:
    """Names, workloads and sizes of one of the two sets."""
    found = []
    for workload in WORKLOADS:
        if only.lower() not in workload.name.lower():
            continue
        if sizes == "main":
            found.append((workload.name, workload, workload.sizes))
            continue
        for odd in workload.odd:
            described = ", ".join(f"{k}={v}" for k, v in odd.items())
            found.append((f"{workload.make.__name__}({described})", workload, odd))
    return found


# The process of one library


def answer_requests(library: str, threads: int, sizes: str) -> None:
    """Reads one request a line: a case's name to prepare it, an empty line to time it once more."""
    torch: Any = importlib.import_module(library)
    importlib.import_module(library + ".nn")
    importlib.import_module(library + ".optim")
    torch.set_num_threads(threads)
    known = {name: (workload, chosen) for name, workload, chosen in cases(sizes, "")}
    step: Any = None
    loops = 1
    for line in sys.stdin:
        name = line.rstrip("\n")
        if not name:
            print(stretch(step, loops), flush=True)
            continue
        step = None
        gc.collect()
        workload, chosen = known[name]
        torch.manual_seed(0)
        try:
            step = workload.make(torch, **chosen)
            loops = calibrate(step)
            print("ready", flush=True)
        except Exception as error:
            print(f"{type(error).__name__}: {error}".replace("\n", " "), flush=True)


def calibrate(step: Any, seconds: float = 0.05) -> int:
    """How many steps last as long as a measurement should; runs them, which warms everything up."""
    loops = 1
    while stretch(step, loops) * loops < seconds:
        loops *= 2
    return loops


def stretch(step: Any, loops: int) -> float:
    """Seconds of one step, on average over a few."""
    start = time.perf_counter()
    for _ in range(loops):
        step()
    return (time.perf_counter() - start) / loops


class Library:
    """A process that runs one library's side."""

    def __init__(self, name: str, threads: int, sizes: str) -> None:
        count = str(threads)
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--worker", name, "--threads", count, "--sizes", sizes],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "OMP_NUM_THREADS": count, "TIDU_NUM_THREADS": count},
        )  # fmt: skip

    def ask(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def stop(self) -> None:
        self.process.communicate()


# The comparison


def measure(names: list[str], threads: int, sizes: str, rounds: int, pairs: int) -> list[dict[str, Any]]:
    """A row for each case: medians of both times in seconds, and of their ratio."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    rows = []
    for pair in range(1, pairs + 1):
        torch, tidu = libraries = [Library(name, threads, sizes) for name in ("torch", "tidu")]
        for name in names:
            answers = [library.ask(name) for library in libraries]
            if answers == ["ready", "ready"]:
                times[name] += [one_after_the_other(torch, tidu, number % 2) for number in range(rounds)]
            if pair == pairs:  # all times are there
                row: dict[str, Any] = {"name": name, "threads": threads}
                if answers == ["ready", "ready"]:
                    complete(row, times[name])
                else:
                    row["error"] = " / ".join(a for a in answers if a != "ready")
                print_row(row)
                rows.append(row)
        for library in libraries:
            library.stop()
    return rows


def one_after_the_other(torch: Library, tidu: Library, torch_first: int) -> tuple[float, float]:
    """The time of a step in either, in seconds."""
    if torch_first:
        return float(torch.ask("")), float(tidu.ask(""))
    last = float(tidu.ask(""))
    return float(torch.ask("")), last


def complete(row: dict[str, Any], times: list[tuple[float, float]]) -> None:
    row["torch"], row["tidu"] = (statistics.median(side) for side in zip(*times, strict=True))
    row["low"], row["ratio"], row["high"] = statistics.quantiles((a / b for a, b in times), n=4)


def print_row(row: dict[str, Any]) -> None:
    if "error" in row:
        print(f"{row['name']:52} {row['error']}", flush=True)
        return
    print(
        f"{row['name']:52} {row['threads']} {row['torch'] * 1e6:12.1f} {row['tidu'] * 1e6:12.1f}"
        f" {row['ratio']:8.2f}   ({row['low']:.2f} to {row['high']:.2f})",
        flush=True,
    )


def summarize(rows: list[dict[str, Any]], threads: int) -> str:
    """The geometric mean of the ratios, and the smallest."""
    ratios = {row["name"]: row["ratio"] for row in rows if "ratio" in row}
    if not ratios:
        return "nothing was measured"
    mean = math.exp(statistics.fmean(math.log(ratio) for ratio in ratios.values()))
    least = min(ratios, key=lambda name: ratios[name])
    missing = len(rows) - len(ratios)
    return (
        f"{threads} thread{'s' * (threads > 1)}: geometric mean {mean:.2f} over {len(ratios)}, "
        f"least {ratios[least]:.2f} ({least})" + (f"; {missing} did not run" if missing else "")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the workloads in torch and tidu.")
    parser.add_argument("--sizes", choices=("main", "odd"), default="main")
    parser.add_argument("--only", default="", help="part of a workload's name")
    parser.add_argument("--threads", default="1,2", help="comma-separated (default 1,2)")
    parser.add_argument("--rounds", type=int, default=9, help="of each pair of processes (default 9)")
    parser.add_argument("--pairs", type=int, default=1, help="pairs of processes, one after another: where "
                        "memory lies differs from process to process, and so do times")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the rows as JSON")
    parser.add_argument("--worker", metavar="LIBRARY", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        answer_requests(options.worker, int(options.threads), options.sizes)
        return
    names = [name for name, _, _ in cases(options.sizes, options.only)]
    print(f"{'':52} threads  torch, us    tidu, us    ratio   (quartiles)")
    rows, summaries = [], []
    for threads in map(int, options.threads.split(",")):
        found = measure(names, threads, options.sizes, options.rounds, options.pairs)
        summaries.append(summarize(found, threads))
        rows += found
    print("\n".join(summaries))
    if options.save:
        options.save.parent.mkdir(parents=True, exist_ok=True)
        results = {"rounds": options.rounds, "pairs": options.pairs, "rows": rows}
        options.save.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
