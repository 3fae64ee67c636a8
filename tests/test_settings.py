"""Accelerators that are not there, and settings of how PyTorch computes."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import tidu
from tidu.backend import blas, native
from tidu.backends import cudnn


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("current_device", AssertionError, "Torch not compiled with CUDA enabled"),
        ("synchronize", AssertionError, "Torch not compiled with CUDA enabled"),
        ("Stream", RuntimeError, "torch.cuda.Stream requires CUDA support"),
        ("Event", RuntimeError, "Tried to instantiate dummy base class Event"),
    ],
)
def test_no_cuda(name, error, text):
    function = getattr(tidu.cuda, name)
    assert function.__name__ == name
    with pytest.raises(error, match=f"^{text}$"):
        function()


def test_no_accelerator():
    assert not tidu.accelerator.is_available()
    assert tidu.accelerator.current_accelerator() is None
    assert tidu.accelerator.device_count() == 0
    with pytest.raises(
        RuntimeError, match=r"^Cannot access accelerator device when none"
    ):
        tidu.accelerator.synchronize()


def test_backends():
    for name in ("cudnn", "mps", "mkl", "mkldnn", "openmp"):
        assert getattr(tidu.backends, name).is_available() is False
    assert not tidu.backends.cuda.is_built()
    assert (cudnn.enabled, cudnn.benchmark, cudnn.deterministic) == (True, False, False)
    assert tidu.cuda.memory_allocated() == 0


def test_threads():
    before = tidu.get_num_threads()
    try:
        tidu.set_num_threads(1)
        assert tidu.get_num_threads() == 1
    finally:
        tidu.set_num_threads(before)
    for bad, text in (
        (0, "a positive integer"),
        ("a", "an int, but got str"),
        (1.5, "an int, but got float"),
        (True, "an int, but got bool"),
    ):
        with pytest.raises(RuntimeError, match=f"^set_num_threads expects {text}$"):
            tidu.set_num_threads(bad)


def run(program, **environment):
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=True, env={**os.environ, **environment},
    )  # fmt: skip


def test_interop_threads_are_set_once():
    program = """
import tidu
tidu.set_num_interop_threads(3)
print(tidu.get_num_interop_threads())
try:
    tidu.set_num_interop_threads(3)
except RuntimeError as error:
    print(error)
"""
    assert run(program).stdout == (
        "3\nError: cannot set number of interop threads after parallel work has started or "
        "set_num_interop_threads called\n"
    )


@pytest.mark.skipif(not native.available, reason="the pool is native")
def test_environment_says_how_many_threads():
    program = "import tidu; print(tidu.get_num_threads())"
    assert run(program, TIDU_NUM_THREADS="3", OMP_NUM_THREADS="5").stdout == "3\n"


@pytest.mark.skipif(blas.controls()[0] is blas.no_control, reason="NumPy has no OpenBLAS")
def test_numpy_keeps_its_threads():
    get, set_to = blas.controls()
    before, ours = get(), tidu.get_num_threads()
    seen = []
    try:
        set_to(2)
        if native.available:
            tidu.set_num_threads(1)
            assert get() == 2
            # While NumPy multiplies for tidu it uses one; kernels may be within each other.
            blas.one_thread(lambda: blas.one_thread(lambda: seen.append(get()))())()
            x = tidu.from_numpy(np.eye(3) * (1 + 1j))
            assert tidu.equal(x @ tidu.linalg.inv(x), tidu.eye(3, dtype=x.dtype))
        assert get() == 2
    finally:
        tidu.set_num_threads(ours)
        set_to(before)
    assert set(seen) <= {1}


def test_show_config(capsys):
    tidu.show_config()
    text = capsys.readouterr().out
    assert text == tidu.__config__.show() + "\n"
    assert text.startswith(f"tidu {tidu.version.own} (for PyTorch {tidu.version.torch})\n")
    assert f"  - threads: {tidu.get_num_threads()}\n" in text
    assert f"NumPy {np.__version__}" in text
    kernels = "v1|v3|v4|neon" if native.available else "none, "
    assert any(f"  - native kernels: {name}" in text for name in kernels.split("|"))
    assert f"tidu.get_num_threads() : {tidu.get_num_threads()}\n" in tidu.__config__.parallel_info()


def test_without_native_kernels():
    """Wanted so: nothing is said, and what asks for kernels works."""
    program = """
import tidu
from tidu.backends import cpu
print(cpu.get_cpu_capability(), cpu.memory_stats())
cpu.empty_cache()
cpu.reset_peak_memory_stats()
tidu.show_config()
"""
    done = run(program, TIDU_NATIVE="0")
    assert done.stderr == ""
    assert done.stdout.startswith(
        "DEFAULT {'in_use': 0, 'cached': 0, 'peak': 0, 'allocations': 0, 'hits': 0}\n"
    )
    assert "native kernels: none, TIDU_NATIVE=0 leaves them out" in done.stdout


def test_missing_extension_is_told_once():
    """On stderr, and not as a warning: under -W error a program runs all the same."""
    program = """
import sys, warnings
warnings.simplefilter("error")
sys.modules["tidu.backend._kernels"] = None
import tidu
tidu.show_config()
"""
    done = run(program, TIDU_NATIVE="1")
    assert done.stderr.count("\n") == 1
    assert "with a C++ compiler there, `pip install" in done.stderr
    assert "native kernels: none, the extension was not built" in done.stdout


@pytest.mark.skipif(not native.available, reason="the cache is native")
def test_memory_stats():
    from tidu.backends import cpu

    cpu.reset_peak_memory_stats()
    before = cpu.memory_stats()
    x = tidu.ones(1 << 20) + 1
    during = cpu.memory_stats()
    assert during["in_use"] >= before["in_use"] + (4 << 20)
    assert during["peak"] >= during["in_use"]
    assert during["allocations"] > before["allocations"]
    del x
    after = cpu.memory_stats()
    assert after["in_use"] == before["in_use"]
    assert after["cached"] >= 4 << 20
    y = tidu.ones(1 << 20) + 1
    assert cpu.memory_stats()["hits"] > after["hits"]
    del y
    cpu.empty_cache()
    assert cpu.memory_stats()["cached"] == 0


def test_settings_are_kept():
    tidu.use_deterministic_algorithms(True, warn_only=True)
    assert tidu.are_deterministic_algorithms_enabled()
    assert tidu.is_deterministic_algorithms_warn_only_enabled()
    tidu.use_deterministic_algorithms(False)
    assert not tidu.are_deterministic_algorithms_enabled()
    assert tidu.get_float32_matmul_precision() == "highest"
    tidu.set_float32_matmul_precision("high")
    assert tidu.get_float32_matmul_precision() == "high"
    with pytest.warns(UserWarning, match="^foo is not one of 'highest', 'high', or 'medium'"):
        tidu.set_float32_matmul_precision("foo")
    tidu.set_float32_matmul_precision("highest")


def test_constants():
    assert f"{tidu.pi:.4f} {tidu.e:.4f} {tidu.inf} {tidu.nan}" == "3.1416 2.7183 inf nan"
    assert tidu.ones(2)[:, tidu.newaxis].shape == (2, 1)
