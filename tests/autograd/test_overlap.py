"""Writing into memory that the same operation reads, or that several elements share."""

import pytest

import tidu

PARTIAL = "unsupported operation: some elements of the input tensor and the written-to tensor refer"
SEVERAL = "unsupported operation: more than one element of the written-to tensor refers to"


def put(x, index, value):
    x[index] = value
    return x


def line():
    return tidu.arange(6.0)


def square():
    return tidu.arange(4.0).view(2, 2)


REFUSED = {
    "copy_": lambda x, m: x[1:].copy_(x[:-1]),
    "setitem": lambda x, m: put(x, slice(1, None), x[:-1]),
    "add_": lambda x, m: x[1:].add_(x[:-1]),
    "transposed": lambda x, m: m.add_(m.t()),
    "transposed copy": lambda x, m: m.copy_(m.t()),
}


@pytest.mark.parametrize("write", REFUSED.values(), ids=REFUSED)
def test_refused(write):
    with pytest.raises(RuntimeError, match=PARTIAL):
        write(line(), square())


def test_refused_when_recorded():
    x = line().requires_grad_() * 1
    with pytest.raises(RuntimeError, match=PARTIAL):
        x[1:] = x[:-1]


ALLOWED = {
    "the same elements": (lambda x, m: x.mul_(x.view(6)), [0.0, 1.0, 4.0, 9.0, 16.0, 25.0]),
    "beside": (lambda x, m: put(x, slice(3), x[3:]), [3.0, 4.0, 5.0, 3.0, 4.0, 5.0]),
    "one element": (lambda x, m: m.div_(m[1, 1] * 1), [[0.0, 1 / 3], [2 / 3, 1.0]]),
    "with gaps": (lambda x, m: put(x, slice(0, None, 2), x[1::2]), [1.0, 1.0, 3.0, 3.0, 5.0, 5.0]),
}


@pytest.mark.parametrize(("write", "want"), ALLOWED.values(), ids=ALLOWED)
def test_allowed(write, want):
    assert tidu.allclose(write(line(), square()), tidu.tensor(want))


def test_expanded_memory_may_be_filled():
    x = tidu.ones(3).expand(2, 3)
    assert x.fill_(2).tolist() == [[2.0] * 3] * 2
    assert x.zero_().tolist() == [[0.0] * 3] * 2
    with pytest.raises(RuntimeError, match=SEVERAL):
        x.copy_(tidu.ones(2, 3))


@pytest.mark.parametrize(
    ("tensor", "number"), [(tidu.ones(2, dtype=tidu.int8), 300), (tidu.ones(2), 1e40)], ids=str
)
def test_where_refuses_numbers_that_the_dtype_cannot_hold(tensor, number):
    with pytest.raises(RuntimeError, match=r"^value cannot be converted to type "):
        tidu.where(tidu.tensor([True, False]), tensor, number)
