"""Accelerators that are not there, and settings of how PyTorch computes."""

from __future__ import annotations

import pytest

import tidu
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
    ):
        with pytest.raises(RuntimeError, match=f"^set_num_threads expects {text}$"):
            tidu.set_num_threads(bad)


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
