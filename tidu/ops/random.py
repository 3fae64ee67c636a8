"""Tensors of random numbers: `rand`, `randn`, ..., and the methods that fill a tensor with them.

How numbers come from a stream is in `tidu/backend/random.py`; the streams are `tidu/random.py`'s.
"""

from __future__ import annotations

import numpy as np

from .. import dtypes, formats
from ..autograd.grad_mode import mode
from ..autograd.inplace import _check_overlap, assign, check_writable, fill
from ..autograd.op import Array, op
from ..autograd.public import PUBLIC
from ..autograd.usual import draw_from, usual
from ..backend import random as draw
from ..backend.table import cpu
from ..random import (
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from ..tensor import Tensor
from . import random_checks as checks
from .creation import dtype_of, factory, finish, shape_of
from .random_checks import generator_or_default

wrap = Tensor._wrap

for _function in (manual_seed, seed, initial_seed, get_rng_state, set_rng_state):
    factory(_function)
PUBLIC.update(Generator=Generator, default_generator=default_generator)
Generator.__module__ = "tidu"
draw_from(default_generator)


# In the graph, random numbers are constants: whatever they were made with gets a gradient of zeros.


def _node_name(x, values, node):
    return node


@op(public=False, method=False, node=_node_name)
def random_values(k, x: Array, values, node):
    """`values`, drawn for `x`; `node` is PyTorch's name for the node."""
    return values


random_values.vjp(x=lambda k, g: k.zero_gradient(g))


@op(public=False, method=False, node="NormalBackward3")
def random_values_of_two(k, x: Array, y: Array, values):
    """`values`, drawn for the mean `x` and the standard deviation `y`."""
    return values


random_values_of_two.vjp(x=lambda k, g: k.zero_gradient(g), y=lambda k, g: k.zero_gradient(g))


def _recorded(node, values, *sources):
    """A tensor of `values` that were drawn for these tensors (others among them do not count)."""
    recorded = [s for s in sources if isinstance(s, Tensor) and s.requires_grad]
    if not recorded:
        return wrap(values)
    if len(recorded) == 2:
        return random_values_of_two(*recorded, values)
    return random_values(recorded[0], values, node)


def _drawn_into(name, out, shape, dtype, write):
    """Has `write(array)` fill the tensor given as `out=`, once it has this shape."""
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if dtype is not None and dtype_of(dtype, name) is not out.dtype:
        raise RuntimeError(
            f"dtype {dtype_of(dtype, name).title} does not match dtype of out parameter "
            f"({out.dtype.title})"
        )
    if mode.enabled and out.requires_grad:
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, "
            "but one of the arguments requires grad."
        )
    if out._array.shape != shape:
        fill(name, out, wrap(cpu.empty(shape, out._array.dtype)))
    _check_overlap(out._array)
    write(out._array)
    out._bump(name)
    return out


# New tensors


def _new(name, write, size, dtype, out, options, keywords):
    """A tensor of shape `size`, filled by `write(array)`."""
    if keywords:
        if size or keywords.keys() != {"size"}:
            raise checks.no_such_form(name, size, keywords)
        size = (keywords["size"],)
    if not size or (len(size) > 1 and any(isinstance(n, (tuple, list)) for n in size)):
        raise checks.no_such_form(name, size, {})
    shape = shape_of(size, name)
    if out is not None:
        return _drawn_into(name, out, shape, dtype, write)
    wanted = dtypes.get_default_dtype() if dtype is None else dtype_of(dtype, name)
    array = cpu.empty(shape, wanted.numpy)
    write(array)
    return _finished(array, options, name)


def _finished(array, options, name):
    requires_grad, device, pin_memory, layout = options
    if any(options):
        return finish(array, requires_grad, device, pin_memory, layout, name)
    return wrap(array)


@factory
def rand(*size, generator=None, out=None, dtype=None, layout=None, device=None, pin_memory=False,
         requires_grad=False, **keywords):  # fmt: skip
    """A tensor of uniform numbers, 0 <= x < 1; the shape is several ints or one sequence.

    `dtype`: a floating or complex one (of complex numbers, both parts are uniform).

    >>> import tidu
    >>> _ = tidu.manual_seed(0)
    >>> tidu.rand(2, 2)
    tensor([[0.4963, 0.7682],
            [0.0885, 0.1320]])
    """
    gen = generator_or_default("rand", generator, size)

    def write(array):
        checks.allow_even_empty("check_uniform_bounds", array, "fc")
        draw.uniform(gen, array)

    options = (requires_grad, device, pin_memory, layout)
    return _new("rand", write, size, dtype, out, options, keywords)


@factory
def randn(*size, generator=None, out=None, dtype=None, layout=None, device=None, pin_memory=False,
          requires_grad=False, **keywords):  # fmt: skip
    """A tensor of normal numbers of mean 0 and variance 1.

    `dtype`: a floating or complex one (of complex numbers, both parts have variance 1/2).

    >>> import tidu
    >>> _ = tidu.manual_seed(0)
    >>> tidu.randn(3)
    tensor([ 1.5410, -0.2934, -2.1788])
    """
    gen = generator_or_default("randn", generator, size)

    def write(array):
        checks.allow("normal_kernel_cpu", array, "fc")
        draw.normal(gen, array)

    options = (requires_grad, device, pin_memory, layout)
    return _new("randn", write, size, dtype, out, options, keywords)


@factory
def randint(*args, generator=None, out=None, dtype=None, layout=None, device=None,
            pin_memory=False, requires_grad=False, **keywords):  # fmt: skip
    """`randint([low=0,] high, size)`: integers, low <= x < high, as int64 or in `dtype`.

    >>> import tidu
    >>> _ = tidu.manual_seed(0)
    >>> tidu.randint(10, (4,))
    tensor([4, 9, 3, 0])
    >>> tidu.randint(-2, 2, (2,), dtype=tidu.float32)
    tensor([1., 1.])
    """
    gen = generator_or_default("randint", generator, args)
    low, high, size = _randint_arguments("randint", args, keywords)

    def write(array):
        draw.integers(gen, array, *checks.integer_range(array, low, high))

    options = (requires_grad, device, pin_memory, layout)
    if dtype is None and out is None:
        dtype = dtypes.int64
    return _new("randint", write, (size,), dtype, out, options, {})


def _randint_arguments(name, args, keywords):
    """low, high and size, from the forms (high, size) and (low, high, size)."""
    given = {**keywords}
    positions = ("low", "high", "size") if len(args) + len(given) == 3 else ("high", "size")
    if len(args) + len(given) not in (2, 3) or not given.keys() <= {*positions[len(args) :]}:
        raise checks.no_such_form(name, args, keywords)
    given.update(zip(positions, args))
    size = given.pop("size")
    if not isinstance(size, (tuple, list)):
        if len(positions) == 3:
            raise checks.no_such_form(name, args, keywords)
        raise TypeError(
            f"{name}(): argument 'size' (position 2) must be tuple of ints, not "
            f"{checks.type_name(size)}"
        )
    if len(positions) == 3 and None in (checks.as_int(given["low"]), checks.as_int(given["high"])):
        raise checks.no_such_form(name, args, keywords)
    high = checks.int_argument(name, "high", len(positions) - 1, given["high"])
    return checks.as_int(given.get("low", 0)), high, tuple(size)


@factory
def randperm(*args, generator=None, out=None, dtype=None, layout=None, device=None,
             pin_memory=False, requires_grad=False, **keywords):  # fmt: skip
    """`randperm(n)`: the integers from 0 to n - 1 in random order, as int64 or in `dtype`.

    >>> import tidu
    >>> _ = tidu.manual_seed(0)
    >>> tidu.randperm(5)
    tensor([4, 0, 1, 3, 2])
    """
    gen = generator_or_default("randperm", generator, args)
    if len(args) + len(keywords) != 1 or (keywords and "n" not in keywords):
        raise checks.no_such_form("randperm", args, keywords)
    n = checks.int_argument("randperm", "n", 1, args[0] if args else keywords["n"])
    if out is not None:
        checks.permutation_size(n, out._array.dtype)
        return _drawn_into("randperm", out, (n,), dtype, lambda array: draw.permutation(gen, array))
    wanted = dtypes.int64 if dtype is None else dtype_of(dtype, "randperm")
    checks.permutation_size(n, wanted.numpy)
    array = draw.permutation(gen, cpu.empty((n,), wanted.numpy))
    return finish(array, requires_grad, device, pin_memory, layout, "randperm")


# New tensors in the form of others


def _like(name, input, write, dtype, memory_format, options):
    checks.tensor_argument(name, "input", input)
    wanted = input.dtype if dtype is None else dtype_of(dtype, name)
    array = formats.empty_like(cpu, input._array, wanted.numpy, memory_format)
    write(array)
    return _finished(array, options, name)


@factory
def rand_like(input, *, generator=None, dtype=None, layout=None, device=None, pin_memory=False,
              requires_grad=False, memory_format=formats.preserve_format):  # fmt: skip
    """Uniform numbers, 0 <= x < 1, in the shape and (unless it is given) the dtype of `input`.

    >>> import tidu
    >>> tidu.rand_like(tidu.zeros(2, 3)).shape
    tidu.Size([2, 3])
    """
    gen = generator_or_default("rand_like", generator, (input,))

    def write(array):
        checks.allow_even_empty("check_uniform_bounds", array, "fc")
        draw.uniform(gen, array)

    options = (requires_grad, device, pin_memory, layout)
    return _like("rand_like", input, write, dtype, memory_format, options)


@factory
def randn_like(input, *, generator=None, dtype=None, layout=None, device=None, pin_memory=False,
               requires_grad=False, memory_format=formats.preserve_format):  # fmt: skip
    """Normal numbers in the shape and (unless it is given) the dtype of `input`.

    >>> import tidu
    >>> tidu.randn_like(tidu.zeros(2, 3)).shape
    tidu.Size([2, 3])
    """
    gen = generator_or_default("randn_like", generator, (input,))

    def write(array):
        checks.allow("normal_kernel_cpu", array, "fc")
        draw.normal(gen, array)

    options = (requires_grad, device, pin_memory, layout)
    return _like("randn_like", input, write, dtype, memory_format, options)


@factory
def randint_like(*args, generator=None, dtype=None, layout=None, device=None, pin_memory=False,
                 requires_grad=False, memory_format=formats.preserve_format,
                 **keywords):  # fmt: skip
    """`randint_like(input, [low=0,] high)`: integers, low <= x < high, in the form of `input`.

    >>> import tidu
    >>> tidu.randint_like(tidu.zeros(2, 3), 5).dtype
    tidu.float32
    """
    gen = generator_or_default("randint_like", generator, args)
    positions = ("input", "low", "high") if len(args) + len(keywords) == 3 else ("input", "high")
    given = {**keywords, **dict(zip(positions, args))}
    if given.keys() != {*positions} or len(args) + len(keywords) != len(positions):
        raise checks.no_such_form("randint_like", args, keywords)
    low, high = checks.as_int(given.get("low", 0)), checks.as_int(given["high"])
    if low is None or high is None:
        raise checks.no_such_form("randint_like", args, keywords)

    def write(array):
        draw.integers(gen, array, *checks.integer_range(array, low, high))

    options = (requires_grad, device, pin_memory, layout)
    return _like("randint_like", given["input"], write, dtype, memory_format, options)


# Distributions whose parameters are tensors


@factory
def normal(*args, generator=None, out=None, **keywords):
    """Normal numbers: `normal(mean, std)` with at least one tensor, `normal(mean, std, size)`.

    Tensors of means and standard deviations broadcast; the result has the dtype of the mean, if
    that is a tensor, and no gradient passes through it. With `size`, `dtype=`, `device=`,
    `requires_grad=` are as in `randn`.

    >>> import tidu
    >>> _ = tidu.manual_seed(0)
    >>> tidu.normal(tidu.tensor([0.0, 100.0]), tidu.tensor([1.0, 0.1]))
    tensor([ 1.5410, 99.9707])
    >>> tidu.normal(10.0, 2.0, (2,))
    tensor([ 5.6424, 11.1369])
    """
    gen = generator_or_default("normal", generator, args)
    given = dict(zip(("mean", "std", "size"), args))
    if len(args) > 3 or not given.keys().isdisjoint(keywords):
        raise checks.no_such_form("normal", args, keywords)
    given.update(keywords)
    mean, std, size = given.pop("mean", None), given.pop("std", None), given.pop("size", None)
    if isinstance(mean, Tensor) and std is None:
        std = 1.0
    tensors = isinstance(mean, Tensor), isinstance(std, Tensor)
    numbers = [t or checks.as_float(v) is not None for t, v in zip(tensors, (mean, std))]
    if not all(numbers) or any(tensors) == (size is not None) or (any(tensors) and given):
        raise checks.no_such_form("normal", args, keywords)
    if any(tensors):
        return _normal_of_tensors(gen, mean, std, out)
    if not isinstance(size, (tuple, list)):
        raise checks.no_such_form("normal", args, keywords)
    return _normal_of_size(gen, checks.as_float(mean), checks.as_float(std), size, out, **given)


def _normal_of_size(gen, mean, std, size, out, dtype=None, layout=None, device=None,
                    pin_memory=False, requires_grad=False):  # fmt: skip
    def write(array):
        checks.not_negative_std("normal", std)
        checks.allow("normal_kernel_cpu", array, "fc")
        draw.normal(gen, array, mean, std)

    return _new(
        "normal", write, (size,), dtype, out, (requires_grad, device, pin_memory, layout), {}
    )


def _normal_of_tensors(gen, mean, std, out):
    leading = mean if isinstance(mean, Tensor) else std
    scale = std._array if isinstance(std, Tensor) else checks.as_float(std)
    if isinstance(std, Tensor):
        if scale.dtype.kind == "c":
            raise RuntimeError("normal expects standard deviation to be non-complex")
        if scale.size and not scale.min() >= 0:
            raise RuntimeError("normal expects all elements of std >= 0.0")
    else:
        checks.not_negative_std("normal", scale)
    shift = mean._array if isinstance(mean, Tensor) else checks.as_float(mean)
    shape = leading._array.shape
    if isinstance(mean, Tensor) and isinstance(std, Tensor):
        try:
            shape = np.broadcast_shapes(shift.shape, scale.shape)
        except ValueError:
            from ..errors import broadcast_error

            raise broadcast_error([mean, std]) from None

    def write(array):
        checks.allow("normal_kernel_cpu", array, "fc")
        draw.normal(gen, array, 0.0, 1.0 if isinstance(std, Tensor) else scale)
        with np.errstate(all="ignore"):
            if isinstance(std, Tensor):
                np.multiply(array, scale, out=array, casting="unsafe")
            np.add(array, shift, out=array, casting="unsafe")

    if out is not None:
        return _drawn_into("normal", out, shape, None, write)
    values = cpu.empty(shape, leading._array.dtype)
    write(values)
    node = f"NormalBackward{isinstance(mean, Tensor) + 2 * isinstance(std, Tensor)}"
    return _recorded(node, values, mean, std)


@factory
def bernoulli(input, *args, generator=None, out=None, **keywords):
    """Zeros and ones: 1 with the probability that stands in `input`.

    `bernoulli(input, p)` gives ones with probability `p`, in the form of `input`.

    >>> import tidu
    >>> tidu.bernoulli(tidu.tensor([0.0, 1.0, 1.0]))
    tensor([0., 1., 1.])
    """
    checks.tensor_argument("bernoulli", "input", input)
    gen = generator_or_default("bernoulli", generator, (input, *args))
    p = None
    if args or keywords:
        if len(args) + len(keywords) == 1 and (args or "p" in keywords) and out is None:
            p = checks.as_float(args[0] if args else keywords["p"])
        if p is None:
            raise checks.no_such_form("bernoulli", (input, *args), keywords)
        values = formats.empty_like(cpu, input._array)
        _bernoulli_(values, gen, p)
        return _recorded("BernoulliBackward0", values, input)
    if out is not None:
        shape = input._array.shape
        return _drawn_into("bernoulli", out, shape, None, lambda a: _bernoulli_(a, gen, input))
    checks.allow("bernoulli_tensor_cpu_self_", input._array, "fbiu")
    values = cpu.empty(input._array.shape, input._array.dtype)
    _bernoulli_(values, gen, input)
    return _recorded("BernoulliBackward0", values, input)


Tensor.bernoulli = bernoulli


@factory
def multinomial(input, num_samples, replacement=False, *, generator=None, out=None):
    """Indices drawn with the weights in `input` (of 1 dimension, or a row for each result).

    The weights, floats that are not negative, need not add up to 1. Returns int64 indices, of shape
    (num_samples,) or (rows, num_samples). Without replacement, no index comes twice in a row.

    >>> import tidu
    >>> tidu.multinomial(tidu.tensor([0.0, 3.0, 0.0]), 2, replacement=True)
    tensor([1, 1])
    """
    checks.tensor_argument("multinomial", "input", input)
    count = checks.int_argument("multinomial", "num_samples", 2, num_samples)
    if type(replacement) is not bool:
        raise TypeError(
            "multinomial(): argument 'replacement' (position 3) must be bool, not "
            f"{checks.type_name(replacement)}"
        )
    gen = generator_or_default("multinomial", generator)
    if out is not None and out.dtype is not dtypes.int64:
        raise RuntimeError(f"multinomial expects Long tensor out, got: {out.dtype.title}")
    array = input._array
    checks.weights(array, count, replacement)
    if not array.size:
        drawn = cpu.empty((*array.shape[:-1], count), np.int64)
    else:
        drawn = draw.multinomial(gen, array, count, replacement)
    if out is None:
        return wrap(drawn)
    fill("multinomial", out, wrap(drawn))
    return out


Tensor.multinomial = multinomial


@factory
def poisson(input, generator=None):
    """Poisson numbers, one for each rate in `input`, a tensor of floats that are not negative.

    >>> import tidu
    >>> tidu.poisson(tidu.tensor([0.0, 0.0]))
    tensor([0., 0.])
    """
    checks.tensor_argument("poisson", "input", input)
    gen = generator_or_default("poisson", generator)
    rates = input._array
    checks.allow_even_empty("poisson_cpu", rates, "f")
    if rates.size and not rates.min() >= 0:
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    return _recorded(
        "PoissonBackward0", draw.poisson(gen, cpu.empty(rates.shape, rates.dtype), rates), input
    )


# Methods that fill a tensor


def _in_place(name, node, x, write):
    """Has `write(array)` fill the tensor itself, which is a constant to autograd from then on."""
    if mode.enabled:
        if x._view is not None:
            x._refresh()
        check_writable(x, False)
    array = x._array
    _check_overlap(array)
    before = None
    if mode.enabled and x._node is not None:
        before = wrap(array)
        before._node = x._node
    write(array)
    if before is None:
        x._bump(name)
        return x
    return assign(name, x, random_values(before, array, node))


def _method(node, *parameters):
    """Declares a method that fills a tensor; the function gets the array, the generator, floats."""

    def declare(function):
        name = function.__name__
        defaults = [default for _, default in parameters]
        complete = None not in defaults

        def method(self, *args, generator=None, **kwargs):
            if args or kwargs or not complete:
                values = checks.floats_of(name, parameters, args, kwargs)
            else:
                values = defaults
            gen = generator_or_default(name, generator)
            return _in_place(name, node, self, lambda array: function(array, gen, *values))

        method.__name__ = method.__qualname__ = name
        method.__doc__ = function.__doc__
        setattr(Tensor, name, usual(None, method, lowers=name))
        return method

    return declare


@_method("UniformBackward0", ("from", 0.0), ("to", 1.0))
def uniform_(array, gen, low, high):
    """`uniform_(from=0, to=1)`: fills the tensor with uniform numbers, from <= x < to.

    >>> import tidu
    >>> _ = tidu.manual_seed(0)
    >>> tidu.empty(2).uniform_(-1, 1)
    tensor([-0.0075,  0.5364])
    """
    checks.uniform_bounds(array, low, high)
    draw.uniform(gen, array, low, high)


@_method("NormalBackward0", ("mean", 0.0), ("std", 1.0))
def normal_(array, gen, mean, std):
    """`normal_(mean=0, std=1)`: fills the tensor with normal numbers.

    >>> import tidu
    >>> _ = tidu.manual_seed(0)
    >>> tidu.empty(2).normal_(10, 2)
    tensor([13.0820,  9.4131])
    """
    checks.not_negative_std("normal", std)
    checks.allow("normal_kernel_cpu", array, "fc")
    draw.normal(gen, array, mean, std)


@_method("ExponentialBackward0", ("lambd", 1.0))
def exponential_(array, gen, rate):
    """`exponential_(lambd=1)`: fills the tensor with exponential numbers of mean 1 / lambd.

    >>> import tidu
    >>> bool((tidu.empty(100).exponential_() >= 0).all())
    True
    """
    checks.positive("exponential_", "lambda", rate)
    if array.dtype.kind != "f" and array.size:
        raise RuntimeError(
            "Exponential distribution is a continuous probability distribution. dtype must be a "
            f"floating point but you specified {dtypes.of(array).title}"
        )
    draw.exponential(gen, array, rate)


@_method("GeometricBackward0", ("p", None))
def geometric_(array, gen, p):
    """`geometric_(p)`: fills the tensor with numbers of trials up to the first success.

    >>> import tidu
    >>> bool((tidu.empty(100).geometric_(0.5) >= 1).all())
    True
    """
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    checks.allow("geometric_cpu", array, "fiu")
    draw.geometric(gen, array, p)


@_method("CauchyBackward0", ("median", 0.0), ("sigma", 1.0))
def cauchy_(array, gen, median, sigma):
    """`cauchy_(median=0, sigma=1)`: fills the tensor with numbers of the Cauchy distribution.

    >>> import tidu
    >>> tidu.empty(3).cauchy_().shape
    tidu.Size([3])
    """
    checks.positive("cauchy_", "sigma", sigma)
    if array.dtype.kind != "f":
        raise RuntimeError(
            "Cauchy distribution is a continuous probability distribution. dtype must be a "
            f"floating point but you specified {checks.c_name(array)}"
        )
    draw.cauchy(gen, array, median, sigma)


@_method("LogNormalBackward0", ("mean", 1.0), ("std", 2.0))
def log_normal_(array, gen, mean, std):
    """`log_normal_(mean=1, std=2)`: fills the tensor with numbers whose logarithms are normal.

    >>> import tidu
    >>> bool((tidu.empty(100).log_normal_() > 0).all())
    True
    """
    checks.positive("log_normal_", "std", std)
    checks.allow("log_normal_cpu", array, "f")
    draw.log_normal(gen, array, mean, std)


def _bernoulli_(array, gen, p):
    """Fills an array with zeros and ones, `p` being a number or a tensor."""
    if isinstance(p, Tensor):
        checks.allow("bernoulli_tensor_cpu_self_", array, "fbiu")
        checks.probabilities(p._array)
        draw.bernoulli(gen, array, p._array)
    else:
        checks.probability("bernoulli_", p)
        checks.allow("bernoulli_scalar_cpu_", array, "fbiu")
        draw.bernoulli(gen, array, float(p))


def bernoulli_(self, *args, generator=None, **kwargs):
    """`bernoulli_(p=0.5)`: fills the tensor with ones, of probability `p`, and zeros.

    `p` may be a tensor of probabilities that broadcasts to this tensor's shape.

    >>> import tidu
    >>> tidu.empty(3).bernoulli_(tidu.tensor([0.0, 1.0, 0.0]))
    tensor([0., 1., 0.])
    """
    gen = generator_or_default("bernoulli_", generator, args)
    p = args[0] if args else kwargs.get("p", 0.5)
    if len(args) + len(kwargs) > 1 or not kwargs.keys() <= {"p"}:
        raise checks.no_such_form("bernoulli_", args, kwargs)
    node = "BernoulliBackward1" if isinstance(p, Tensor) else "BernoulliBackward2"
    p = p.expand(self.shape) if isinstance(p, Tensor) else checks.as_float(p)
    if p is None:
        raise checks.no_such_form("bernoulli_", args, kwargs)
    return _in_place("bernoulli_", node, self, lambda array: _bernoulli_(array, gen, p))


def random_(self, *args, generator=None, **kwargs):
    """`random_()`, `random_(to)`, `random_(from, to)`: fills the tensor with integers.

    They are from <= x < to. Without `from`, from 0 on; without `to` (or with None), up to the
    largest integer of the dtype (of a floating dtype: the largest up to which it holds them all).

    >>> import tidu
    >>> _ = tidu.manual_seed(0)
    >>> tidu.empty(4).random_(10)
    tensor([4., 9., 3., 0.])
    """
    gen = generator_or_default("random_", generator, args)
    if len(args) > 2:
        raise TypeError(f"random_() takes 2 positional arguments but {len(args)} were given")
    given = dict(zip(("from", "to") if len(args) == 2 or "to" in kwargs else ("to",), args))
    if not kwargs.keys() <= {"from", "to"} - given.keys() or len(given) + len(kwargs) > 2:
        raise checks.no_such_form("random_", args, kwargs)
    given.update(kwargs)
    write = _random_write(gen, given, args, kwargs)
    return _in_place("random_", _RANDOM_NODES[len(given)], self, write)


_RANDOM_NODES = ("RandomBackward2", "RandomBackward1", "RandomBackward0")  # by arguments given


def _random_write(gen, given, args, kwargs):
    low, high = given.get("from", 0), given.get("to")
    bounds = [None if v is None or type(v) is bool else checks.as_int(v) for v in (low, high)]
    open_end = high is None and len(given) != 1
    if bounds[0] is None or (bounds[1] is None and not open_end):
        raise checks.no_such_form("random_", args, kwargs)
    low, high = bounds

    def write(array):
        if open_end and not array.size:
            pass  # PyTorch does not come to its kernels, which know dtypes that they refuse
        elif not given:
            checks.allow("random_kernel_cpu", array, "fbiu")
            draw.integers_all(gen, array)
        elif high is None and low == -(1 << 63):
            _all_bits(array)
            draw.integers_64(gen, array)
        else:
            draw.integers(gen, array, *checks.integer_range(array, low, high))

    return write


def _all_bits(array):
    checks.allow("random_full_64_bits_range_kernel_cpu", array, "fiu")
    if array.dtype.name == "float16":
        raise checks.not_implemented("random_full_64_bits_range_kernel_cpu", array)
    if array.dtype.name not in ("int64", "float32", "float64"):
        raise RuntimeError(
            "random_full_64_bits_range_kernel_cpu handles only int64, double, float and bfloat16"
        )


Tensor.bernoulli_, Tensor.random_ = bernoulli_, random_
