"""What `import tidu` costs beyond `import numpy`; fails when it is more than the budget.

    python benchmarks/import_time.py [--rounds 30] [--budget 40]

Each round is a fresh interpreter that imports NumPy and then tidu, and takes the time of either
statement. The answer is the median; the quartiles, and what NumPy takes, tell how quiet and how fast
the machine was.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys

PROGRAM = """
from time import perf_counter
start = perf_counter()
import numpy
middle = perf_counter()
import tidu
print(middle - start, perf_counter() - middle)
"""


def import_times() -> list[float]:
    """The milliseconds that a fresh interpreter takes for NumPy, and then for tidu."""
    # Bytecode is compiled once, as it is by an installation; not at every start.
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, env=env, text=True, stdout=subprocess.PIPE
    )
    return [float(seconds) * 1e3 for seconds in done.stdout.split()]


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure `import tidu` beyond `import numpy`.")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--budget", type=float, default=40.0, help="milliseconds (default 40)")
    options = parser.parse_args()

    import_times()  # writes bytecode and warms the file cache
    rounds = [import_times() for _ in range(options.rounds)]
    for name, times in zip(("numpy", "tidu beyond it"), zip(*rounds, strict=True), strict=True):
        low, middle, high = statistics.quantiles(times, n=4)
        print(f"import {name:15} {middle:6.1f} ms   (quartiles {low:.1f} to {high:.1f})")
    if middle > options.budget:
        print(f"over the budget of {options.budget:g} ms", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
