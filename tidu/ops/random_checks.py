"""What PyTorch refuses in the functions that draw random numbers, in PyTorch's own words."""

from __future__ import annotations

from functools import cache
from math import isfinite

import numpy as np

from .. import dtypes
from ..backend.twister import Twister
from ..random import default_generator
from ..tensor import Tensor

# The C++ types that PyTorch's messages name.
_C_NAMES = {
    "bool": "bool", "uint8": "unsigned char", "int8": "signed char", "int16": "short int",
    "int32": "int", "int64": "long int", "uint16": "short unsigned int", "uint32": "unsigned int",
    "uint64": "long unsigned int", "float16": "c10::Half", "float32": "float", "float64": "double",
    "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip
_DIGITS = {"float16": 11, "float32": 24, "float64": 53}

_OPTIONS = (
    "torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, "
    "bool pin_memory = False, bool requires_grad = False"
)
_SIZE = "tuple of ints size"
_GENERATOR = "torch.Generator generator = None"


def _factory_forms(*leads):
    return [
        f"{lead}, *, {generator}Tensor out = None, {_OPTIONS}"
        for lead in leads
        for generator in ("torch.Generator generator, ", "")
    ]


def _like_forms(*leads):
    return [
        f"{lead}, *, {generator}torch.memory_format memory_format = None, {_OPTIONS}"
        for lead in leads
        for generator in ("torch.Generator generator, ", "")
    ]


# The forms of call that PyTorch lists when none of them fits.
_FORMS = {
    "rand": _factory_forms(_SIZE),
    "randn": _factory_forms(_SIZE),
    "randint": _factory_forms(f"int high, {_SIZE}", f"int low, int high, {_SIZE}"),
    "randperm": _factory_forms("int n"),
    "rand_like": _like_forms("Tensor input"),
    "randn_like": _like_forms("Tensor input"),
    "randint_like": _like_forms(
        "Tensor input, int low, int high", "Tensor input, Tensor high", "Tensor input, int high"
    ),
    "normal": [
        f"Tensor mean, Tensor std, *, {_GENERATOR}, Tensor out = None",
        f"Tensor mean, float std = 1, *, {_GENERATOR}, Tensor out = None",
        f"float mean, Tensor std, *, {_GENERATOR}, Tensor out = None",
        f"float mean, float std, {_SIZE}, *, {_GENERATOR}, Tensor out = None, {_OPTIONS}",
    ],
    "bernoulli": [
        f"Tensor input, *, {_GENERATOR}, Tensor out = None",
        f"Tensor input, float p, *, {_GENERATOR}",
    ],
    "bernoulli_": [f"Tensor p, *, {_GENERATOR}", f"float p = 0.5, *, {_GENERATOR}"],
    "random_": [
        f"*, {_GENERATOR}",
        f"int from, int to, *, {_GENERATOR}",
        f"int to, *, {_GENERATOR}",
    ],
}  # fmt: skip


def type_name(value):
    """A type as argument errors name it."""
    return "torch.dtype" if isinstance(value, dtypes.dtype) else type(value).__name__


def no_such_form(name, args, kwargs):
    """PyTorch's TypeError for a call that fits none of a function's forms."""
    types = [type_name(a) for a in args] + [f"{key}={type_name(v)}" for key, v in kwargs.items()]
    given = ", ".join(types) + (", " if name.endswith("_") and kwargs else "")
    forms = "".join(f" * ({form})\n" for form in _FORMS[name])
    return TypeError(
        f"{name}() received an invalid combination of arguments - got ({given}), but expected one "
        f"of:\n{forms}"
    )


def generator_or_default(name, generator, args=()):
    """The generator to draw from, given the argument `generator=`."""
    if generator is None:
        return default_generator
    if isinstance(generator, Twister):
        return generator
    if name in _FORMS:
        raise no_such_form(name, args, {"generator": generator})
    raise TypeError(
        f"{name}(): argument 'generator' must be torch.Generator, not {type_name(generator)}"
    )


# Arguments


def as_float(value):
    """`value` as a float or int, if PyTorch takes it for one; else None."""
    kind = type(value)
    if kind is float or kind is int or kind is bool:
        return value
    if isinstance(value, Tensor):
        if value._array.ndim or value.requires_grad or value._array.dtype.kind == "c":
            return None
        return value._array.item()
    return value.item() if isinstance(value, (np.number, np.bool_)) else None


def as_int(value):
    """`value` as an int, if PyTorch takes it for one; else None."""
    if type(value) is not int:
        if isinstance(value, Tensor):
            value = value._array[()] if value._array.ndim == 0 else None
        if not isinstance(value, np.integer):
            return None
        value = int(value)
    if not -(1 << 63) <= value < 1 << 63:
        raise ValueError("Overflow when unpacking long long")
    return value


def int_argument(name, argument, position, value):
    """`value` as an int, or PyTorch's TypeError."""
    number = as_int(value)
    if number is None:
        raise TypeError(
            f"{name}(): argument '{argument}' (position {position}) must be int, not "
            f"{type_name(value)}"
        )
    return number


def tensor_argument(name, argument, value):
    """Raises PyTorch's TypeError unless the first argument is a tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name}(): argument '{argument}' (position 1) must be Tensor, not {type_name(value)}"
        )


def floats_of(name, parameters, args, kwargs):
    """The float arguments of a method: `parameters` are (name, default, None if there is none)."""
    names = [p[0] for p in parameters]
    if len(args) > len(names):
        least = sum(p[1] is None for p in parameters)
        limits = f"{len(names)}" if least == len(names) else f"from {least} to {len(names)}"
        plural = "" if limits == "1" else "s"
        raise TypeError(
            f"{name}() takes {limits} positional argument{plural} but {len(args)} were given"
        )
    values = dict(zip(names, args))
    for key, value in kwargs.items():
        if key not in names:
            raise TypeError(f"{name}() got an unexpected keyword argument '{key}'")
        if key in values:
            raise TypeError(f"{name}() got multiple values for argument '{key}'")
        values[key] = value
    result = []
    for position, (key, default) in enumerate(parameters, 1):
        if key not in values and default is None:
            raise TypeError(f'{name}() missing 1 required positional arguments: "{key}"')
        number = as_float(values.get(key, default))
        if number is None:
            where = f" (position {position})" if position <= len(args) else ""
            raise TypeError(
                f"{name}(): argument '{key}'{where} must be float, not {type_name(values[key])}"
            )
        result.append(number)
    return result


# Dtypes and values


def not_implemented(kernel, dtype):
    """PyTorch's error for a dtype that a kernel is not made for."""
    return NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.of(dtype).title}'")


def allow(kernel, array, kinds):
    """Raises unless a kernel is made for the array's dtype: these NumPy kinds, no uint16 and up.

    Where there is nothing to fill, PyTorch does not come to its kernel.
    """
    if array.size:
        allow_even_empty(kernel, array, kinds)


def allow_even_empty(kernel, array, kinds):
    """As `allow`, for what PyTorch looks at before it looks at the size."""
    dtype = array.dtype
    if dtype.kind not in kinds or (dtype.kind == "u" and dtype.itemsize > 1):
        raise not_implemented(kernel, array)


def c_name(array):
    """The C++ type of the elements, as messages name it."""
    return _C_NAMES[array.dtype.name]


_SAFE = 30000.0  # twice that every floating dtype holds


def uniform_bounds(array, low, high):
    """Checks the range of `uniform_`."""
    if array.dtype.kind == "f" and -_SAFE <= low <= high <= _SAFE:
        return  # the usual case
    allow_even_empty("check_uniform_bounds", array, "fc")
    if array.dtype.kind == "c":
        array = array.real
    largest = float(_limits(array.dtype)[1])
    for name, value in (("from", low), ("to", high)):
        if not -largest <= value <= largest:
            raise RuntimeError(f"{name} is out of bounds for {c_name(array)}")
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}"
        )
    if high - low > largest:
        title = dtypes.of(array).title
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{title}>::max(), but found "
            f"to={high:g} and from={low:g} which result in to-from to exceed the limit"
        )


def not_negative_std(name, std):
    """Checks a standard deviation."""
    if not std >= 0:
        raise RuntimeError(f"{name} expects std >= 0.0, but found std {std:g}")


def positive(name, argument, value):
    """Checks a parameter that has to be above 0."""
    if not value > 0:
        raise RuntimeError(f"{name} expects {argument} > 0.0, but found {argument}={value:g}")


def probability(name, p):
    """Checks one probability."""
    if not 0 <= p <= 1:
        raise RuntimeError(f"{name} expects p to be in [0, 1], but got p={p:g}")


def probabilities(p):
    """Checks an array of probabilities."""
    allow("bernoulli_tensor_cpu_p_", p, "f")
    if p.size and not (p.min() >= 0 and p.max() <= 1):
        error = RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message "
            "be improved?  If so, please report an enhancement request to PyTorch.)"
        )
        error.add_note("Every probability has to lie between 0 and 1.")
        raise error


def weights(array, count, replacement):
    """Checks the arguments of `multinomial`."""
    if array.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if array.dtype.kind != "f":
        raise RuntimeError(
            "multinomial only supports floating-point dtypes for input, got: "
            f"{dtypes.of(array).title}"
        )
    if count <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    categories = array.shape[-1]
    if not replacement and count > categories:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        )
    if categories > 1 << 24:
        raise RuntimeError("number of categories cannot exceed 2^24")
    if not array.size:
        if array.ndim == 1 or array.shape[0]:
            raise RuntimeError(
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has no "
                "identity."
            )
        return
    finite = bool(np.isfinite(array).all())
    negative = not array.min() >= 0
    if not finite or negative:
        if replacement and count > 1:
            first = array[~((array >= 0) & np.isfinite(array))][0]
            bad = "= infinity or NaN" if first >= 0 else "< 0"  # a NaN, too, is not >= 0
            raise RuntimeError(
                f"invalid multinomial distribution (encountering probability entry {bad})"
            )
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if (array.sum(-1) <= 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")


# Integers


@cache
def _limits(dtype):
    """The smallest and largest value of a dtype, and up to where it holds all integers exactly."""
    if dtype.kind == "f":
        largest = int(np.finfo(dtype).max)
        return -largest, largest, 1 << _DIGITS[dtype.name]
    if dtype.kind == "b":
        return 0, 1, 1
    info = np.iinfo(dtype)
    return int(info.min), int(info.max), int(info.max)


def _check_bounds(array, low, last, last_name):
    """Checks that the first and last number to draw fit the dtype, and exactly."""
    least, largest, exact = _limits(array.dtype)
    for name, value in (("from", low), (last_name, last)):
        if not least <= value <= largest:
            raise RuntimeError(f"{name} is out of bounds for {c_name(array)}")
    if array.dtype.kind != "f" or (-exact <= low and last <= exact):
        return
    digits = _DIGITS[array.dtype.name]
    for name, value in (("from", low), (last_name, last)):
        if not -exact <= value <= exact:
            import warnings

            warnings.warn(
                f"{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision "
                f"limitations {c_name(array)} can support discrete uniform distribution only "
                "within this range. This warning will become an error in version 1.7 release, "
                "please fix the code in advance",
                stacklevel=5,
            )


def _exact_bound(array, bound, inside):
    """`bound`, moved into the range if the integer next to it (`inside`: 1 above, -1 below) is, in
    a floating dtype, no longer inside: to the float after what that integer is rounded to."""
    if array.dtype.kind != "f":
        return bound
    neighbour = bound + inside
    rounded = float(array.dtype.type(neighbour))
    if not isfinite(rounded) or (rounded >= bound if inside > 0 else rounded < bound):
        return bound
    return int(rounded) + inside * (1 << (abs(neighbour).bit_length() - _DIGITS[array.dtype.name]))


def integer_range(array, low, high):
    """Checks `low` and `high` (None: up to the dtype's largest); returns the range to draw from."""
    if array.dtype.kind == "c":
        raise RuntimeError(
            "check_random_bounds handles only integral, floating-point and boolean types"
        )
    if high is None:
        last = _limits(array.dtype)[2]
        low = _exact_bound(array, low, 1)
        if array.dtype.kind == "f" and low > last:
            raise RuntimeError(
                "random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' "
                f"casted to dtype, but got from={low} > to_inc={last}"
            )
        _check_bounds(array, low, last, "to_inc")
        return low, last + 1
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    first, end = _exact_bound(array, low, 1), _exact_bound(array, high, -1)
    if first >= end:
        raise RuntimeError(
            "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but got "
            f"from={first} >= to={end}"
        )
    _check_bounds(array, first, end - 1, "to - 1")
    return first, end


def permutation_size(n, dtype):
    """Checks that a permutation of `n` numbers fits the (NumPy) dtype."""
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    if dtype.kind not in "iuf" or (dtype.kind == "u" and dtype.itemsize > 1):
        raise not_implemented("randperm", dtype)
    if dtype.kind == "f":
        limit = (1 << _DIGITS[dtype.name]) + 1
        if n > limit:
            shown = {"float16": "2049", "float32": "2^24+1", "float64": "2^53+1"}[dtype.name]
            raise RuntimeError(
                f"n cannot be greater than {shown} for {dtypes.of(dtype).title} type."
            )
    elif n > int(np.iinfo(dtype).max) + 1:  # so that the largest of the numbers fits
        kind = "int" if dtype.name == "int32" else f"{dtype.name}_t"
        raise RuntimeError(f"value cannot be converted to type {kind} without overflow")
