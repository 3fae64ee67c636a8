"""Tensors among Python's and NumPy's own: numbers, lists, arrays, copies, pickles, DLPack."""

import copy
import math
import pickle
import threading

import numpy as np
import pytest

import tidu
from tidu.ops import python_data

X = tidu.tensor([1.0, 2.0])
ONE = "only one element tensors can be converted to Python scalars"
INDEX = "only integer tensors of a single element can be converted to an index"
GRAD = "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."


def leaf(*values):
    return tidu.tensor(list(values), requires_grad=True)


# Numbers

NUMBERS = [
    (lambda: tidu.tensor([[5]]).item(), 5),
    (lambda: tidu.tensor(True).item(), True),
    (lambda: tidu.tensor(1 + 2j).item(), 1 + 2j),
    (lambda: leaf(1.5).item(), 1.5),
    (lambda: float(tidu.tensor(1 + 0j)), 1.0),
    (lambda: int(tidu.tensor(1.7)), 1),
    (lambda: int(tidu.tensor([[3]])), 3),
    (lambda: complex(tidu.tensor(2)), 2 + 0j),
    (lambda: bool(tidu.tensor([0.0])), False),
    (lambda: [1, 2, 3][tidu.tensor([1])], 2),
    (lambda: list(range(tidu.tensor(3))), [0, 1, 2]),
    (lambda: math.sqrt(tidu.tensor(4.0)), 2.0),
    (lambda: "%.2f" % tidu.tensor(3.14159), "3.14"),  # noqa: UP031  (what is tested)
    (lambda: f"{leaf(1.23456)[0]:.2f}", "1.23"),
    (lambda: tidu.tensor([[1, 2]]).tolist(), [[1, 2]]),
    (lambda: tidu.tensor(1.5).tolist(), 1.5),
    (lambda: tidu.tensor([0.1]).item(), float(np.float32(0.1))),
    (lambda: len(X), 2),
    (lambda: 1.0 in X, True),
    (lambda: 5 in X, False),
    (lambda: X == None, False),  # noqa: E711  (what is tested)
    (lambda: X == "a", False),
]


@pytest.mark.parametrize(("make", "value"), NUMBERS)
def test_numbers(make, value):
    found = make()
    assert type(found) is type(value)
    assert found == value


REFUSED = [
    (lambda: X.item(), RuntimeError, "a Tensor with 2 elements cannot be converted to Scalar"),
    (lambda: float(X), ValueError, ONE),
    (lambda: int(X), ValueError, ONE),
    (lambda: complex(X), ValueError, ONE),
    (
        lambda: bool(X),
        RuntimeError,
        "Boolean value of Tensor with more than one value is ambiguous",
    ),
    (lambda: bool(X[:0]), RuntimeError, "Boolean value of Tensor with no values is ambiguous"),
    (
        lambda: float(tidu.tensor(1j)),
        RuntimeError,
        "value cannot be converted to type double without overflow",
    ),
    (lambda: int(tidu.tensor(float("nan"))), ValueError, "cannot convert float NaN to integer"),
    (lambda: [1, 2][tidu.tensor(1.0)], TypeError, INDEX),
    (lambda: [1, 2][tidu.tensor([0, 1])], TypeError, INDEX),
    (lambda: len(tidu.tensor(1)), TypeError, "len() of a 0-d tensor"),
    (lambda: list(tidu.tensor(1)), TypeError, "iteration over a 0-d tensor"),
    (
        lambda: "a" in X,
        RuntimeError,
        "Tensor.__contains__ only supports Tensor or scalar, but you passed in a <class 'str'>.",
    ),
    (lambda: leaf(1.0).numpy(), RuntimeError, GRAD),
    (lambda: np.asarray(leaf(1.0)), RuntimeError, GRAD),
    (lambda: np.sin(leaf(1.0)), RuntimeError, GRAD),
    (lambda: leaf(1.0) * np.ones(1), RuntimeError, GRAD),
    (
        lambda: leaf(1.0).__dlpack__(),
        BufferError,
        "Can't export tensors that require gradient, use tensor.detach()",
    ),
    (
        lambda: tidu.mul(X, np.ones(2)),
        TypeError,
        "mul(): argument 'other' (position 2) must be Tensor, not numpy.ndarray",
    ),
    (
        lambda: copy.deepcopy(leaf(1.0) * 2),
        RuntimeError,
        "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol "
        "at the moment.  If you were attempting to deepcopy a module, this may be because of a "
        "torch.nn.utils.weight_norm usage, see https://github.com/pytorch/pytorch/pull/103001",
    ),
]


@pytest.mark.parametrize(("act", "error", "text"), REFUSED)
def test_refusals(act, error, text):
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == text


def test_iteration_keeps_the_graph():
    x = leaf(1.0, 2.0)
    first, second = x
    assert first.grad_fn.name() == "UnbindBackward0"
    second.backward()
    assert x.grad.tolist() == [0, 1]
    assert reversed(X).tolist() == [2, 1]


def test_hashing_is_by_identity():
    assert len({X, X, tidu.tensor([1.0, 2.0])}) == 2


# NumPy


def test_numpy_shares_memory():
    x = tidu.zeros(2)
    x.numpy()[0] = 1
    assert x.tolist() == [1, 0]
    assert np.asarray(x).ctypes.data == x.data_ptr()
    x.numpy().shape = (2, 1)  # his own view
    assert x.shape == (2,)
    assert leaf(1.0).numpy(force=True).tolist() == [1]


ARRAYS = [
    (lambda a: X * a, "float64", [3, 8]),
    (lambda a: X / a, "float64", [1 / 3, 0.5]),
    (lambda a: X**a, "float64", [1, 16]),
    (lambda a: X * np.float64(2), "float32", [2, 4]),
    (lambda a: np.float32(2) * X, "float32", [2, 4]),
    (lambda a: X * np.array(2.5), "float64", [2.5, 5]),
    (lambda a: np.add(X, a), "float64", [4, 6]),
    (lambda a: np.square(X), "float32", [1, 4]),
    (lambda a: np.isnan(X), "uint8", [0, 0]),
    (lambda a: X.clone() == np.array([1.0, 3.0]), "bool", [True, False]),
]


@pytest.mark.parametrize(("compute", "dtype", "values"), ARRAYS)
def test_arrays_beside_tensors(compute, dtype, values):
    result = compute(np.array([3.0, 4.0]))
    assert type(result) is tidu.Tensor
    assert result.dtype.name == dtype
    np.testing.assert_allclose(result.numpy(), values)


def test_arrays_come_second():
    with pytest.raises(TypeError, match="unsupported operand"):
        np.ones(2) * X


def test_array_protocol():
    assert np.array(X).ctypes.data != X.data_ptr()
    assert np.asarray(X, dtype=np.float64).tolist() == [1, 2]
    assert np.stack([X, X]).shape == (2, 2)
    with pytest.raises(ValueError, match="Unable to avoid copy"):
        np.asarray(X, dtype=np.float64, copy=False)


# DLPack


def test_dlpack_both_ways():
    a = np.arange(3.0)
    x = tidu.from_dlpack(a)
    x[0] = 5
    assert a[0] == 5
    assert np.from_dlpack(x).ctypes.data == x.data_ptr()
    assert tidu.from_dlpack(tidu.to_dlpack(x)).data_ptr() == x.data_ptr()
    assert tuple(x.__dlpack_device__()) == (1, 0)
    with pytest.raises(RuntimeError, match="from_dlpack received an invalid capsule"):
        tidu.from_dlpack(3)


# Pickles and copies

COPIED = [
    lambda: X,
    lambda: leaf(1.0, 2.0),
    lambda: tidu.tensor(True),
    lambda: tidu.tensor([1 + 2j]),
    lambda: tidu.tensor([], dtype=tidu.int16),
    lambda: tidu.arange(6.0).reshape(2, 3).t(),
    lambda: tidu.arange(6)[2:],
    lambda: tidu.arange(12).reshape(3, 4)[:, ::2],
    lambda: tidu.tensor(1.0).expand(3),
    lambda: tidu.ones(2, 3, 4, 5).contiguous(memory_format=tidu.channels_last),
    lambda: tidu.ones(2, 0, 3),
]


def through_pickle(x):
    return pickle.loads(pickle.dumps(x))


@pytest.mark.parametrize("copier", [through_pickle, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("make", COPIED)
def test_copies_are_the_same_tensor_again(copier, make):
    x = make()
    y = copier(x)
    assert y is not x
    assert y.dtype is x.dtype
    assert y.shape == x.shape
    assert y.stride() == x.stride()
    assert y.storage_offset() == x.storage_offset()
    assert y.tolist() == x.tolist()
    assert y.requires_grad == x.requires_grad
    assert y.is_leaf
    shared = copier is copy.copy
    assert x.numel() == 0 or (y.data_ptr() == x.data_ptr()) == shared


@pytest.mark.parametrize("copier", [through_pickle, copy.deepcopy])
def test_views_still_share_memory(copier):
    x = tidu.arange(6.0)
    view, whole = copier((x[2:], x))
    whole[2] = 77
    assert view[0].item() == 77
    assert x[2].item() == 2


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_all_pickle_protocols(protocol):
    assert pickle.loads(pickle.dumps(X, protocol)).tolist() == [1, 2]


def test_pickled_objects_keep_their_identity():
    for thing in (tidu.float32, tidu.strided, tidu.channels_last, tidu.LongTensor):
        assert through_pickle(thing) is thing
    assert through_pickle(tidu.Size([2, 3])) == tidu.Size([2, 3])


def test_deepcopy_copies_the_gradient_and_attributes():
    x = leaf(1.0)
    x.grad = tidu.ones(1)
    x.note = ["kept"]
    y = copy.deepcopy(x)
    assert y.grad.tolist() == [1]
    assert y.grad is not x.grad
    assert y.note == ["kept"]
    assert y.note is not x.note
    first, second = copy.deepcopy([x, x])
    assert first is second


def test_subclasses():
    class Marked(tidu.Tensor):
        pass

    x = tidu.zeros(2).as_subclass(Marked)
    assert type(x) is type(copy.copy(x)) is Marked
    assert type(Marked([1.0])) is Marked
    assert tidu.Tensor._make_subclass(Marked, tidu.ones(2), True).requires_grad


# Inference mode


def test_inference_tensors():
    n, w = tidu.ones(2), leaf(1.0, 2.0)
    with tidu.inference_mode():
        made = [tidu.ones(2), n * 2, w * 2, tidu.ones(2)[:1], tidu.tensor([1.0])]
        views = [n[:1], n.detach(), n.view(2)]
        assert all(type(x) is tidu.Tensor for x in made)
    assert all(x.is_inference() and not x.requires_grad for x in made)
    assert not any(x.is_inference() for x in views)
    t = made[0]
    assert t[:1].is_inference()
    assert t.detach().is_inference()
    assert not any(x.is_inference() for x in (t * 2, t.clone(), t + w))


INFERENCE = [
    (lambda t, w: w * t, "Inference tensors cannot be saved for backward. Please do not use"),
    (
        lambda t, w: t.add_(1),
        "Inplace update to inference tensor outside InferenceMode is not allowed",
    ),
    (
        lambda t, w: t.zero_(),
        "Inplace update to inference tensor outside InferenceMode is not allowed",
    ),
    (
        lambda t, w: t.copy_(w.detach()),
        "Inplace update to inference tensor outside InferenceMode is not allowed",
    ),
    (
        lambda t, w: t.requires_grad_(),
        "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.",
    ),
    (lambda t, w: t._version, "Inference tensors do not track version counter."),
]


@pytest.mark.parametrize(("act", "text"), INFERENCE)
def test_inference_tensors_refuse(act, text):
    with tidu.inference_mode():
        t = tidu.ones(2)
    with pytest.raises(RuntimeError) as caught:
        act(t, leaf(1.0, 2.0))
    assert str(caught.value).startswith(text)


def test_writing_in_inference_mode():
    n = tidu.ones(2)
    with tidu.inference_mode():
        t = tidu.ones(2)
        t.add_(1)
        n.add_(t)
    assert n.tolist() == [3, 3]
    assert n._version == 1
    assert not n.is_inference()


def test_inference_mode_belongs_to_a_thread():
    found = []
    with tidu.inference_mode():
        thread = threading.Thread(target=lambda: found.append((tidu.ones(2) * 2).is_inference()))
        thread.start()
        thread.join()
    assert found == [False]


def test_inference_mode_nests_and_decorates():
    @tidu.inference_mode()
    def outer():
        with tidu.inference_mode(False):
            inner = tidu.ones(1)
        with tidu.enable_grad():
            tracked = leaf(1.0) * 2
        return tidu.ones(1).is_inference(), inner.is_inference(), tracked.requires_grad

    assert outer() == (True, False, False)
    assert tidu.is_grad_enabled()
    assert not tidu.ones(1).is_inference()


def test_a_storage_outlives_its_tensors():
    x = tidu.arange(6.0)
    storage = x.untyped_storage()
    del x
    others = [tidu.zeros(6) for _ in range(10)]
    assert storage.tolist()[-2:] == [160, 64]
    assert all(t.untyped_storage() is not storage for t in others)


@pytest.mark.parametrize(
    "convert", [float, complex, math.sqrt, lambda x: tidu.tensor([1.0, x])]
)
def test_a_number_out_of_the_graph_warns_once(convert, monkeypatch):
    monkeypatch.setattr(python_data, "_warned_of_history", False)
    x = tidu.tensor(1.5, requires_grad=True)
    for silent in (int, bool, tidu.Tensor.item, lambda x: f"{x:.1f}", lambda x: float(x.detach())):
        silent(x)
    with pytest.warns(UserWarning, match="^Converting a tensor with requires_grad=True") as seen:
        assert [convert(x), convert(x)]
    assert len(seen) == 1
    assert seen[0].filename == __file__
