"""Every row of the tables in `specs/`, tried in every way that applies to it."""

from __future__ import annotations

import importlib
import pkgutil

import numpy as np
import pytest

import tidu

from . import specs
from .spec import OpSpec, strided

ROWS: list[OpSpec] = []
for _module in pkgutil.iter_modules(specs.__path__):
    ROWS += importlib.import_module(f"{specs.__name__}.{_module.name}").SPECS


def rows(condition=lambda row: True):
    return pytest.mark.parametrize("row", [r for r in ROWS if condition(r)], ids=str)


def tensors(arrays, requires_grad=False, layout=lambda a: a):
    """Tensors of the arrays, with a layout of one's choice and memory of their own."""
    found = []
    for a in arrays:
        if isinstance(a, list):
            found.append(tensors(a, requires_grad, layout))
        else:
            t = tidu.from_numpy(layout(a.copy()))
            found.append(t.requires_grad_() if requires_grad else t)
    return found


def results(value):
    """The tensors that an operation returned, as a list."""
    return [v for v in (value if isinstance(value, (tuple, list)) else [value]) if v is not None]


def flat(inputs):
    return [t for i in inputs for t in (i if isinstance(i, list) else [i])]


def check_close(have, want, tol):
    have, want = np.asarray(have), np.asarray(want)
    assert have.shape == want.shape
    np.testing.assert_allclose(have, want, rtol=tol, atol=tol)


@pytest.mark.parametrize("layout", [lambda a: a, strided], ids=["contiguous", "strided"])
@rows(lambda row: row.ref is not None)
def test_value(row, layout):
    arrays = row.arrays()
    args, kwargs = row.extra()
    inputs = tensors(arrays, layout=layout)
    have = results(row.call(*inputs, *args, **kwargs))
    plain = [a.numpy() if isinstance(a, tidu.Tensor) else a for a in args]
    want = row.ref(*arrays, *plain)
    want = list(want) if isinstance(want, (tuple, list)) else [want]
    assert len(have) == len(want)
    for h, w in zip(have, want):
        check_close(h.numpy(), w, row.tol)
    for t, a in zip(flat(inputs), flat(arrays)):
        np.testing.assert_array_equal(t.numpy(), a, err_msg="the operation changed its input")


def differentiable(row, order):
    """A function of the differentiable inputs alone, and these."""
    args, kwargs = row.extra()
    lists = [isinstance(s, list) and len(s) for s in row.shapes]

    def function(*flat_inputs):
        inputs, rest = [], list(flat_inputs)
        for n in lists:
            if n is False:
                inputs.append(rest.pop(0))
            else:
                inputs.append([rest.pop(0) for _ in range(n)])
        value = results(row.call(*inputs, *args, **kwargs))
        return tuple(v for v in value if v.dtype.is_floating_point or v.dtype.is_complex)

    return function


@pytest.mark.parametrize("layout", [lambda a: a, strided], ids=["contiguous", "strided"])
@rows(lambda row: row.order >= 1)
def test_gradient(row, layout):
    inputs = flat(tensors(row.arrays(), requires_grad=True, layout=layout))
    assert tidu.autograd.gradcheck(differentiable(row, 1), tuple(inputs))


@rows(lambda row: row.order >= 2)
def test_second_gradient(row):
    inputs = flat(tensors(row.arrays(), requires_grad=True))
    assert tidu.autograd.gradgradcheck(differentiable(row, 2), tuple(inputs))


@rows(lambda row: row.elementwise)
@pytest.mark.parametrize("case", ["0-d", "empty", "broadcast"])
def test_shapes(row, case):
    shapes = {
        "0-d": [()] * len(row.shapes),
        "empty": [(0, 3)] * len(row.shapes),
        "broadcast": [(2, 1, 3), (2, 1), ()][: len(row.shapes)],
    }[case]
    arrays = row.arrays(shapes)
    args, kwargs = row.extra()
    inputs = tensors(arrays, requires_grad=row.order > 0)
    have = row.call(*inputs, *args, **kwargs)
    if row.ref is not None:
        check_close(have.detach().numpy(), row.ref(*arrays, *args), row.tol)
    if row.order:
        assert tidu.autograd.gradcheck(differentiable(row, 1), tuple(flat(inputs)))


@rows(lambda row: row.inplace)
def test_inplace(row):
    args, kwargs = row.extra()
    want = row.call(*tensors(row.arrays()), *args, **kwargs)
    x, *rest = tensors(row.arrays())
    memory = x.data_ptr()
    have = getattr(x, row.inplace)(*rest, *args, **kwargs)
    assert have is x
    assert x.data_ptr() == memory
    assert x._version == 1
    check_close(x.numpy(), want.numpy(), 0)


@rows(lambda row: row.inplace and row.order)
def test_inplace_gradient(row):
    args, kwargs = row.extra()

    def function(x, *rest):
        x = x.clone()
        getattr(x, row.inplace)(*rest, *args, **kwargs)
        return x

    assert tidu.autograd.gradcheck(function, tuple(tensors(row.arrays(), requires_grad=True)))


@rows(lambda row: row.method)
def test_method(row):
    args, kwargs = row.extra()
    want = results(row.call(*tensors(row.arrays()), *args, **kwargs))
    x, *rest = tensors(row.arrays())
    have = results(getattr(x, row.method)(*rest, *args, **kwargs))
    assert len(have) == len(want)
    for h, w in zip(have, want):
        check_close(h.numpy(), w.numpy(), 0)


@rows(lambda row: row.out)
def test_out(row):
    args, kwargs = row.extra()
    want = row.call(*tensors(row.arrays()), *args, **kwargs)
    out = tidu.empty(0, dtype=want.dtype)
    assert row.call(*tensors(row.arrays()), *args, **kwargs, out=out) is out
    check_close(out.numpy(), want.numpy(), 0)
