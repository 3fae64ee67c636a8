"""How public functions take their arguments, and what they say of those that do not fit."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import tidu

T = tidu.arange(6.0).view(2, 3)

SAME = [
    ("input", lambda: tidu.sin(input=T), lambda: T.sin()),
    ("numpy-x", lambda: tidu.sum(x=T, axis=0, keepdims=True), lambda: T.sum(0, True)),
    ("numpy-x1-x2", lambda: tidu.add(x1=T, x2=T, alpha=2), lambda: T + 2 * T),
    ("composite", lambda: tidu.logsumexp(x=T, axis=1), lambda: T.logsumexp(1)),
    ("in-place", lambda: tidu.clamp_(input=T.clone(), min=2), lambda: T.clamp(2)),
    ("abs_", lambda: tidu.abs_(input=-T), lambda: T),
    ("swapaxes", lambda: T.swapaxes(axis0=0, axis1=1), lambda: T.T),
    ("sections", lambda: T.tensor_split(sections=3, dim=1)[2], lambda: T[:, 2:]),
    ("hsplit", lambda: tidu.hsplit(T, indices=(1,))[1], lambda: T[:, 1:]),
    ("split_size", lambda: T.split(split_size=2, dim=1)[1], lambda: T[:, 2:]),
    ("numpy-ints", lambda: T.permute(np.int64(1), 0).repeat(np.int64(1), 2), lambda: T.T.repeat(1, 2)),
    ("python-type", lambda: T.sum(dtype=int), lambda: tidu.tensor(15)),
    ("no-dims", lambda: T.any(()), lambda: T != 0),
    ("where", lambda: tidu.stack(tidu.where(T > 4)), lambda: tidu.tensor([[1], [2]])),
]


@pytest.mark.parametrize(("call", "plain"), [c[1:] for c in SAME], ids=[c[0] for c in SAME])
def test_names(call, plain):
    assert tidu.equal(call(), plain())


WRONG = [
    (lambda: tidu.sin(T, 1), "sin() takes 1 positional argument but 2 were given"),
    (lambda: T.sin(1), "TensorBase.sin() takes no arguments (1 given)"),
    (lambda: T.sin(foo=1), "TensorBase.sin() takes no keyword arguments"),
    (lambda: T.transpose(0, 1, 2), "transpose() takes 2 positional arguments but 3 were given"),
    (lambda: tidu.sin(), 'sin() missing 1 required positional arguments: "input"'),
    (lambda: T.tile(), 'tile() missing 1 required positional arguments: "dims"'),
    (lambda: T.topk(), 'topk() missing 1 required positional arguments: "k"'),
    (lambda: tidu.relu_(), 'relu_() missing 1 required positional arguments: "input"'),
    (lambda: tidu.sin(T, foo=1), "sin() got an unexpected keyword argument 'foo'"),
    (lambda: tidu.sin(T, input=T), "sin() got multiple values for argument 'input'"),
    (lambda: tidu.hstack([T], dim=1), "hstack() got an unexpected keyword argument 'dim'"),
    (lambda: tidu.kron(T, 2), "kron(): argument 'other' (position 2) must be Tensor, not int"),
    (lambda: T.mul_("a"), "mul_(): argument 'other' (position 1) must be Tensor, not str"),
    (lambda: T.logical_and(1), "logical_and(): argument 'other' (position 1) must be Tensor, not int"),
    (lambda: tidu.sum(input=3), "sum(): argument 'input' must be Tensor, not int"),
    (lambda: T.cumsum("a"), "cumsum(): argument 'dim' (position 1) must be int, not str"),
    (lambda: T @ 2, "unsupported operand type(s) for @: 'Tensor' and 'int'"),
    (lambda: T.__matmul__(None) is NotImplemented and T @ None,
     "unsupported operand type(s) for @: 'Tensor' and 'NoneType'"),
    (lambda: operator.iadd(T.clone(), "a"), "unsupported operand type(s) for +=: 'Tensor' and 'str'"),
    (lambda: operator.ipow(T.clone(), None),
     "unsupported operand type(s) for **=: 'Tensor' and 'NoneType'"),
    (lambda: tidu.cummax(T, 1, out=T), "cummax(): argument 'out' must be tuple of Tensors, not Tensor"),
    (lambda: tidu.softmax(T, 0.5), "softmax(): argument 'dim' (position 2) must be int, not float"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "text"), WRONG, ids=[case[1] for case in WRONG])
def test_errors(call, text):
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value) == text
