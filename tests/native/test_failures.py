"""Kernels without memory: a MemoryError in the thread that called, and all goes on as before."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

import tidu
from tidu.backend import native

from .test_threads import run

pytestmark = pytest.mark.skipif(not native.available, reason="the extension was not built")

# Every allocation of each of these fails once. Each runs in a thread of its own, which has no working
# memory yet; the pool's threads have what the smaller ones before left them.
CALLS = """
import threading
import tidu
from tidu import nn
from tidu.backend import _kernels
from tidu.backends import cpu
F = nn.functional
tidu.set_num_threads({threads})
r = tidu.randn
x, w, g = r(6, 9, 33, 31), r(70, 9, 3, 3), r(6, 70, 33, 31)
a, b = r(190, 310), r(310, 290)
q = r(2, 3, 150, 20)
rows = r(300, 1300)
index = tidu.randint(300, (900,))
lstm = nn.LSTM(30, 40)
CALLS = dict(
    program=lambda: rows * 2 + 1,
    broadcast=lambda: rows.T.contiguous() + rows[:, :1].T,
    matmul=lambda: a @ b,
    convolution=lambda: F.conv2d(x, w, padding=1),
    strided=lambda: F.conv2d(x, w, stride=2),
    depthwise=lambda: F.conv2d(x, w[:9, :1], groups=9),
    float64=lambda: F.conv2d(x.double(), w.double()),
    winograd_weight=lambda: tidu.ops.convolution.convolution_weight(g, x, (3, 3), (1, 1), (1, 1), (1, 1), 1),
    convolution_input=lambda: F.conv_transpose2d(g, w, padding=1),
    max_pool=lambda: F.max_pool2d(x, 3, 2, 1),
    avg_pool=lambda: F.avg_pool2d(x, 3, 2, 1),
    max_dim=lambda: rows.max(0).values,
    var=lambda: rows.var(0),
    softmax=lambda: rows.softmax(0),
    layer_norm=lambda: F.layer_norm(rows, (1300,)),
    batch_norm=lambda: F.batch_norm(x, None, None, training=True),
    attention=lambda: F.scaled_dot_product_attention(q, q, q),
    mse=lambda: F.mse_loss(rows, rows * 2),
    index_add=lambda: rows.index_select(0, index).sum(0),
    nonzero=lambda: (rows > 0).nonzero(),
    pick=lambda: rows[rows > 0],
    cumsum=lambda: rows.cumsum(0),
    lstm=lambda: lstm(r(12, 25, 30))[0] * 0,
    dropout=lambda: F.dropout(rows, 0.5) * 0,
    gradient=lambda: tidu.autograd.grad(F.conv2d(x, weight, padding=1).relu().sum(), weight)[0],
)
weight = w.clone().requires_grad_()

def attempt(call):
    found = []
    def work():
        try:
            found.append(call())
        except MemoryError:
            found.append(None)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]  # nothing else was raised

for name, call in CALLS.items():
    failures = 0
    while True:
        _kernels.fail_allocation_after(failures)
        result = attempt(call)
        _kernels.fail_allocation_after(-1)
        if result is not None:
            break
        failures += 1
        assert failures < 200, name
    assert failures > 0, name
    assert tidu.equal(result, call()), name
    del result
    before = cpu.memory_stats()["in_use"]
    for i in range(20 * failures):
        _kernels.fail_allocation_after(i % failures)
        attempt(call)
    _kernels.fail_allocation_after(-1)
    # The pool's threads may have got working memory, and the last ones that asked may not be gone.
    assert cpu.memory_stats()["in_use"] <= before + (8 << 20), f"{name} keeps memory after it failed"
print("done")
"""


@pytest.mark.parametrize("threads", [1, 4])
def test_every_allocation_may_fail(threads):
    assert run(CALLS.replace("{threads}", str(threads))) == ["done"]


@pytest.mark.skipif(sys.platform != "linux", reason="limits the process's memory as Linux has it")
@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="AddressSanitizer needs terabytes")
@pytest.mark.parametrize("threads", [1, 4])
def test_system_without_memory(threads):
    """The same with the system's own refusals, which also reach what the C++ library allocates."""
    program = f"""
import resource
import tidu
from tidu.backends import cpu
tidu.set_num_threads({threads})
x, y, w = tidu.randn(400, 400), tidu.randn(2, 8, 200, 200), tidu.randn(8, 8, 3, 3)
x @ x  # the threads are there
calls = [
    lambda: tidu.nn.functional.conv2d(y, w).shape,
    lambda: (x.reshape(-1, 1) * x.reshape(1, -1)[:, :100]).shape,
    lambda: (x.reshape(-1, 10) @ x.reshape(10, -1)[:, :1000]).shape,
    lambda: tidu.randn(4000, 4000).softmax(0).shape,
]
for call in calls:  # and all modules
    call()
cpu.empty_cache()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
failures = 0
for room in (0, 1 << 20, 1 << 22, 1 << 24):
    for call in calls:
        cpu.empty_cache()
        resource.setrlimit(resource.RLIMIT_AS, (used + room, resource.RLIM_INFINITY))
        try:
            call()
        except MemoryError:
            failures += 1
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(failures > 4, (x @ x).isfinite().all().item())
"""
    assert run(program) == ["True", "True"]


def test_errors_are_the_references():
    """What there can be no memory for fails with NumPy's words, whoever asked for the memory."""
    x = tidu.zeros(1).expand(10**13)
    with pytest.raises(MemoryError) as found:
        x + 1
    with pytest.raises(MemoryError) as expected:
        x._array + np.float32(1)
    assert (type(found.value), str(found.value)) == (type(expected.value), str(expected.value))
