"""Random tensors print as in PyTorch, character for character."""

from __future__ import annotations

import numpy as np
import pytest
import torch

tidu = pytest.importorskip("tidu")
from tidu import naming, printing  # noqa: E402

DTYPES = [
    *["float32", "float64", "float16", "complex64", "complex128", "int64", "bool"] * 2,
    *["int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64"],
]
SPECIAL = [0, -0.0, np.inf, -np.inf, np.nan]
# Numbers on the edges between two notations, or that gain a digit when they are rounded.
EDGES = [1e8, 1e8 + 8, 1e-4, 0.9999e-4, 1, 1000, 1001, 9.99995, 99999.99999, 1e100, 9.9999999e-101]
MAX_SIZES = {0: 1, 1: 2000, 2: 60, 3: 15, 4: 9, 5: 6}


def random_numbers(rng, count):
    numbers = rng.standard_normal(count)
    match rng.integers(7):
        case 0:
            numbers = np.round(numbers * 10.0 ** rng.integers(0, 12))
        case 1:
            numbers *= 10.0 ** rng.integers(-320, 308)
        case 2:
            numbers *= 10.0 ** rng.integers(-8, 9, count)
        case 3:
            numbers = rng.choice(EDGES, count)
        case 4:
            numbers = np.zeros(count)
    if rng.random() < 0.3:
        share = rng.choice([0.3, 1])
        numbers = np.where(rng.random(count) < share, rng.choice(SPECIAL, count), numbers)
    return numbers


def random_array(rng):
    ndim = rng.integers(6)
    smallest = 0 if rng.random() < 0.1 else 1
    largest = MAX_SIZES[ndim] if rng.random() < 0.3 else max(5, MAX_SIZES[ndim] // 10)
    shape = tuple(rng.integers(smallest, largest, ndim))
    count = int(np.prod(shape))
    dtype = np.dtype(rng.choice(DTYPES))
    if dtype.kind == "c":
        flat = random_numbers(rng, count).astype(dtype)
        flat.imag = random_numbers(rng, count)
    elif dtype.kind in "iu":
        limits = np.iinfo(dtype)
        flat = rng.integers(limits.min, limits.max, count, dtype, endpoint=True)
        flat >>= rng.integers(limits.bits).astype(dtype)
    elif dtype.kind == "b":
        flat = rng.random(count) < rng.choice([0, 0.5, 1])
    else:
        flat = random_numbers(rng, count).astype(dtype)
    return flat.reshape(shape)


def random_options(rng):
    choices = {
        "precision": range(12),
        "threshold": [0, 1, 5, 20, 100],
        "edgeitems": range(6),
        "linewidth": [1, 10, 20, 40, 60, 100, 200],
        "sci_mode": [True, False],
        "profile": ["default", "short", "full"],
    }
    return {name: rng.choice(of).item() for name, of in choices.items() if rng.random() < 0.15}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # overflow while the inputs are made
@pytest.mark.parametrize("seed", range(20))
def test_random_tensors(seed, monkeypatch):
    monkeypatch.setattr(naming, "prefix", "torch")
    rng = np.random.default_rng(seed)
    for _ in range(100):
        array, options = random_array(rng), random_options(rng)
        # from_numpy of both share the array's memory; the 0-d ones are made from 1-d ones.
        theirs = torch.from_numpy(array.reshape(-1).copy()).reshape(array.shape)
        ours = tidu.from_numpy(array)
        if array.dtype.kind in "fc" and rng.random() < 0.3:
            theirs.requires_grad_()
            ours.requires_grad_()
            if rng.random() < 0.5:
                theirs, ours = theirs.clone(), ours.clone()
        with torch._tensor_str.printoptions(**options):
            expected = repr(theirs)
        with printing.printoptions(**options):
            got = repr(ours)
        assert got == expected, (array.dtype, array.shape, options)
