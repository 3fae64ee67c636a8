"""Random numbers, against a slow model: Python's own Mersenne Twister, formulas in plain Python.

The model is seeded as the published algorithm says; that PyTorch draws the same numbers is what
conformance/ compares, where PyTorch is installed.
"""

import copy
import math
import pickle
import random
import threading
from fractions import Fraction

import numpy as np
import pytest

import tidu
from tidu.backend import random as draw

SEEDS = (0, 1, 12345, 2**32 + 7, 2**64 - 1)


class Model:
    """A stream of raw draws, one number at a time."""

    def __init__(self, seed):
        key = [seed & 0xFFFFFFFF]
        for j in range(1, 624):
            key.append((1812433253 * (key[-1] ^ key[-1] >> 30) + j) & 0xFFFFFFFF)
        self.source = random.Random()
        self.source.setstate((3, (*key, 624), None))
        self.waiting = None

    def draw32(self):
        return self.source.getrandbits(32)

    def draw64(self):
        high = self.draw32()
        return high << 32 | self.draw32()

    def uniform(self, dtype):
        if dtype == "float64":
            return self.draw64() % 2**53 * 2.0**-53
        return self.draw32() % 2**24 * 2.0**-24

    def normal(self):
        """One of a pair of normal numbers; the other waits."""
        if self.waiting is not None:
            found, self.waiting = self.waiting, None
            return found
        angle = 2 * math.pi * self.uniform("float64")
        radius = math.sqrt(-2 * math.log1p(-self.uniform("float64")))
        self.waiting = radius * math.sin(angle)
        return radius * math.cos(angle)

    def normal_block(self, dtype):
        u = [self.uniform(dtype) for _ in range(16)]
        radius = [math.sqrt(-2 * math.log(1 - x)) for x in u[:8]]
        angle = [2 * math.pi * x for x in u[8:]]
        return [r * math.cos(a) for r, a in zip(radius, angle)] + [
            r * math.sin(a) for r, a in zip(radius, angle)
        ]

    def shuffled(self, n):
        values = list(range(n))
        for i in range(n - 1):
            j = i + self.draw32() % (n - i)
            values[i], values[j] = values[j], values[i]
        return values


def generator(seed=0):
    return tidu.Generator().manual_seed(seed if seed < 2**63 else seed - 2**64)


# Raw draws and seeds


@pytest.mark.parametrize("seed", SEEDS)
def test_raw_draws_in_pieces_of_any_size(seed):
    g, model = generator(seed), Model(seed)
    for count in (1, 0, 3, 622, 1, 623, 624, 625, 5000, 7, 2047, 2048, 2049, 10000, 2):
        assert g.draw32(count).tolist() == [model.draw32() for _ in range(count)]
        assert g.draw64(count).tolist() == [model.draw64() for _ in range(count)]


def test_the_ten_thousandth_draw_is_the_published_one():
    # The C++ standard gives this value for std::mt19937, which starts from 5489.
    assert generator(5489).draw32(10000)[-1] == 4123659995


def test_a_new_generator_has_the_default_seed_and_the_default_one_a_random_seed():
    assert tidu.Generator().initial_seed() == tidu.Generator().initial_seed() == 67280421310721
    first, second = tidu.seed(), tidu.seed()
    assert first != second == tidu.initial_seed()
    g = tidu.Generator()
    assert g.seed() == g.initial_seed() != 67280421310721


@pytest.mark.parametrize(
    ("given", "seed"),
    [(5, 5), (-1, 2**64 - 1), (-(2**63), 2**63), (2**64 - 1, 2**64 - 1)],
)
def test_seeds(given, seed):
    assert tidu.Generator().manual_seed(given).initial_seed() == seed
    assert tidu.manual_seed(given) is tidu.default_generator
    assert tidu.initial_seed() == seed


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        (2**64, ValueError, "Overflow when unpacking long long"),
        (-(2**63) - 1, ValueError, "Overflow when unpacking long long"),
        (1.5, RuntimeError, "manual_seed expected a long, but got float"),
        ("1", RuntimeError, "manual_seed expected a long, but got str"),
        (np.int64(1), TypeError, "an integer is required"),
        (np.float32(1), RuntimeError, "manual_seed expected a long, but got numpy.float32"),
    ],
)
def test_seeds_that_are_refused(given, error, text):
    with pytest.raises(error) as caught:
        tidu.Generator().manual_seed(given)
    assert str(caught.value) == text


def test_the_module_function_converts_its_seed():
    assert tidu.manual_seed("3").initial_seed() == tidu.manual_seed(3.7).initial_seed() == 3


# Uniform


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("count", [1, 15, 700, 70000])
def test_rand(dtype, count):
    model = Model(3)
    expected = [model.uniform(dtype) for _ in range(count)]
    if dtype == "float16":
        expected = [0.0 if np.float16(x) == 1 else np.float16(x) for x in expected]
    found = tidu.rand(count, dtype=getattr(tidu, dtype), generator=generator(3))
    assert found._array.tolist() == expected


@pytest.mark.parametrize(
    "bounds", [(0, 1), (-1, 1), (2.7, 3.3), (-0.1, 0.1), (1, 1 + 2**-20), (3, 3)]
)
def test_uniform_rounds_once_and_never_reaches_the_bound(bounds):
    low, high = map(Fraction, bounds)
    model = Model(4)
    expected = [float(Fraction(model.uniform("float64")) * (high - low) + low) for _ in range(999)]
    width = bounds[1] - bounds[0]
    if Fraction(width) == high - low:
        x = tidu.empty(999, dtype=tidu.float64).uniform_(*bounds, generator=generator(4))
        assert x._array.tolist() == [bounds[0] if v == bounds[1] else v for v in expected]

    model = Model(4)
    low, high = (Fraction(float(np.float32(b))) for b in bounds)
    width = Fraction(float(np.float32(float(high)) - np.float32(float(low))))
    expected = [Fraction(model.uniform("float32")) * width + low for _ in range(999)]
    expected = np.array([np.float32(float(v)) for v in expected])
    expected[expected == np.float32(bounds[1])] = np.float32(bounds[0])
    x = tidu.empty(999).uniform_(*bounds, generator=generator(4))
    assert np.array_equal(x._array, expected)


def test_complex_rand_draws_both_parts():
    parts = tidu.rand(6, generator=generator())._array
    found = tidu.rand(3, dtype=tidu.complex64, generator=generator())._array
    assert np.array_equal(found.view(np.float32), parts)


# Normal


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_few_normals_come_in_pairs_of_which_one_waits(dtype):
    g, model = generator(5), Model(5)
    for count in (1, 1, 3, 2, 15, 4, 7, 0, 1):
        found = tidu.randn(count, dtype=getattr(tidu, dtype), generator=g)
        expected = np.array([model.normal() for _ in range(count)]).astype(np.float32).astype(dtype)
        if dtype == "float64":
            continue
        assert np.array_equal(found._array, expected)
    assert (g.waiting is None) == (model.waiting is None)


def test_few_normals_in_double_precision():
    g, model = generator(5), Model(5)
    for count in (1, 3, 15):
        found = tidu.randn(count, dtype=tidu.float64, generator=g)._array
        np.testing.assert_allclose(found, [model.normal() for _ in range(count)], rtol=1e-14)


@pytest.mark.parametrize(
    ("dtype", "close"), [("float32", 1e-6), ("float64", 1e-14), ("float16", 2e-3)]
)
@pytest.mark.parametrize("count", [16, 17, 31, 32, 1000, 65536 + 32 + 5])
def test_many_normals_come_in_blocks_and_the_last_is_drawn_again(dtype, close, count):
    g, model = generator(6), Model(6)
    expected = np.concatenate([model.normal_block(dtype) for _ in range(count // 16)])
    if count % 16:
        if dtype != "float16":
            for _ in range(count % 16):
                model.uniform(dtype)
        expected = np.concatenate([expected, np.empty(count % 16)])
        expected[-16:] = model.normal_block(dtype)
    found = tidu.randn(count, dtype=getattr(tidu, dtype), generator=g)._array
    np.testing.assert_allclose(found, expected, rtol=close, atol=close * 8)
    assert g.draw32(1)[0] == model.draw32()


def test_normals_that_are_not_contiguous_come_one_by_one_in_the_order_of_memory():
    model = Model(7)
    expected = np.array([model.normal() for _ in range(24)]).reshape(6, 4)
    x = tidu.empty(6, 4, dtype=tidu.float64).t().normal_(generator=generator(7))
    np.testing.assert_allclose(x._array, expected.T, rtol=1e-14)


def test_mean_and_std():
    z = tidu.randn(50, dtype=tidu.float64, generator=generator())._array
    x = tidu.empty(50, dtype=tidu.float64).normal_(0.3, 0.7, generator=generator())._array
    exact = [float(Fraction(v) * Fraction(0.7) + Fraction(0.3)) for v in z.tolist()]
    assert x.tolist() == exact
    mean, std = tidu.full((50,), 0.3, dtype=tidu.float64), tidu.full((50,), 0.7, dtype=tidu.float64)
    assert np.array_equal(tidu.normal(mean, std, generator=generator())._array, z * 0.7 + 0.3)
    assert np.array_equal(tidu.normal(mean, 0.7, generator=generator())._array, z * 0.7 + 0.3)
    assert np.array_equal(tidu.normal(0.3, std, generator=generator())._array, z * 0.7 + 0.3)
    assert tidu.normal(0.3, 0.7, (50,), generator=generator()).dtype is tidu.float32


def test_complex_normals_have_half_the_variance_in_each_part():
    z = tidu.randn(20, dtype=tidu.float64, generator=generator())._array
    found = tidu.randn(10, dtype=tidu.complex128, generator=generator())._array
    np.testing.assert_allclose(found.view(np.float64), z / math.sqrt(2), rtol=1e-14)


# Integers


INTEGERS = ["uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "bool"]


@pytest.mark.parametrize("dtype", INTEGERS)
def test_randint_takes_remainders_of_32_bits(dtype):
    for low, high in ((0, 2), (0, 1)) if dtype == "bool" else ((0, 100), (3, 120), (0, 64)):
        model = Model(8)
        x = tidu.randint(low, high, (777,), dtype=getattr(tidu, dtype), generator=generator(8))
        expected = [low + model.draw32() % (high - low) for _ in range(777)]
        assert x._array.tolist() == expected


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (0, 2**28 - 1),
        (0, 2**28),
        (-5, 2**31),
        (-(2**31), 2**32),
        (-(2**63), 2**63 - 1),
        (0, 2**62 + 1),
    ],
)
def test_large_ranges_take_64_bits(low, high):
    model = Model(9)
    raw = model.draw64 if high - low >= 2**28 else model.draw32
    expected = [low + raw() % (high - low) for _ in range(99)]
    assert tidu.randint(low, high, (99,), generator=generator(9))._array.tolist() == expected


@pytest.mark.parametrize(
    ("dtype", "bits", "span"),
    [
        ("bool", 32, 2),
        ("uint8", 32, 2**8),
        ("int8", 32, 2**7),
        ("int16", 32, 2**15),
        ("int32", 32, 2**31),
        ("int64", 64, 2**63),
        ("float16", 32, 2**11 + 1),
        ("float32", 32, 2**24 + 1),
        ("float64", 64, 2**53 + 1),
    ],
)
def test_random_without_bounds(dtype, bits, span):
    model = Model(10)
    raw = model.draw32 if bits == 32 else model.draw64
    x = tidu.empty(300, dtype=getattr(tidu, dtype)).random_(generator=generator(10))
    assert x._array.tolist() == [raw() % span for _ in range(300)]


def test_random_with_one_bound_and_with_all_bits():
    model = Model(11)
    x = tidu.empty(50, dtype=tidu.int8).random_(100, None, generator=generator(11))
    assert x._array.tolist() == [100 + model.draw32() % 28 for _ in range(50)]
    model = Model(11)
    x = tidu.empty(50, dtype=tidu.int64).random_(-(2**63), None, generator=generator(11))
    assert x._array.astype(np.uint64).tolist() == [model.draw64() for _ in range(50)]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10, 623, 700, 701, 5000, 70000])
def test_randperm(n):
    g, model = generator(n), Model(n)
    assert tidu.randperm(n, generator=g)._array.tolist() == model.shuffled(n)
    assert g.draw32(1)[0] == model.draw32()


@pytest.mark.parametrize("n", [2, 3, 5, 40])
def test_the_sorted_shuffle_is_the_plain_one(n):
    for seed in range(200):
        assert draw._shuffle(draw._swaps(generator(seed), n)).tolist() == Model(seed).shuffled(n)


def test_the_shuffle_for_hundreds_of_millions():
    model, expected = Model(1), []
    for i in range(500):
        j = model.draw64() % (i + 1)
        expected.append(i)
        expected[i], expected[j] = expected[j], i
    found = np.empty(500, np.int32)
    draw._shuffle_inside_out(generator(1), found)
    assert found.tolist() == expected


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "float16", "float64"])
def test_randperm_in_other_dtypes(dtype):
    x = tidu.randperm(100, dtype=getattr(tidu, dtype), generator=generator())
    assert x.dtype is getattr(tidu, dtype)
    assert x._array.tolist() == Model(0).shuffled(100)


# The order of elements


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a,
        lambda a: a.transpose(2, 0, 1),
        lambda a: a[::2, :, 1::2],
        lambda a: a[:, 0].T,
        lambda a: a[:, :0],
        lambda a: a[0, 0, 0, ...],
        lambda a: a[1:2].transpose(1, 0, 2)[::3],
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_views_are_filled_in_the_order_of_their_memory(view, dtype):
    base = np.full((4, 6, 5), -1, dtype)
    x = view(base)[...]
    draw.integers(generator(12), x, 0, 1000)
    model = Model(12)
    expected = [model.draw32() % 1000 for _ in range(x.size)]
    assert base[base >= 0].tolist() == expected


def test_chunks_do_not_show():
    whole, parts = generator(), generator()
    size = 3 * draw._CHUNK + 5
    a = draw.uniform(whole, np.empty(size, np.float32))
    b = [draw.uniform(parts, np.empty(n, np.float32)) for n in (size // 2, 1, size - size // 2 - 1)]
    assert np.array_equal(a, np.concatenate(b))


# Trials and distributions


def test_bernoulli():
    model = Model(13)
    u = [model.uniform("float64") for _ in range(500)]
    for p in (0.0, 0.3, 0.5, 1.0, math.nextafter(u[0], 1), u[0]):
        for dtype in (tidu.float32, tidu.bool, tidu.int64):
            x = tidu.empty(500, dtype=dtype).bernoulli_(p, generator=generator(13))
            assert x._array.tolist() == [v < p for v in u]
    for dtype in ("float32", "float64"):
        model = Model(13)
        p = tidu.rand(20, 25, dtype=getattr(tidu, dtype))
        expected = [model.uniform(dtype) < v for v in p._array.ravel().tolist()]
        assert tidu.bernoulli(p, generator=generator(13))._array.ravel().tolist() == expected


def test_distributions_from_their_formulas():
    def close(found, expected):
        np.testing.assert_allclose(found._array, expected, rtol=1e-12)

    def new():
        return tidu.empty(40, dtype=tidu.float64)

    model = Model(14)
    u = [model.uniform("float64") for _ in range(40)]
    g = lambda: generator(14)  # noqa: E731
    close(new().exponential_(2.5, generator=g()), [-math.log1p(-v) / 2.5 for v in u])
    close(new().geometric_(0.3, generator=g()), [math.ceil(math.log(v) / math.log(0.7)) for v in u])
    close(new().cauchy_(1, 2, generator=g()), [1 + 2 * math.tan(math.pi * (v - 0.5)) for v in u])
    model = Model(14)
    close(new().log_normal_(0.5, 2, generator=g()), [math.exp(0.5 + 2 * model.normal()) for _ in u])


@pytest.mark.parametrize("rate", [0.0, 0.5, 5.0, 9.9, 10.0, 40.0, 1000.0])
def test_poisson_has_its_mean_and_variance(rate):
    x = tidu.poisson(tidu.full((4000,), rate), generator=generator(15))._array
    spread = 6 * math.sqrt(rate / 4000)
    assert abs(x.mean() - rate) <= spread
    assert abs(x.var() - rate) <= 8 * max(rate, 1) / math.sqrt(2000) * (rate > 0)


def test_multinomial():
    weights = tidu.tensor([[0.0, 1.0, 3.0, 0.0], [5.0, 0.0, 0.0, 5.0]])
    x = tidu.multinomial(weights, 8000, replacement=True, generator=generator(16))
    assert x.dtype is tidu.int64
    assert x.shape == (2, 8000)
    counts = np.array([np.bincount(row, minlength=4) for row in x._array]) / 8000
    np.testing.assert_allclose(counts, [[0, 0.25, 0.75, 0], [0.5, 0, 0, 0.5]], atol=0.02)
    for seed in range(20):
        x = tidu.multinomial(weights, 2, generator=generator(seed))._array
        assert sorted(x[0]) == [1, 2]
        assert sorted(x[1]) == [0, 3]
    first = [
        int(tidu.multinomial(weights[0], 1, generator=generator(s))._array[0]) for s in range(800)
    ]
    assert abs(np.mean(np.array(first) == 2) - 0.75) < 0.06


# States


def test_a_state_continues_anywhere_in_a_block():
    g = generator(17)
    for count in (0, 1, 622, 1, 1, 3, 2000, 5000, 624):
        g.draw32(count)
        tidu.randn(1, generator=g)
        state = g.get_state()
        after = tidu.randn(5, generator=g), g.draw32(1300).tolist()
        g.set_state(state)
        again = tidu.randn(5, generator=g), g.draw32(1300).tolist()
        assert np.array_equal(after[0]._array, again[0]._array)
        assert after[1] == again[1]
        assert np.array_equal(g.clone_state().get_state()._array, g.get_state()._array)


def test_the_layout_of_a_state():
    g, model = generator(-2), Model(-2 % 2**32)
    words = np.frombuffer(g.get_state()._array.tobytes(), np.uint64)
    assert len(words) == 632
    assert words[0] == 2**64 - 2
    assert (words[1] & 0xFFFFFFFF, words[1] >> 32, words[2]) == (1, 1, 0)  # left, seeded, next
    assert words[3:627].tolist() == list(model.source.getstate()[1][:-1])
    assert not words[627:].any()
    tidu.randn(1, generator=g)
    model.normal()
    words = np.frombuffer(g.get_state()._array.tobytes(), np.uint64)
    assert (words[1] & 0xFFFFFFFF, words[2]) == (621, 4)
    assert words[3:627].tolist() == list(model.source.getstate()[1][:-1])
    assert words[628:629].view(np.float64)[0] == pytest.approx(model.waiting, rel=1e-14)
    assert words[630] == 1
    g.draw32(620)
    words = np.frombuffer(g.get_state()._array.tobytes(), np.uint64)
    assert (words[1] & 0xFFFFFFFF, words[2]) == (1, 624)


def _broken(place, value):
    state = tidu.Generator().get_state()
    state._array[place] = value
    return state


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: None, TypeError, "expected a torch.ByteTensor, but got NoneType"),
        (
            lambda: np.zeros(5056, np.uint8),
            TypeError,
            "expected a torch.ByteTensor, but got numpy.ndarray",
        ),
        (lambda: tidu.zeros(5056), TypeError, "RNG state must be a torch.ByteTensor"),
        (
            lambda: tidu.zeros(16, dtype=tidu.uint8),
            RuntimeError,
            "Expected a CPUGeneratorImplState of size 5056 but found the input RNG state size to "
            "be 16",
        ),
        (
            lambda: tidu.zeros(5056, 2, dtype=tidu.uint8)[:, 0],
            RuntimeError,
            "RNG state must be contiguous",
        ),
        (lambda: _broken(8, 0), RuntimeError, "Invalid mt19937 state"),  # left
        (lambda: _broken(12, 0), RuntimeError, "Invalid mt19937 state"),  # seeded
        (lambda: _broken(17, 3), RuntimeError, "Invalid mt19937 state"),  # next
    ],
)
def test_states_that_are_refused(make, error, text):
    g = generator(18)
    for set_state in (g.set_state, tidu.set_rng_state):
        with pytest.raises(error) as caught:
            set_state(make())
        assert str(caught.value) == text
    assert g.draw32(1)[0] == Model(18).draw32()


def test_the_default_generator_and_fork():
    tidu.manual_seed(19)
    state = tidu.get_rng_state()
    first = tidu.rand(4)
    with tidu.random.fork_rng():
        tidu.rand(100)
        tidu.manual_seed(3)
    second = tidu.rand(4)
    tidu.set_rng_state(state)
    assert np.array_equal(tidu.rand(8)._array, np.concatenate([first._array, second._array]))
    with tidu.random.fork_rng(enabled=False):
        inside = tidu.rand(1)
    assert tidu.initial_seed() == 19
    assert inside._array[0] == _uniform_after(19, 8)


def _uniform_after(seed, count):
    model = Model(seed)
    for _ in range(count):
        model.uniform("float32")
    return model.uniform("float32")


def test_copies_of_a_generator():
    g = generator(20)
    tidu.randn(3, generator=g)
    twins = [pickle.loads(pickle.dumps(g)), copy.deepcopy(g), g.clone_state()]
    expected = tidu.randn(3, generator=g)._array
    for twin in twins:
        assert twin.initial_seed() == 20
        assert np.array_equal(tidu.randn(3, generator=twin)._array, expected)


def test_threads_share_a_generator_without_losing_draws():
    g, model = generator(21), Model(21)
    found = []

    def work():
        found.extend(tidu.rand(50, generator=g)._array.tolist() for _ in range(100))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    expected = [[model.uniform("float32") for _ in range(50)] for _ in range(400)]
    assert sorted(found) == sorted(expected)


def test_generators_are_on_the_cpu():
    assert tidu.Generator("cpu").device == tidu.Generator(device=tidu.device("cpu")).device
    for where, text in (
        ("mps", "Cannot execute getNewGenerator() without MPS backend."),
        (0, "Cannot access accelerator device when none is available."),
    ):
        with pytest.raises(RuntimeError) as caught:
            tidu.Generator(where)
        assert str(caught.value) == text
