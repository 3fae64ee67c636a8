"""What it costs to keep the user's line of each operation, which errors show later.

    python benchmarks/users_line.py

Measured as a call of `Node.place`, which does the same and also numbers the node; in an operation
it stands written out, so this is an upper bound.
"""

from __future__ import annotations

import timeit

import tidu


def main() -> None:
    node = (tidu.tensor([1.5]) * tidu.tensor([2.5], requires_grad=True)).grad_fn
    timer = timeit.Timer(lambda: node.place(1))
    loops, _ = timer.autorange()
    print(f"noting the user's line: at most {min(timer.repeat(5, loops)) / loops * 1e6:.2f} us")


if __name__ == "__main__":
    main()
