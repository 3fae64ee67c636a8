"""Random tensors: arguments, dtypes, errors, what autograd sees. The streams: tests/test_random.py."""

import math

import numpy as np
import pytest

import tidu


def test_shapes_dtypes_and_options():
    assert (
        tidu.rand(2, 3).shape == tidu.randn((2, 3)).shape == tidu.randint(3, (2, 3)).shape == (2, 3)
    )
    assert tidu.rand(()).shape == tidu.rand(size=()).shape == ()
    assert tidu.randn(2, requires_grad=True).requires_grad
    assert tidu.randint(5, (2,)).dtype is tidu.randperm(3).dtype is tidu.int64
    x = tidu.zeros(2, 3, dtype=tidu.float64)
    for like in (
        tidu.rand_like(x),
        tidu.randn_like(x),
        tidu.randint_like(x, 5),
        tidu.randint_like(x, 1, 5),
    ):
        assert like.dtype is tidu.float64
        assert like.shape == (2, 3)
    assert tidu.rand_like(x, dtype=tidu.float32).dtype is tidu.float32
    assert tidu.rand_like(x.t())._array.flags.f_contiguous
    assert tidu.randint(low=1, high=3, size=(4,))._array.min() >= 1


def test_out():
    for function, args in ((tidu.rand, (5,)), (tidu.randint, (9, (5,))), (tidu.randperm, (5,))):
        out = tidu.zeros(5)
        assert function(*args, out=out, generator=tidu.Generator()) is out
        expected = function(*args, dtype=tidu.float32, generator=tidu.Generator())
        assert np.array_equal(out._array, expected._array)
    out = tidu.empty(0)
    assert tidu.randn(3, out=out).shape == out.shape == (3,)


@pytest.mark.parametrize(
    ("fill", "node"),
    [
        (lambda x: x.uniform_(), "UniformBackward0"),
        (lambda x: x.normal_(), "NormalBackward0"),
        (lambda x: x.random_(), "RandomBackward2"),
        (lambda x: x.random_(5), "RandomBackward1"),
        (lambda x: x.random_(1, 5), "RandomBackward0"),
        (lambda x: x.bernoulli_(0.3), "BernoulliBackward2"),
        (lambda x: x.bernoulli_(tidu.tensor(0.5)), "BernoulliBackward1"),
        (lambda x: x.exponential_(), "ExponentialBackward0"),
        (lambda x: x.geometric_(0.5), "GeometricBackward0"),
        (lambda x: x.cauchy_(), "CauchyBackward0"),
        (lambda x: x.log_normal_(), "LogNormalBackward0"),
    ],
)
def test_filling_a_tensor_cuts_its_gradient(fill, node):
    leaf = tidu.ones(3, requires_grad=True)
    x = leaf * 2
    assert fill(x) is x
    assert x._version == 1
    assert x.grad_fn.name() == node
    x.sum().backward()
    assert leaf.grad._array.tolist() == [0, 0, 0]
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used"):
        fill(leaf)
    with tidu.no_grad():
        assert fill(leaf) is leaf
    assert leaf.is_leaf


def test_what_was_saved_and_is_filled_later_is_noticed():
    x = tidu.ones(3, requires_grad=True) * 2
    y = x * x
    x.uniform_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_draws_for_tensors_have_gradients_of_zeros():
    x = tidu.full((2, 1), 0.5, requires_grad=True)
    y = tidu.full((3,), 0.5, requires_grad=True)
    for out, name in (
        (tidu.bernoulli(x), "BernoulliBackward0"),
        (tidu.poisson(x), "PoissonBackward0"),
        (tidu.normal(x), "NormalBackward1"),
        (tidu.normal(0.0, x), "NormalBackward2"),
        (tidu.normal(x, y), "NormalBackward3"),
        (tidu.normal(x, y.detach()), "NormalBackward3"),
    ):
        assert out.grad_fn.name() == name
        out.sum().backward()
        assert x.grad._array.tolist() == [[0], [0]]
    assert y.grad._array.tolist() == [0, 0, 0]


LONG = tidu.ones(3, dtype=tidu.int64)
ERRORS = [
    (
        lambda: tidu.rand(-1),
        RuntimeError,
        "Trying to create tensor with negative dimension -1: [-1]",
    ),
    (
        lambda: tidu.rand(2, dtype=tidu.int64),
        NotImplementedError,
        "\"check_uniform_bounds\" not implemented for 'Long'",
    ),
    (
        lambda: tidu.randn(2, dtype=tidu.int64),
        NotImplementedError,
        "\"normal_kernel_cpu\" not implemented for 'Long'",
    ),
    (
        lambda: tidu.randint(5, 3, (2,)),
        RuntimeError,
        "random_ expects 'from' to be less than 'to', but got from=5 >= to=3",
    ),
    (
        lambda: tidu.randint(300, (2,), dtype=tidu.uint8),
        RuntimeError,
        "to - 1 is out of bounds for unsigned char",
    ),
    (
        lambda: tidu.randint(-1, 3, (2,), dtype=tidu.uint8),
        RuntimeError,
        "from is out of bounds for unsigned char",
    ),
    (
        lambda: tidu.randint(2.5, (2,)),
        TypeError,
        "randint(): argument 'high' (position 1) must be int, not float",
    ),
    (
        lambda: tidu.randint(5, 2),
        TypeError,
        "randint(): argument 'size' (position 2) must be tuple of ints, not int",
    ),
    (lambda: tidu.randint(0, 2**63, (2,)), ValueError, "Overflow when unpacking long long"),
    (
        lambda: tidu.randint(5, (2,), requires_grad=True),
        RuntimeError,
        "Only Tensors of floating point and complex dtype can require gradients",
    ),
    (
        lambda: tidu.randperm(-1),
        RuntimeError,
        "Trying to create tensor with negative dimension -1: [-1]",
    ),
    (
        lambda: tidu.randperm(200, dtype=tidu.int8),
        RuntimeError,
        "value cannot be converted to type int8_t without overflow",
    ),
    (
        lambda: tidu.randperm(3000, dtype=tidu.float16),
        RuntimeError,
        "n cannot be greater than 2049 for Half type.",
    ),
    (
        lambda: tidu.rand_like([1]),
        TypeError,
        "rand_like(): argument 'input' (position 1) must be Tensor, not list",
    ),
    (
        lambda: tidu.ones(3).uniform_(2, 1),
        RuntimeError,
        "uniform_ expects to return a [from, to) range, but found from=2 > to=1",
    ),
    (lambda: tidu.ones(3).uniform_(0, math.inf), RuntimeError, "to is out of bounds for float"),
    (
        lambda: tidu.ones(3).uniform_("a"),
        TypeError,
        "uniform_(): argument 'from' (position 1) must be float, not str",
    ),
    (
        lambda: tidu.ones(3).uniform_(0, 1, 2),
        TypeError,
        "uniform_() takes from 0 to 2 positional arguments but 3 were given",
    ),
    (
        lambda: tidu.ones(3).uniform_(generator=3),
        TypeError,
        "uniform_(): argument 'generator' must be torch.Generator, not int",
    ),
    (
        lambda: tidu.ones(3).normal_(1, mean=2),
        TypeError,
        "normal_() got multiple values for argument 'mean'",
    ),
    (
        lambda: tidu.ones(3).normal_(0, -1),
        RuntimeError,
        "normal expects std >= 0.0, but found std -1",
    ),
    (
        lambda: tidu.normal(tidu.ones(2), -tidu.ones(2)),
        RuntimeError,
        "normal expects all elements of std >= 0.0",
    ),
    (
        lambda: tidu.normal(tidu.ones(2), tidu.ones(3)),
        RuntimeError,
        "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0",
    ),
    (
        lambda: tidu.ones(3).bernoulli_(2),
        RuntimeError,
        "bernoulli_ expects p to be in [0, 1], but got p=2",
    ),
    (
        lambda: tidu.bernoulli(LONG),
        NotImplementedError,
        "\"bernoulli_tensor_cpu_p_\" not implemented for 'Long'",
    ),
    (
        lambda: tidu.ones(3).exponential_(0),
        RuntimeError,
        "exponential_ expects lambda > 0.0, but found lambda=0",
    ),
    (
        lambda: LONG.exponential_(),
        RuntimeError,
        "Exponential distribution is a continuous probability distribution. dtype must be a "
        "floating point but you specified Long",
    ),
    (
        lambda: tidu.ones(3).geometric_(1),
        RuntimeError,
        "geometric_ expects p to be in (0, 1), but got p=1",
    ),
    (
        lambda: tidu.ones(3).geometric_(),
        TypeError,
        'geometric_() missing 1 required positional arguments: "p"',
    ),
    (
        lambda: tidu.ones(3).cauchy_(0, 0),
        RuntimeError,
        "cauchy_ expects sigma > 0.0, but found sigma=0",
    ),
    (
        lambda: LONG.cauchy_(),
        RuntimeError,
        "Cauchy distribution is a continuous probability distribution. dtype must be a "
        "floating point but you specified long int",
    ),
    (
        lambda: tidu.ones(3).log_normal_(0, 0),
        RuntimeError,
        "log_normal_ expects std > 0.0, but found std=0",
    ),
    (
        lambda: tidu.ones(3).random_(0),
        RuntimeError,
        "random_ expects 'from' to be less than 'to', but got from=0 >= to=0",
    ),
    (
        lambda: tidu.multinomial(tidu.ones(3), 4),
        RuntimeError,
        "cannot sample n_sample > prob_dist.size(-1) samples without replacement",
    ),
    (
        lambda: tidu.multinomial(tidu.ones(3), 0),
        RuntimeError,
        "cannot sample n_sample <= 0 samples",
    ),
    (
        lambda: tidu.multinomial(tidu.tensor([-1.0, 2]), 1),
        RuntimeError,
        "probability tensor contains either `inf`, `nan` or element < 0",
    ),
    (
        lambda: tidu.multinomial(tidu.tensor([-1.0, 2]), 2, True),
        RuntimeError,
        "invalid multinomial distribution (encountering probability entry < 0)",
    ),
    (
        lambda: tidu.multinomial(tidu.zeros(2), 1),
        RuntimeError,
        "invalid multinomial distribution (sum of probabilities <= 0)",
    ),
    (
        lambda: tidu.multinomial(LONG, 1),
        RuntimeError,
        "multinomial only supports floating-point dtypes for input, got: Long",
    ),
    (
        lambda: tidu.poisson(tidu.tensor([-1.0])),
        RuntimeError,
        "invalid Poisson rate, expected rate to be non-negative",
    ),
    (
        lambda: tidu.ones(1, 3).expand(2, 3).uniform_(),
        RuntimeError,
        "unsupported operation: more than one element of the written-to tensor refers to a "
        "single memory location. Please clone() the tensor before performing the operation.",
    ),
]


@pytest.mark.parametrize(("call", "error", "text"), ERRORS)
def test_errors(call, error, text):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == text


def test_calls_that_fit_no_form_list_the_forms():
    with pytest.raises(TypeError) as caught:
        tidu.ones(2).random_(5.5)
    assert str(caught.value) == (
        "random_() received an invalid combination of arguments - got (float), but expected one "
        "of:\n"
        " * (*, torch.Generator generator = None)\n"
        " * (int from, int to, *, torch.Generator generator = None)\n"
        " * (int to, *, torch.Generator generator = None)\n"
    )
    for call in (lambda: tidu.rand(), lambda: tidu.normal(0.0, 1.0), lambda: tidu.randperm(1, 2)):
        with pytest.raises(TypeError, match="received an invalid combination of arguments"):
            call()


def test_float_ranges_beyond_exact_integers_warn():
    with pytest.warns(UserWarning, match="to - 1 is out of bounds .-.2.24., 2.24.."):
        x = tidu.empty(100).random_(0, 2**25)
    assert x._array.max() < 2**25


@pytest.mark.parametrize(
    "fill",
    [
        lambda dtype: tidu.randn(0, dtype=dtype),
        lambda dtype: tidu.empty(0, dtype=dtype).exponential_(),
        lambda dtype: tidu.empty(0, dtype=dtype).log_normal_(),
        lambda dtype: tidu.empty(0, dtype=dtype).random_(),
        lambda dtype: tidu.bernoulli(tidu.empty(0, dtype=dtype)),
    ],
)
@pytest.mark.parametrize("dtype", [tidu.uint8, tidu.bool, tidu.complex64])
def test_nothing_to_fill_is_refused_for_no_dtype(fill, dtype):
    assert fill(dtype).dtype is dtype


def test_all_values_of_a_small_dtype_can_be_shuffled():
    assert sorted(tidu.randperm(256, dtype=tidu.uint8).tolist()) == list(range(256))
    assert sorted(tidu.randperm(128, dtype=tidu.int8).tolist()) == list(range(128))
    with pytest.raises(RuntimeError, match="converted to type int8_t without overflow"):
        tidu.randperm(129, dtype=tidu.int8)


@pytest.mark.filterwarnings("ignore:.*is out of bounds")
@pytest.mark.parametrize(
    ("low", "high", "first", "end"),
    [
        # The float next to the bound is not below it: down by the step of the floats below it.
        (-5, 2**40, -5, 2**40 - 2**16),
        # The integer above 2**26 is rounded down to the bound itself, which then may be drawn.
        (2**26, 176541516335, 2**26, 176541516335),
        (0, 2**40 + 1, 0, 2**40 + 1),
    ],
)
def test_bounds_that_a_float_dtype_rounds(low, high, first, end):
    """Bounds as PyTorch moves them; what is then drawn is the remainder of 64 bits."""
    generator = tidu.Generator().manual_seed(4)
    drawn = tidu.empty(50).random_(low, high, generator=generator)
    bits = tidu.Generator().manual_seed(4).draw64(50).astype(object)
    assert drawn.tolist() == [float(np.float32(int(b) % (end - first) + first)) for b in bits]


def test_a_lower_bound_above_what_a_float_dtype_counts_to():
    with pytest.raises(RuntimeError, match="got from=4096 > to_inc=2048"):
        tidu.empty(3, dtype=tidu.float16).random_(4096, None)


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ([1, math.nan], "< 0"),
        ([math.inf, -1.0], "= infinity or NaN"),
        ([-1.0, math.inf], "< 0"),
    ],
)
def test_multinomial_names_the_first_bad_weight(weights, text):
    with pytest.raises(RuntimeError, match=f"encountering probability entry {text}"):
        tidu.multinomial(tidu.tensor(weights), 2, replacement=True)
