"""What operations on one element cost in tidu and in PyTorch: overhead is all there is.

    python benchmarks/small_ops.py [--rounds 9]

Each library runs in a process of its own, so that neither's threads disturb the other, and the two
take turns: a round measures each case in one library right after the other, in alternating order.
A case's ratio is the median over the rounds of torch's time by tidu's, so 2.0 means that tidu took
half as long. Where torch is not installed, tidu alone is measured.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any


def make_cases(torch: Any) -> dict[str, Callable[[], object]]:
    """Return the cases as calls without arguments, on tensors of the library that is passed in."""
    x = torch.tensor([1.5])
    w = torch.tensor([2.5], requires_grad=True)
    weight = torch.tensor([1.0], requires_grad=True)
    samples = [(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]

    def forward_and_backward() -> None:
        loss = (w * 2 - 4) ** 2
        loss.backward()

    def descent() -> None:
        for sample, target in samples:
            loss = (sample * weight - target) ** 2
            loss.backward()
            weight.data -= 0.01 * weight.grad.data
            weight.grad.data.zero_()
            loss.item()

    return {
        "x + x": lambda: x + x,
        "x * w, w requires grad": lambda: x * w,
        "(w*2 - 4)**2, forward and backward": forward_and_backward,
        "descent by hand, 3 samples": descent,
    }


def microseconds(call: Callable[[], object], seconds: float = 0.04) -> float:
    """Return the time of one call: the best of five stretches of at least `seconds` each."""
    loops, taken = 1, 0.0
    while taken < seconds:
        loops *= 2
        taken = stretch(call, loops)
    return min(taken, *(stretch(call, loops) for _ in range(4))) / loops * 1e6


def stretch(call: Callable[[], object], loops: int) -> float:
    start = time.perf_counter()
    for _ in range(loops):
        call()
    return time.perf_counter() - start


def answer_requests(library: str) -> None:
    """The worker: for each case named on standard input, print the time of one call."""
    torch = importlib.import_module(library)
    if library == "torch":
        torch.set_num_threads(1)
    cases = make_cases(torch)
    for line in sys.stdin:
        print(microseconds(cases[line.rstrip("\n")]), flush=True)


class Worker:
    """A process that measures one library when asked to."""

    def __init__(self, library: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--worker", library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def measure(self, case: str) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def stop(self) -> None:
        self.process.communicate()


def compare(rounds: int) -> None:
    """Measure in turn and print a table of medians."""
    libraries = ["tidu", "torch"] if importlib.util.find_spec("torch") else ["tidu"]
    workers = {library: Worker(library) for library in libraries}
    print(f"{'microseconds a call':36}" + "".join(f"{name:>9}" for name in libraries) + "    ratio")
    for case in make_cases(importlib.import_module("tidu")):
        times: dict[str, list[float]] = {library: [] for library in libraries}
        for number in range(rounds):
            for library in libraries if number % 2 == 0 else reversed(libraries):
                times[library].append(workers[library].measure(case))
        row = f"{case:36}" + "".join(f"{statistics.median(times[n]):9.2f}" for n in libraries)
        if "torch" in times:
            pairs = zip(times["torch"], times["tidu"], strict=True)
            row += f"{statistics.median(torch / tidu for torch, tidu in pairs):9.2f}"
        print(row, flush=True)
    for worker in workers.values():
        worker.stop()
    print(f"{'of it, noting the line (at most)':36}{price_of_the_line():9.2f}")


def price_of_the_line() -> float:
    """Microseconds of each recorded operation that go into keeping the user's line for messages.

    Measured as a call of `Node.place`, which does the same and also numbers the node; in an
    operation it stands written out, so this is an upper bound.
    """
    tidu = importlib.import_module("tidu")
    node = (tidu.tensor([1.5]) * tidu.tensor([2.5], requires_grad=True)).grad_fn
    return microseconds(lambda: node.place(1))


def main() -> None:
    parser = argparse.ArgumentParser(description="Time one-element operations, tidu and torch.")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--worker", metavar="LIBRARY", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        answer_requests(options.worker)
    else:
        compare(options.rounds)


if __name__ == "__main__":
    main()
