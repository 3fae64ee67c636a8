"""Memory: that training does not grow, and that a step needs no more of it than PyTorch's.

    python benchmarks/memory.py [--steps 10000] [--threads 2]

First, training with batches of ever-changing size: the resident memory of the process, every tenth of
the way. It fails if the second half of the way grew by more than a few mebibytes. Second, a step of
the CIFAR-10 network at batch 64, in tidu and, where it is installed, in PyTorch: by how much the
process's peak memory rises above what it is when the network stands and nothing was computed. It
fails if tidu's rises by more.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import resource
import subprocess
import sys
from typing import Any

import workloads

MIB = 2**20


def resident() -> float:
    """The process's memory now, in MiB (where there is no /proc: its peak)."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MIB
    except OSError:
        return peak()


def peak() -> float:
    """The most memory that the process ever had, in MiB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB


def train(steps: int, report_every: int) -> list[float]:
    """Trains with batches of 1 to 64 images; the resident memory at the start and at each report."""
    import random

    import tidu
    from tidu import nn

    sizes = random.Random(0)
    tidu.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(8 * 8 * 8, 32), nn.ReLU(), nn.Linear(32, 10),
    )  # fmt: skip
    optimizer = tidu.optim.Adam(model.parameters())
    memory = []
    for step in range(steps + 1):
        if step % report_every == 0:
            memory.append(resident())
        n = sizes.randint(1, 64)
        loss = nn.functional.cross_entropy(model(tidu.rand(n, 1, 16, 16)), tidu.randint(10, (n,)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return memory


def cifar_step(library: str, threads: int) -> float:
    """By how much three steps of the CIFAR-10 network raise the peak of a process's memory, in MiB."""
    torch: Any = importlib.import_module(library)
    for name in ("nn", "optim"):
        importlib.import_module(f"{library}.{name}")
    torch.set_num_threads(threads)
    step = workloads.cifar_step(torch)
    start = peak()
    for _ in range(3):
        step()
    return peak() - start


def measured(library: str, threads: int) -> float:
    """`cifar_step` in a process of its own."""
    command = [sys.executable, __file__, "--cifar", library, "--threads", str(threads)]
    return float(subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the memory of training.")
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cifar", metavar="LIBRARY", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.cifar:
        print(cifar_step(options.cifar, options.threads))
        return 0

    bad = 0
    every = max(options.steps // 10, 1)
    memory = train(options.steps, every)
    for i, mebibytes in enumerate(memory):
        print(f"after {i * every:6} steps of varying batch size: {mebibytes:7.1f} MiB resident")
    growth = memory[-1] - memory[len(memory) // 2]
    if growth > 4:
        print(f"the second half grew by {growth:.1f} MiB", file=sys.stderr)
        bad = 1
    own = measured("tidu", options.threads)
    print(f"CIFAR-10 step, batch 64: tidu needs {own:.1f} MiB")
    if importlib.util.find_spec("torch"):
        others = measured("torch", options.threads)
        print(f"CIFAR-10 step, batch 64: torch needs {others:.1f} MiB")
        if own > others:
            print("more than torch", file=sys.stderr)
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
