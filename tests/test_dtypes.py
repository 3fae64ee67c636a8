"""Dtypes, devices and sizes: what they are, how they mix, PyTorch's errors."""

import copy
import pickle

import numpy as np
import pytest

import tidu

INT, FLOAT, HALF = tidu.ones(2, dtype=tidu.int8), tidu.ones(2), tidu.ones(2, dtype=tidu.float16)
UNSUPPORTED = "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "

RESULTS = [
    (FLOAT, 3, tidu.float32),
    (3, 3.0, tidu.float32),
    (True, INT, tidu.int8),
    (INT, 2.5, tidu.float32),
    (1j, tidu.ones(2, dtype=tidu.float64), tidu.complex128),
    (HALF, tidu.tensor(1.0, dtype=tidu.float64), tidu.float16),
    (HALF, tidu.ones(1, dtype=tidu.float64), tidu.float64),
    (INT, tidu.tensor(300), tidu.int8),
]


@pytest.mark.parametrize(("a", "b", "want"), RESULTS, ids=range(len(RESULTS)))
def test_result_type(a, b, want):
    assert tidu.result_type(a, b) is want
    assert tidu.result_type(tensor=a, other=b) is want


PROMOTIONS = [
    (tidu.uint8, tidu.int8, tidu.int16),
    (tidu.uint8, tidu.int64, tidu.int64),
    (tidu.bool, tidu.uint8, tidu.uint8),
    (tidu.uint16, tidu.uint16, tidu.uint16),
    (tidu.uint16, tidu.float32, tidu.float32),
    (tidu.float64, tidu.complex64, tidu.complex128),
    (tidu.int64, tidu.complex64, tidu.complex64),
]


@pytest.mark.parametrize(("a", "b", "want"), PROMOTIONS, ids=str)
def test_promote_types(a, b, want):
    assert tidu.promote_types(a, b) is tidu.promote_types(type1=b, type2=a) is want


def test_limits():
    assert repr(tidu.finfo(tidu.float16)) == (
        "finfo(resolution=0.001, min=-65504, max=65504, eps=0.000976562, "
        "smallest_normal=6.10352e-05, tiny=6.10352e-05, dtype=float16)"
    )
    assert repr(tidu.iinfo(tidu.int64)) == "iinfo(min=-9.22337e+18, max=9.22337e+18, dtype=int64)"
    assert tidu.iinfo(tidu.int64).max == 2**63 - 1
    assert tidu.finfo(tidu.float32) == tidu.finfo(tidu.complex64) != tidu.finfo(tidu.float64)
    assert tidu.finfo().resolution == 1e-6


def test_device():
    cuda = tidu.device("cuda", 1)
    assert cuda == tidu.device("cuda:1") == tidu.device(device="cuda:1") != tidu.device("cuda")
    assert pickle.loads(pickle.dumps(cuda)) == copy.deepcopy(cuda) == tidu.device(cuda)
    with tidu.device("cpu") as here:
        assert tidu.zeros(1).device == here


def test_size():
    size = tidu.Size([1, 2])
    front, back = (0,), (0, 1, 2)
    assert repr(front + size) == repr(size[:0] + back) == "tidu.Size([0, 1, 2])"
    assert (2 * size).numel() == 4


ERRORS = [
    (lambda: tidu.result_type(FLOAT, "a"), TypeError,
     "result_type() received an invalid combination of arguments - got (Tensor, str), but expected "
     "one of:\n * (Tensor tensor, Tensor other)\n      didn't match because some of the arguments "
     "have invalid types: (Tensor, !str!)\n"),
    (lambda: tidu.promote_types(tidu.uint16, tidu.bool), RuntimeError, UNSUPPORTED + "UInt16 and Bool"),
    (lambda: tidu.promote_types(tidu.int8, tidu.uint64), RuntimeError, UNSUPPORTED + "Char and UInt64"),
    (lambda: tidu.promote_types(tidu.int8), TypeError,
     'promote_types() missing 1 required positional arguments: "type2"'),
    (lambda: tidu.can_cast(3, tidu.bool), TypeError,
     "can_cast(): argument 'from_' (position 1) must be torch.dtype, not int"),
    (lambda: tidu.iinfo(3), TypeError,
     "iinfo(): argument 'type' (position 1) must be torch.dtype, not int"),
    (lambda: tidu.dtype(), TypeError, "cannot create 'torch.dtype' instances"),
    (lambda: tidu.int8.to_complex(), RuntimeError, "Unknown Complex ScalarType for Char"),
    (lambda: tidu.device(""), RuntimeError, "Device string must not be empty"),
    (lambda: tidu.device("cuda:01"), RuntimeError, "Invalid device string: 'cuda:01'"),
    (lambda: tidu.device("cpu", -1), RuntimeError, "Device index must not be negative"),
    (lambda: tidu.device("cuda:1", 2), RuntimeError,
     "type (string) must not include an index because index was passed explicitly: cuda:1"),
    (lambda: tidu.device(0), RuntimeError,
     "Cannot access accelerator device when none is available."),
    (lambda: tidu.device(None), TypeError,
     "device() received an invalid combination of arguments - got (NoneType), but expected one of:"
     "\n * (torch.device device)\n      didn't match"),
    (lambda: setattr(tidu.device("cpu"), "type", "cuda"), AttributeError,
     "attribute 'type' of 'torch.device' objects is not writable"),
    (lambda: FLOAT.to("xpu"), AssertionError, "Torch not compiled with XPU enabled"),
    (lambda: FLOAT.to("mps"), RuntimeError, "PyTorch is not linked with support for mps devices"),
    (lambda: tidu.zeros(2, device=1.5), TypeError,
     "zeros(): argument 'device' must be torch.device, not float"),
    (lambda: tidu.Size([1]).__add__([2]), TypeError,
     "can only concatenate tuple (not list) to tidu.Size"),
    (lambda: tidu.full((2,), 1e40), RuntimeError,
     "value cannot be converted to type float without overflow"),
    (lambda: tidu.full((2,), 2**63), RuntimeError,
     "value cannot be converted to type int64_t without overflow"),
    (lambda: tidu.full((2,), 2**64), OverflowError, "int too big to convert"),
    (lambda: FLOAT.clone().fill_(1e40), RuntimeError,
     "value cannot be converted to type float without overflow"),
    (lambda: INT + 2**70, OverflowError, "int too big to convert"),
    (lambda: FLOAT * 2**64, OverflowError, "int too big to convert"),
    (lambda: FLOAT.new_zeros(2.5), TypeError,
     "new_zeros(): argument 'size' (position 1) must be tuple of ints, not float"),
    (lambda: FLOAT.new_zeros(-1), RuntimeError,
     "Trying to create tensor with negative dimension -1: [-1]"),
    (lambda: tidu.zeros(2, out=3), TypeError, "zeros(): argument 'out' must be Tensor, not int"),
    (lambda: tidu.zeros(2, layout=3), TypeError,
     "zeros(): argument 'layout' must be torch.layout, not int"),
    (lambda: tidu.zeros(2**44), RuntimeError,
     "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you "
     "tried to allocate 70368744177664 bytes. Error code 12 (Cannot allocate memory)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS, ids=[e[2][:40] for e in ERRORS])
def test_error(call, kind, text):
    with pytest.raises(kind) as raised:
        call()
    assert str(raised.value).startswith(text)


@pytest.mark.filterwarnings("error")
def test_a_number_beyond_the_dtype_is_infinite_and_warns_of_nothing():
    assert (FLOAT * 1e40).tolist() == [np.inf, np.inf]
    assert (HALF + 70000).tolist() == [np.inf, np.inf]


def test_stride_of_new_dimensions():
    x = tidu.zeros(2, 3)
    assert [x[None].stride(), x[:, None].stride(), x[..., None].stride()] == [
        (6, 3, 1), (3, 3, 1), (3, 1, 1)
    ]  # fmt: skip
    assert x[0].expand(1, 3).stride() == (3, 1)
    assert x.is_set_to(x.view(2, 3))
    assert not x.is_set_to(x.t())
