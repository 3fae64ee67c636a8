"""Indexing, gathering, scattering and masks: native kernels against the references."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidu.backend import native
from tidu.ops.slicing import ALL

from .kernels import FLOATS, assert_agree, kernel, laid_out, reference_of, seeds, shapes, values

pytestmark = pytest.mark.skipif(not native.available, reason="without native kernels")
some = settings(max_examples=25, deadline=None)
DTYPES = [*FLOATS, "int64"]
drawn = {
    "shape": shapes(1, 4, 6),
    "data": st.data(),
    "dtype": st.sampled_from(DTYPES),
    "seed": seeds,
}


def numbers(shape, dtype, seed):
    """Multiples of 1/8: sums of them are exact in any order."""
    return (np.round(values(shape, "float64", seed) * 8) / (1 if dtype == "int64" else 8)).astype(dtype)


def agree(name, *args, falls_back=False):
    """The kernel's result, which is the reference's to the last digit."""
    expected = np.asarray(reference_of(name)(*args))
    found = kernel(name, falls_back)(*args)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert (found.T if name == "nonzero" else found).flags.c_contiguous
    np.testing.assert_array_equal(found, expected)
    return found


def draw_index(data, sizes, shape, low=-1):
    """For each size an array of that shape of numbers below it; from the end they count with a minus."""
    rng = np.random.default_rng(data.draw(seeds))
    return tuple(rng.integers(low * n if low < 0 else 0, n, shape) for n in sizes)


@some
@given(**drawn)
def test_index(shape, data, dtype, seed):
    x = numbers(shape, dtype, seed)
    lead = data.draw(st.integers(0, len(shape) - 1))
    count = data.draw(st.integers(1, len(shape) - lead))
    places = data.draw(st.sampled_from([(), (1,), (5,), (40,), (3, 2), (0,)]))
    if not places:
        places = (2,)
    arrays = draw_index(data, shape[lead : lead + count], places)
    key = (*(ALL,) * lead, *arrays)
    picked = agree("index", x, key)
    if picked.size:
        g = numbers(picked.shape, dtype, seed + 1)
        if seed % 3 == 0:
            g = np.broadcast_to(g[(0,) * g.ndim], g.shape)
        agree("index_sum", g, shape, key)
        agree("put_at", x, g, key, True)


@some
@given(**drawn)
def test_masks(shape, data, dtype, seed):
    x = numbers(shape, dtype, seed)
    width = data.draw(st.integers(1, len(shape)))
    mask = values(shape[:width], "float64", seed) > data.draw(st.sampled_from([-99, -1, 0, 3, 99]))
    g = agree("index", x, (mask,))
    agree("index_sum", g + 1, shape, (mask,))
    whole = values(shape, "float64", seed) > 1
    agree("masked_pick", x, whole)
    agree("masked_place", numbers((whole.sum(),), dtype, seed), whole)
    agree("nonzero", np.where(whole, x, x.dtype.type(0)))
    agree("nonzero", whole)


@some
@given(**{**drawn, "dtype": st.sampled_from(FLOATS)})
def test_masked_fill(shape, data, dtype, seed):
    x = values(shape, dtype, seed, special=True)
    lead = data.draw(st.integers(0, len(shape)))
    sizes = tuple(1 if data.draw(st.booleans()) else n for n in shape[lead:])
    mask = values(sizes, "float64", seed) > 0
    for number in (0, -2.5, float("-inf"), float("nan")):
        agree("masked_fill", x, np.asarray(mask), number)


@some
@given(**drawn)
def test_slices(shape, data, dtype, seed):
    x = numbers(shape, dtype, seed)
    axis = data.draw(st.integers(0, len(shape) - 1))
    dim = axis - data.draw(st.sampled_from([0, len(shape)]))
    (index,) = draw_index(data, shape[axis : axis + 1], data.draw(st.integers(1, 40)), 0)
    agree("index_select", x, dim, index)
    source_shape = (*shape[:axis], len(index), *shape[axis + 1 :])
    source = laid_out(numbers(source_shape, dtype, seed + 1), data.draw(st.sampled_from(["rows", "steps"])))
    agree("select_sum", source, shape, dim, index)
    agree("index_add", laid_out(x, "transposed"), dim, index, source, 1)


@some
@given(**drawn)
def test_elements(shape, data, dtype, seed):
    x = laid_out(numbers(shape, dtype, seed), data.draw(st.sampled_from(["rows", "transposed", "steps"])))
    axis = data.draw(st.integers(0, len(shape) - 1))
    n = data.draw(st.integers(1, 9))
    smaller = tuple(n if d == axis else data.draw(st.integers(1, m)) for d, m in enumerate(shape))
    (index,) = draw_index(data, shape[axis : axis + 1], smaller, 0)
    index = laid_out(index, data.draw(st.sampled_from(["rows", "transposed"])))
    agree("gather", x, axis, index)
    src = laid_out(numbers(smaller, dtype, seed + 1), data.draw(st.sampled_from(["rows", "transposed"])))
    agree("scatter_sum", src, shape, axis, index)
    agree("scatter_add", x, axis, index, src)
    for reduce in ("sum", "prod", "amax", "amin"):
        agree("scatter_reduce", x, axis, index, src, reduce, True)
    if dtype != "int64":
        agree("scatter_value", x, axis, index, 1.5)
    once = np.argsort(values(shape, "float64", seed), axis)  # no place twice
    agree("scatter_src", x, axis, once, numbers(shape, dtype, seed + 2))


@some
@given(**drawn)
def test_take(shape, data, dtype, seed):
    x = numbers(shape, dtype, seed)
    (index,) = draw_index(data, (x.size,), (3, 4))
    g = agree("take", x, index)
    if dtype != "int64":
        agree("take_sum", g, shape, index)


@some
@given(**drawn)
def test_written_slices(shape, data, dtype, seed):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    layout = data.draw(st.sampled_from(["rows", "transposed", "steps"]))
    x = laid_out(numbers(shape, dtype, seed), layout)
    n = shape[dim]
    (index,) = draw_index(data, [n], (data.draw(st.integers(0, 2 * n)),), 0)
    source = list(shape)
    source[dim] = len(index)
    agree("index_copy", x, dim, index, laid_out(numbers(source, dtype, seed + 1), layout))
    if dtype != "int64":
        agree("fill_slices", x, dim, index - n * (seed % 2), -1.5)
    number = int(index.max(initial=0)) + 1 + seed % 3
    if index.size:
        agree("one_hot_of", laid_out(index.reshape(1, -1), layout), number if seed % 2 else -1)


@pytest.mark.parametrize("by_frequency", [False, True])
@pytest.mark.parametrize("shape", [(7, 5), (40, 130), (1, 1), (300, 64)])
@pytest.mark.parametrize("dtype", FLOATS)
def test_embedding(dtype, shape, by_frequency):
    weight = numbers(shape, dtype, 0)
    index = np.random.default_rng(1).integers(0, shape[0], (9, 31))
    g = agree("embedding", weight, index, -1, False, False)
    for padding in (-1, 0):
        args = (g, index, shape[0], padding, by_frequency)
        expected = reference_of("embedding_backward")(*args)
        found = kernel("embedding_backward", falls_back=False)(*args)
        assert_agree(found, expected, 8 if by_frequency else 0, 10)


def test_threads():
    """Large enough for several threads, narrow, wide and one element at a time."""
    rng = np.random.default_rng(0)
    for shape in ((5000, 3), (2000, 64), (300, 700), (100000,)):
        x = numbers(shape, "float32", 0)
        index = rng.integers(0, shape[0], 30000 if len(shape) > 1 else 200000)
        g = agree("index", x, (index,))
        agree("index_sum", g, shape, (index,))
    x = numbers((500, 400), "float64", 1)
    for axis in (0, 1):
        index = rng.integers(0, x.shape[axis], x.shape)
        g = agree("gather", x, axis, index)
        agree("scatter_sum", g, x.shape, axis, index)
    mask = x > 0
    agree("index_sum", agree("index", x, (mask,)), x.shape, (mask,))
    agree("nonzero", x)
    agree("masked_fill", x, mask[0], 3.0)


BAD = np.array([0, 7])


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("index", lambda x: (x, (BAD,))),
        ("index", lambda x: (x, (-BAD,))),
        ("index_select", lambda x: (x, 0, BAD)),
        ("index_add", lambda x: (x, 0, BAD, x[:2])),
        ("index_copy", lambda x: (x, 0, BAD, x[:2])),
        ("index_copy", lambda x: (x, 0, -BAD, x[:2])),
        ("fill_slices", lambda x: (x, 0, BAD, 1.0)),
        ("one_hot_of", lambda x: (BAD, 7)),
        ("one_hot_of", lambda x: (-BAD, -1)),
        ("gather", lambda x: (x, 1, np.full((4, 1), -1))),
        ("scatter_add", lambda x: (x, 0, np.full((1, 3), 4), x)),
        ("take", lambda x: (x, np.array([12]))),
        ("embedding", lambda x: (x, BAD, -1, False, False)),
        ("embedding", lambda x: (x, -BAD, -1, False, False)),
    ],
)
def test_out_of_range(name, args):
    """The reference says what is wrong."""
    found = []
    for compute in (kernel(name), reference_of(name)):
        with pytest.raises((IndexError, RuntimeError)) as error:
            compute(*args(np.zeros((4, 3), np.float32)))
        found.append((error.type, str(error.value)))
    assert found[0] == found[1]
