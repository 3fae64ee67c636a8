"""In-place operations and `out=`: programs that write where they read."""

from __future__ import annotations

import pytest

import tidu
from tidu.backend import native

pytestmark = pytest.mark.skipif(not native.available, reason="no native kernels")

CASES = {
    "mul_": lambda x, y: x.mul_(y),
    "add_ alpha": lambda x, y: x.add_(y, alpha=0.5),
    "sub_ alpha": lambda x, y: x.sub_(y, alpha=2),
    "number": lambda x, y: x.add_(2),
    "row": lambda x, y: x.mul_(y[0]),
    "column": lambda x, y: x.mul_(y[:, :1]),
    "transposed": lambda x, y: x[:40, :40].mul_(y.t()[:40, :40]),
    "itself": lambda x, y: x.mul_(x),
    "addcmul_": lambda x, y: x.addcmul_(y, y, value=0.5),
    "lerp_": lambda x, y: x.lerp_(y, 0.25),
    "relu_": lambda x, y: x.relu_(),
    "clamp_": lambda x, y: x.clamp_(-0.5, 0.5),
    "operator": lambda x, y: x.__isub__(0.1 * y),
}
OUT_OF_PLACE = {
    "mul_": lambda x, y: x * y,
    "add_ alpha": lambda x, y: x + 0.5 * y,
    "sub_ alpha": lambda x, y: x - 2 * y,
    "number": lambda x, y: x + 2,
    "row": lambda x, y: x * y[0],
    "column": lambda x, y: x * y[:, :1],
    "itself": lambda x, y: x * x,
    "addcmul_": lambda x, y: x + y * y * 0.5,
    "lerp_": lambda x, y: x + 0.25 * (y - x),
    "relu_": lambda x, y: x.relu(),
    "clamp_": lambda x, y: x.clamp(-0.5, 0.5),
    "operator": lambda x, y: x - 0.1 * y,
}


@pytest.mark.parametrize("dtype", [tidu.float32, tidu.float64])
@pytest.mark.parametrize("name", CASES)
def test_same_as_out_of_place(name, dtype):
    tidu.manual_seed(0)
    y = tidu.randn(60, 50, dtype=dtype)
    for _ in range(3):  # programs are made at the first call
        x = tidu.randn(60, 50, dtype=dtype)
        before, memory, version = x.clone(), x.data_ptr(), x._version
        result = CASES[name](x, y)
        assert x.data_ptr() == memory
        assert x._version == version + 1
        if name == "transposed":
            before[:40, :40] = before[:40, :40] * y.t()[:40, :40]
        else:
            assert result is x
            before = OUT_OF_PLACE[name](before, y)
        assert tidu.allclose(x, before, rtol=1e-5, atol=1e-6)


def test_operands_that_overlap():
    """What is written must not be read afterwards, in another place."""
    for _ in range(2):
        x = tidu.arange(10.0)
        y = x.detach()[1:]
        expected = y.clone() + x[:-1]
        target = tidu.arange(10.0)
        tidu.add(target[1:].clone(), target[:-1], out=(out := tidu.empty(9)))
        assert tidu.equal(out, expected)
        with pytest.raises(RuntimeError, match="single memory location"):
            x[1:].add_(x[:-1])


def test_other_dtypes_and_shapes():
    for _ in range(2):
        x = tidu.zeros(3, dtype=tidu.float64)
        assert x.add_(tidu.ones(3)).tolist() == [1, 1, 1]
        with pytest.raises(RuntimeError, match="can't be cast"):
            tidu.arange(3).add_(0.5)
        with pytest.raises(RuntimeError, match="broadcast shape"):
            tidu.zeros(3).add_(tidu.zeros(2, 3))


def test_graph_is_kept():
    w = tidu.ones(3, requires_grad=True)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="leaf Variable"):
            w.mul_(2.0)
        y = w * 2
        y.mul_(tidu.full((3,), 3.0)).add_(1.0)
        (g,) = tidu.autograd.grad(y.sum(), w)
        assert g.tolist() == [6, 6, 6]
        saved = w * w.detach().clone()
        z = saved.exp()
        z.add_(1.0)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            z.sum().backward()


def test_out():
    x, y = tidu.randn(70, 30), tidu.randn(70, 30)
    for _ in range(3):
        out = tidu.empty(70, 30)
        memory = out.data_ptr()
        assert tidu.add(x, y, out=out) is out
        assert out.data_ptr() == memory
        assert tidu.equal(out, x + y)
        assert tidu.equal(tidu.mul(x, x, out=x.clone()), x * x)


AT_INDICES = {  # method: (arguments for a tensor of 90 x 80, their keywords)
    "index_add_": (lambda i, y: (0, i, y), {}),
    "index_add_ alpha": (lambda i, y: (0, i, y), {"alpha": 0.5}),
    "index_add_ columns": (lambda i, y: (1, i[:70], y[:, :70]), {}),
    "index_copy_": (lambda i, y: (-2, i, y), {}),
    "index_copy_ columns": (lambda i, y: (1, i[:70], y[:, :70]), {}),
    "index_fill_": (lambda i, y: (0, i, 2), {}),
    "index_fill_ tensor": (lambda i, y: (1, i, y[3, 4]), {}),
    "scatter_add_": (lambda i, y: (0, i[:, None].expand(90, 80), y), {}),
    "put_": (lambda i, y: (i, y.reshape(-1)[:90]), {}),
    "tril_": (lambda i, y: (-3,), {}),
    "triu_": (lambda i, y: (), {"diagonal": 70}),
    "put_ accumulate": (lambda i, y: (i, y[:, 0], True), {}),
}


@pytest.mark.parametrize("dtype", [tidu.float32, tidu.float64, tidu.int64])
@pytest.mark.parametrize("name", AT_INDICES)
def test_at_indices(name, dtype):
    """Only what the indices name is written, in the tensor's own memory, as is where nothing is shared."""
    if "alpha" in name and dtype is tidu.int64:
        return
    tidu.manual_seed(0)
    made, keywords = AT_INDICES[name]
    method = name.split()[0]
    x, y = (tidu.randn(90, 80).mul_(9).to(dtype) for _ in range(2))
    args = made(tidu.randperm(90) % 79, y)
    expected = getattr(x, method[:-1])(*args, **keywords)
    for before in (x.clone(), x.t().contiguous().t(), x.clone()[:]):
        memory, version = before.data_ptr(), before._version
        assert getattr(before, method)(*args, **keywords) is before
        assert (before.data_ptr(), before._version) == (memory, version + 1)
        assert before.equal(expected)


def test_at_indices_with_what_is_shared_or_recorded():
    x, i = tidu.arange(6.0).reshape(3, 2), tidu.tensor([2, 0, 1])
    assert x.clone().index_copy_(0, i, x).equal(x.index_copy(0, i, x))
    y = tidu.ones(3, 2, requires_grad=True)
    z = y * 1
    z.index_add_(0, i, y).sum().backward()
    assert y.grad.tolist() == [[2, 2]] * 3
    with pytest.raises(IndexError):
        tidu.zeros(3, 2).index_copy_(0, i + 1, x)
    with pytest.raises(RuntimeError, match="leaf"):
        y.index_fill_(0, i, 1)
