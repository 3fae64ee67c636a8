"""What `import tidu` costs beyond `import numpy`; fails when it is more than the budget.

    python benchmarks/import_time.py [--rounds 30] [--budget 40]

Each round starts two fresh interpreters, one after the other, that import NumPy alone and tidu, and
takes the difference of their whole run times, start and exit included. The order alternates from
round to round, so that a machine that grows busier or faster does not favour either. The answer is
the median difference; the quartiles tell how quiet the machine was.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

SAME = "import numpy"
MORE = "import tidu"


def run_time(statement: str) -> float:
    """Return the seconds that a fresh interpreter takes for `statement`."""
    # Bytecode is compiled once, as it is by an installation; not at every start.
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True, env=env)
    return time.perf_counter() - start


def measure(rounds: int) -> tuple[list[float], list[float]]:
    """Return the run times in milliseconds, of NumPy alone and of tidu, a pair a round."""
    run_time(MORE)  # writes bytecode and warms the file cache
    alone, both = [], []
    for number in range(rounds):
        order = (SAME, MORE) if number % 2 == 0 else (MORE, SAME)
        seconds = {statement: run_time(statement) for statement in order}
        alone.append(seconds[SAME] * 1e3)
        both.append(seconds[MORE] * 1e3)
    return alone, both


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure `import tidu` beyond `import numpy`.")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--budget", type=float, default=40.0, help="milliseconds (default 40)")
    options = parser.parse_args()

    alone, both = measure(options.rounds)
    extra = [tidu - numpy for numpy, tidu in zip(alone, both, strict=True)]
    low, middle, high = statistics.quantiles(extra, n=4)
    print(f"python -c 'import numpy'   {statistics.median(alone):6.1f} ms")
    print(f"python -c 'import tidu'    {statistics.median(both):6.1f} ms")
    print(f"tidu beyond numpy          {middle:6.1f} ms   (quartiles {low:.1f} to {high:.1f})")
    if middle > options.budget:
        print(f"over the budget of {options.budget:g} ms", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
