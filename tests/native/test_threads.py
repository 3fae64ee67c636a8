"""The pool of threads and the memory cache: under many threads, after a fork, within each other."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import tidu
from tidu.backend import native
from tidu.backends import cpu

pytestmark = pytest.mark.skipif(not native.available, reason="the extension was not built")
FORKS = hasattr(os, "fork")


@pytest.fixture
def four_threads():
    before = tidu.get_num_threads()
    tidu.set_num_threads(4)
    yield
    tidu.set_num_threads(before)


def run(program):
    """A fresh process: a deadlock ends after a minute, and nothing else is running in it."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def expect_same_from_threads(count, work):
    """`work(number)` returns what is wrong, or None, in each of several Python threads."""
    wrong = []

    def call(number):
        try:
            found = work(number)
        except Exception as error:
            found = error
        if found is not None:
            wrong.append(found)

    threads = [threading.Thread(target=call, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_python_threads_share_the_pool(four_threads):
    x = tidu.randn(150, 150)
    expected = x @ x, (x * 2 + 1).exp()

    def work(number):
        for _ in range(30):
            if not (tidu.equal(x @ x, expected[0]) and tidu.equal((x * 2 + 1).exp(), expected[1])):
                return f"another result in thread {number}"
        return None

    expect_same_from_threads(6, work)


def test_memory_is_nobody_elses(four_threads):
    """Blocks are taken and freed by several threads; each holds what its thread wrote."""
    inbox = [[] for _ in range(4)]

    def work(number):
        random = np.random.default_rng(number)
        kept = []
        for i in range(300):
            size = int(random.integers(2000, 40000))
            kept.append((tidu.zeros(size) + float(number * 1000 + i), number * 1000 + i))
            if len(kept) > 20:
                tensor, value = kept.pop(int(random.integers(len(kept))))
                inbox[(number + 1) % 4].append((tensor, value))  # freed by another thread
            if inbox[number]:
                tensor, value = inbox[number].pop()
                if not (tensor == value).all():
                    return f"a block of thread {number} changed"
        return None

    before = cpu.memory_stats()["in_use"]
    expect_same_from_threads(4, work)
    inbox.clear()
    assert cpu.memory_stats()["in_use"] <= before + 4 * 4 * (1 << 20)  # threads' working memory


def test_number_of_threads_changes():
    before = tidu.get_num_threads()
    x = tidu.randn(200, 200)
    expected = x @ x
    try:
        for count in (1, 3, 2, 8, 1, 2):
            tidu.set_num_threads(count)
            assert all(tidu.equal(x @ x, expected) for _ in range(5))
    finally:
        tidu.set_num_threads(before)


def test_cache_is_bounded():
    cpu.empty_cache()
    random = np.random.default_rng(0)
    most = 0
    for _ in range(400):
        x = tidu.zeros(int(random.integers(1 << 10, 1 << 21))) + 1
        del x
        stats = cpu.memory_stats()
        most = max(most, stats["in_use"] + stats["cached"])
    # A quarter more than was in use at once (8 MiB, another for the sum), and 64 MiB.
    assert most <= 1.25 * stats["peak"] + (64 << 20)
    cpu.empty_cache()
    assert cpu.memory_stats()["cached"] == 0


COMPUTE = """
import os, sys, threading
import tidu
tidu.set_num_threads(4)
x = tidu.full((300, 300), 0.5)
def compute():
    return (x @ x + x.exp().sum()).sum().item()
expected = compute()  # the pool's threads are there
"""


@pytest.mark.skipif(not FORKS, reason="no fork on this system")
def test_fork_after_threads():
    program = f"""{COMPUTE}
for _ in range(5):
    child = os.fork()
    if child == 0:
        grandchild = os.fork() if compute() == expected else -1
        if grandchild == 0:
            os._exit(compute() != expected)
        os._exit(grandchild < 0 or os.waitpid(grandchild, 0)[1] != 0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    assert compute() == expected
"""
    assert run(program) == ["0"] * 5


@pytest.mark.skipif(not FORKS, reason="no fork on this system")
def test_fork_while_others_compute():
    """Locks that another thread holds at the fork are open in the child."""
    program = f"""{COMPUTE}
stop = False
def work():
    while not stop:
        compute()
        [tidu.zeros(n * 1000) + 1 for n in range(10, 20)]
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for _ in range(20):
    child = os.fork()
    if child == 0:
        os._exit(compute() != expected)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
stop = True
for thread in threads:
    thread.join()
"""
    assert run(program) == ["0"] * 20


@pytest.mark.parametrize("method", ["fork", "spawn"] if FORKS else ["spawn"])
def test_multiprocessing(method, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(f"""{COMPUTE}
import multiprocessing
def work(number):
    return compute() + number
if __name__ == "__main__":
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        print(pool.map(work, range(4)) == [expected + i for i in range(4)])
""")
    assert run(f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')" if method == "fork"
               else f"import subprocess, sys; subprocess.run([sys.executable, {str(script)!r}], check=True)"
               ) == ["True"]  # fmt: skip
