"""New tensors: what dtype, shape and values they get, and what PyTorch refuses."""

import weakref

import numpy as np
import pytest

import tidu

NAN, INF = float("nan"), float("inf")

# data -> dtype and values that `tensor(data)` has.
INFERRED = [
    (5, "int64", 5),
    (1.5, "float32", 1.5),
    (True, "bool", True),
    (1 + 2j, "complex64", 1 + 2j),
    ([], "float32", []),
    ([[]], "float32", [[]]),
    ([[], [1]], "float32", [[], []]),
    ([1, 2], "int64", [1, 2]),
    ((1, 2.5), "float32", [1.0, 2.5]),
    ([True, 2], "int64", [1, 2]),
    ([True, 2.5], "float32", [1.0, 2.5]),
    ([1, 2.5, 1j], "complex64", [1, 2.5, 1j]),
    ([[1, 2], [3, 4]], "int64", [[1, 2], [3, 4]]),
    ([[[1.0], [2]]], "float32", [[[1.0], [2.0]]]),
    (range(3), "int64", [0, 1, 2]),
    ([range(2), range(2)], "int64", [[0, 1], [0, 1]]),
    (bytearray(b"ab"), "int64", [97, 98]),
    (np.float64(1.5), "float64", 1.5),
    ([np.float64(1.5), 1.0], "float64", [1.5, 1.0]),
    ([np.float32(1.5)], "float32", [1.5]),
    ([np.int32(1)], "int32", [1]),
    ([np.int32(1), 2], "int64", [1, 2]),
    ([np.bool_(True)], "bool", [True]),
    (np.array([1, 2], np.uint16), "uint16", [1, 2]),
    ([[1, 2], np.array([3, 4])], "int64", [[1, 2], [3, 4]]),
    ([2**64, 1.0], "float32", [2.0**64, 1.0]),
    (1e300, "float32", INF),
]


@pytest.mark.parametrize(("data", "dtype", "values"), INFERRED, ids=repr)
def test_tensor_infers_the_dtype(data, dtype, values):
    x = tidu.tensor(data)
    assert x.dtype is getattr(tidu, dtype)
    assert x.tolist() == values


CONVERTED = [
    ([1.7, -2.5], "int64", [1, -2]),
    (-1, "uint8", 255),
    (-255, "uint8", 1),
    ([255.9 - 1], "uint8", [254]),
    (2**63, "uint64", 2**63),
    (0.5, "bool", True),
    (NAN, "bool", True),
    (1e30, "float16", INF),
    ([1, 0, 2], "bool", [True, False, True]),
    ([1 + 2j], "bool", [True]),
    (1, "complex128", 1 + 0j),
    ([True], "float64", [1.0]),
]


@pytest.mark.parametrize(("data", "dtype", "values"), CONVERTED, ids=repr)
def test_tensor_converts_to_the_dtype(data, dtype, values):
    x = tidu.tensor(data, dtype=getattr(tidu, dtype))
    assert x.dtype is getattr(tidu, dtype)
    assert x.tolist() == values


OVERFLOW = "value cannot be converted to type {} without overflow"
BAD_DATA = [
    ([[1, 2], [3, 4, 5]], None, ValueError, "expected sequence of length 2 at dim 1 (got 3)"),
    ([[[1], [2]], [[3]]], None, ValueError, "expected sequence of length 2 at dim 1 (got 1)"),
    ([[1, 2], 3], None, TypeError, "not a sequence"),
    ([1, [2, 3]], None, TypeError, "'list' object cannot be interpreted as an integer"),
    ([1.5, [2]], None, TypeError, "must be real number, not list"),
    ("abc", None, TypeError, "new(): invalid data type 'str'"),
    (["abc"], None, ValueError, "too many dimensions 'str'"),
    ([[1, 2], [3, "a"]], None, TypeError, "new(): invalid data type 'str'"),
    (None, None, RuntimeError, "Could not infer dtype of NoneType"),
    ([1, None], None, RuntimeError, "Could not infer dtype of NoneType"),
    ({1: 2}, None, RuntimeError, "Could not infer dtype of dict"),
    (2**63, None, ValueError, "Overflow when unpacking long long"),
    ([-(2**63) - 1], None, ValueError, "Overflow when unpacking long long"),
    (300, "uint8", RuntimeError, OVERFLOW.format("uint8")),
    (-300, "uint8", RuntimeError, OVERFLOW.format("uint8")),
    ([-1.5], "uint8", RuntimeError, OVERFLOW.format("uint8")),
    (200, "int8", RuntimeError, OVERFLOW.format("int8")),
    (2**40, "int32", RuntimeError, OVERFLOW.format("int32")),
    (NAN, "int64", RuntimeError, OVERFLOW.format("int64")),
    (2.0**63, "int64", RuntimeError, OVERFLOW.format("int64")),
    (-1, "uint64", OverflowError, "can't convert negative int to unsigned"),
    (1 + 0j, "float32", TypeError, "must be real number, not complex"),
    ([1j], "int64", TypeError, "'complex' object cannot be interpreted as an integer"),
]


@pytest.mark.parametrize(("data", "dtype", "error", "text"), BAD_DATA, ids=repr)
def test_tensor_refuses(data, dtype, error, text):
    with pytest.raises(error) as caught:
        tidu.tensor(data, dtype=dtype and getattr(tidu, dtype))
    assert str(caught.value) == text


def test_tensor_of_tensors():
    half = tidu.tensor(0.5, dtype=tidu.float64)
    assert tidu.tensor([half, 2]).dtype is tidu.float64
    assert tidu.tensor([tidu.tensor([1]), tidu.tensor([[2]])]).tolist() == [1, 2]
    with pytest.raises(ValueError, match="only one element tensors can be converted"):
        tidu.tensor([tidu.ones(2), tidu.ones(2)])


def test_tensor_of_a_tensor_copies_and_warns():
    x = tidu.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="To copy construct from a tensor"):
        y = tidu.tensor(x)
    assert not y.requires_grad
    assert y.data_ptr() != x.data_ptr()


def test_default_dtype_is_followed():
    tidu.set_default_dtype(tidu.float64)
    try:
        assert tidu.tensor([1.5]).dtype is tidu.zeros(1).dtype is tidu.float64
        assert tidu.tensor(1j).dtype is tidu.complex128
        assert tidu.Tensor([1]).dtype is tidu.float64
    finally:
        tidu.set_default_dtype(tidu.float32)


BAD_OPTIONS = [
    ({"dtype": 5}, TypeError, "tensor(): argument 'dtype' must be torch.dtype, not int"),
    ({"dtype": "float32"}, TypeError, "tensor(): argument 'dtype' must be torch.dtype, not str"),
    ({"device": "cuda"}, AssertionError, "Torch not compiled with CUDA enabled"),
    ({"requires_grad": 1}, TypeError, "tensor(): argument 'requires_grad' must be bool, not int"),
    (
        {"requires_grad": True},
        RuntimeError,
        "Only Tensors of floating point and complex dtype can require gradients",
    ),
    (
        {"pin_memory": True},
        RuntimeError,
        "pin_memory=True requires a CUDA or other accelerator backend; no pinned memory allocator "
        "is available on this system.",
    ),
]


@pytest.mark.parametrize(("options", "error", "text"), BAD_OPTIONS, ids=repr)
def test_options_are_checked(options, error, text):
    with pytest.raises(error) as caught:
        tidu.tensor([1], **options)
    assert str(caught.value) == text


def test_pythons_types_are_dtypes():
    kinds = {float: "float64", int: "int64", bool: "bool", complex: "complex128"}
    for kind, name in kinds.items():
        assert tidu.tensor(1, dtype=kind).dtype is getattr(tidu, name)
        assert tidu.zeros(1, dtype=kind).dtype is getattr(tidu, name)


@pytest.mark.parametrize("make", [tidu.zeros, tidu.ones, tidu.empty])
def test_shapes(make):
    for size in [(2, 3), ((2, 3),), ([2, 3],), (tidu.Size([2, 3]),), (np.int64(2), tidu.tensor(3))]:
        assert make(*size).shape == (2, 3)
    assert make(size=(2, 3)).shape == (2, 3)
    assert make(()).shape == make([]).shape == ()
    assert make(0, 3).shape == (0, 3)


BAD_SHAPES = [
    ((2.5,), "zeros(): argument 'size' (position 1) must be tuple of ints, not float"),
    (
        ((2.5,),),
        "zeros(): argument 'size' (position 1) must be tuple of ints, but found element of type "
        "float at pos 0",
    ),
    (
        (2, 2.5),
        "zeros(): argument 'size' failed to unpack the object at pos 2 with error \"type must be "
        'tuple of ints,but got float"',
    ),
    (("a",), "zeros(): argument 'size' (position 1) must be tuple of ints, not str"),
    ((True,), "zeros(): argument 'size' (position 1) must be tuple of ints, not bool"),
    ((), 'zeros() missing 1 required positional arguments: "size"'),
]


@pytest.mark.parametrize(("size", "text"), BAD_SHAPES, ids=repr)
def test_shapes_that_are_refused(size, text):
    with pytest.raises(TypeError) as caught:
        tidu.zeros(*size)
    assert str(caught.value) == text


def test_negative_and_huge_sizes():
    with pytest.raises(RuntimeError, match="zeros: Dimension size must be non-negative"):
        tidu.zeros(2, -3)
    with pytest.raises(RuntimeError, match=r"negative dimension -1: \[-1\]"):
        tidu.ones(-1)
    with pytest.raises(RuntimeError, match="Storage size calculation overflowed"):
        tidu.ones(2**40, 2**40)


def test_zeros_ones_full():
    assert tidu.zeros(2).tolist() == [0.0, 0.0]
    assert tidu.ones(2, dtype=tidu.complex64).tolist() == [1, 1]
    assert tidu.ones(2, requires_grad=True).requires_grad
    assert [tidu.full((1,), v).dtype.name for v in (True, 3, 3.5, 1j)] == [
        "bool", "int64", "float32", "complex64",
    ]  # fmt: skip
    assert tidu.full((2,), 3.7, dtype=tidu.int64).tolist() == [3, 3]
    assert tidu.full((2,), -1, dtype=tidu.uint8).tolist() == [255, 255]
    assert tidu.full([2], tidu.tensor(3.0)).tolist() == [3, 3]


BAD_FULL = [
    (((2,), 300), {"dtype": tidu.uint8}, RuntimeError, OVERFLOW.format("uint8_t")),
    (((2,), NAN), {"dtype": tidu.int64}, RuntimeError, OVERFLOW.format("int64_t")),
    (((2,), 1j), {"dtype": tidu.float32}, RuntimeError, OVERFLOW.format("float")),
    ((2, 3), {}, TypeError, "full(): argument 'size' (position 1) must be tuple of ints, not int"),
    (
        ((2,), "a"),
        {},
        TypeError,
        "full(): argument 'fill_value' (position 2) must be Number, not str",
    ),
]


@pytest.mark.parametrize(("args", "options", "error", "text"), BAD_FULL, ids=repr)
def test_full_refuses(args, options, error, text):
    with pytest.raises(error) as caught:
        tidu.full(*args, **options)
    assert str(caught.value) == text


def test_out():
    out = tidu.ones(3)
    assert tidu.zeros(2, out=out) is out
    assert out.tolist() == [0, 0]
    assert tidu.arange(3, out=tidu.empty(0, dtype=tidu.int64)).tolist() == [0, 1, 2]
    assert tidu.arange(3, out=tidu.empty(0)).dtype is tidu.float32
    assert tidu.eye(2, out=tidu.empty(2, 2)).tolist() == [[1, 0], [0, 1]]
    with pytest.raises(RuntimeError, match="dtype Float does not match dtype of out parameter"):
        tidu.zeros(2, out=tidu.ones(2, dtype=tidu.int64), dtype=tidu.float32)
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        tidu.zeros(2, out=tidu.ones(2, requires_grad=True))


# Like another tensor


def test_like():
    i = tidu.tensor([[1, 2, 3]])
    assert tidu.zeros_like(i).tolist() == [[0, 0, 0]]
    assert tidu.ones_like(i, dtype=tidu.float32, requires_grad=True).requires_grad
    assert tidu.full_like(i, 3.7).tolist() == [[3, 3, 3]]
    assert tidu.empty_like(i).shape == (1, 3)
    assert not tidu.zeros_like(tidu.ones(2, requires_grad=True)).requires_grad
    with pytest.raises(
        TypeError, match=r"zeros_like\(\): argument 'input' \(position 1\) must be Tensor, not int"
    ):
        tidu.zeros_like(3)


STRIDES = [
    (lambda: tidu.ones(2, 3).t(), (1, 3)),
    (lambda: tidu.ones(4, 6)[:, ::2], (3, 1)),
    (lambda: tidu.ones(4, 6).t()[:, ::2], (1, 6)),
    (lambda: tidu.ones(3, 1).expand(3, 4), (4, 1)),
    (lambda: tidu.ones(4, 1).expand(4, 3).t(), (4, 1)),
]


@pytest.mark.parametrize("copy", [tidu.zeros_like, tidu.clone, tidu.Tensor.double])
def test_copies_keep_the_order_of_strides(copy):
    assert [copy(make()).stride() for make, _ in STRIDES] == [stride for _, stride in STRIDES]


def test_memory_formats():
    last = tidu.channels_last
    x = tidu.ones(2, 3, 4, 5)
    assert tidu.zeros_like(x, memory_format=last).stride() == (60, 1, 15, 3)
    assert tidu.empty(2, 3, 4, 5, memory_format=last).stride() == (60, 1, 15, 3)
    assert x.clone(memory_format=last).is_contiguous(memory_format=last)
    assert tidu.empty_strided((2, 3), (1, 2)).stride() == (1, 2)
    assert tidu.empty_permuted((2, 3, 5), (0, 2, 1)).stride() == (15, 1, 3)
    with pytest.raises(RuntimeError, match="required rank 4 tensor to use channels_last format"):
        tidu.empty(2, memory_format=last)


@pytest.mark.parametrize(
    ("title", "call"),
    [
        ("contiguous", lambda x, f: x.contiguous(memory_format=f)),
        ("is_contiguous", lambda x, f: x.is_contiguous(memory_format=f)),
        ("clone", lambda x, f: x.clone(memory_format=f)),
        ("double", lambda x, f: x.double(memory_format=f)),
        ("to", lambda x, f: x.to(tidu.float64, memory_format=f)),
        ("empty", lambda x, f: tidu.empty(2, memory_format=f)),
        ("zeros_like", lambda x, f: tidu.zeros_like(x, memory_format=f)),
    ],
)
def test_no_memory_format(title, call):
    for wrong, kind in (("channels_last", "str"), (3, "int")):
        with pytest.raises(TypeError) as caught:
            call(tidu.ones(2), wrong)
        text = f"{title}(): argument 'memory_format' must be torch.memory_format, not {kind}"
        assert str(caught.value) == text


def test_new_methods():
    i = tidu.tensor([1, 2])
    assert i.new_tensor([1.5, 2]).tolist() == [1, 2]
    assert i.new_zeros(2, 3).dtype is i.new_ones((2, 3)).dtype is tidu.int64
    assert i.new_full((2,), 3.5).tolist() == [3, 3]
    assert i.new_empty(2, 3, dtype=tidu.float32, requires_grad=True).requires_grad
    assert i.new_empty_strided((2, 3), (1, 2)).stride() == (1, 2)
    with pytest.raises(RuntimeError, match="Only Tensors of floating point"):
        i.new_zeros(2, requires_grad=True)


# Ranges

RANGES = [
    ((5,), {}, "int64", [0, 1, 2, 3, 4]),
    ((5.0,), {}, "float32", [0, 1, 2, 3, 4]),
    ((1, 5, 2), {}, "int64", [1, 3]),
    ((5, 1, -2), {}, "int64", [5, 3]),
    ((), {"start": 1, "end": 3}, "int64", [1, 2]),
    ((1, 2, 0.25), {}, "float32", [1, 1.25, 1.5, 1.75]),
    ((0.7, 5.2, 1), {"dtype": tidu.int64}, "int64", [0, 1, 2, 3, 4]),
    ((3,), {"dtype": tidu.float16}, "float16", [0, 1, 2]),
    ((tidu.tensor(3),), {}, "int64", [0, 1, 2]),
    ((np.float64(2),), {}, "float32", [0, 1]),
    ((0,), {}, "int64", []),
    ((2**62, 2**62 + 2), {}, "int64", [2**62, 2**62 + 1]),
]


@pytest.mark.parametrize(("args", "options", "dtype", "values"), RANGES, ids=repr)
def test_arange(args, options, dtype, values):
    x = tidu.arange(*args, **options)
    assert x.dtype.name == dtype
    assert x.tolist() == values


BAD_RANGES = [
    ((5, 1), {}, RuntimeError, "upper bound and lower bound inconsistent with step sign"),
    ((1, 5), {"step": 0}, RuntimeError, "step must be nonzero"),
    ((0, 3, 0.5), {"dtype": tidu.int64}, ValueError, "step must be nonzero"),
    ((NAN,), {}, RuntimeError, "unsupported range: 0 -> nan"),
    (("a",), {}, TypeError, "arange(): argument 'end' (position 1) must be Number, not str"),
    ((5,), {"dtype": tidu.bool}, NotImplementedError, "\"arange_cpu\" not implemented for 'Bool'"),
]


@pytest.mark.parametrize(("args", "options", "error", "text"), BAD_RANGES, ids=repr)
def test_arange_refuses(args, options, error, text):
    with pytest.raises(error) as caught:
        tidu.arange(*args, **options)
    assert str(caught.value) == text


@pytest.mark.parametrize("dtype", [tidu.float32, tidu.float64])
@pytest.mark.parametrize(("start", "end", "step"), [(0, 9, 0.1), (-3.3, 7.1, 0.37), (5, -5, -0.3)])
def test_arange_is_accurate(start, end, step, dtype):
    x = tidu.arange(start, end, step, dtype=dtype)
    expected = np.arange(start, end, step)
    eps = tidu.finfo(dtype).eps * 50
    np.testing.assert_allclose(x.numpy(), expected, rtol=eps, atol=eps)


def test_linspace():
    assert tidu.linspace(0, 1, 5).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert tidu.linspace(0, 10, 4, dtype=tidu.int64).tolist() == [0, 3, 6, 10]
    assert tidu.linspace(0, 1, 1).tolist() == [0]
    assert tidu.linspace(0, 1, 0).tolist() == []
    assert tidu.linspace(0, 1 + 1j, 3).tolist() == [0, 0.5 + 0.5j, 1 + 1j]
    x = tidu.linspace(-1.3, 2.7, 100, dtype=tidu.float64)
    np.testing.assert_allclose(x.numpy(), np.linspace(-1.3, 2.7, 100), rtol=1e-14, atol=1e-15)
    assert x[-1].item() == 2.7
    with pytest.raises(RuntimeError, match="number of steps must be non-negative"):
        tidu.linspace(0, 1, -1)


def test_logspace():
    assert tidu.logspace(0, 2, 3).tolist() == [1, 10, 100]
    assert tidu.logspace(0, 2, 3, base=2).tolist() == [1, 2, 4]
    assert tidu.logspace(0, 3, 4, dtype=tidu.int64).tolist() == [1, 10, 100, 1000]


def test_eye_and_triangles():
    assert tidu.eye(2, 3).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert tidu.eye(2, dtype=tidu.bool).tolist() == [[True, False], [False, True]]
    assert tidu.tril_indices(3, 4, -1).tolist() == [[1, 2, 2], [0, 0, 1]]
    assert tidu.triu_indices(3, 4, 1, dtype=tidu.int32).tolist() == [
        [0, 0, 0, 1, 1, 2],
        [1, 2, 3, 2, 3, 3],
    ]
    with pytest.raises(RuntimeError, match="n must be greater or equal to 0, got -1"):
        tidu.eye(-1)


# From arrays and buffers


def test_from_numpy_shares_memory():
    a = np.arange(6.0).reshape(2, 3)
    x = tidu.from_numpy(a[1:])
    a[1, 0] = 7
    x[0, 1] = 8
    assert x.tolist() == [[7, 8, 5]]
    assert a[1, 1] == 8
    assert x.storage_offset() == 0
    assert x.untyped_storage().nbytes() == 24
    assert tidu.from_numpy(np.ones((2, 3), order="F")).stride() == (1, 2)


def test_from_numpy_keeps_the_array():
    a = np.arange(1000.0)
    kept = weakref.ref(a)
    x = tidu.from_numpy(a[10:20])
    del a
    assert kept() is not None
    assert x.sum().item() == 145
    del x
    assert kept() is None


BAD_ARRAYS = [
    (3, TypeError, "expected np.ndarray (got int)"),
    (np.float32(3), TypeError, "expected np.ndarray (got numpy.float32)"),
    (np.arange(3)[::-1], ValueError, "At least one stride in the given numpy array is negative"),
    (np.array("a"), TypeError, "can't convert np.ndarray of type numpy.str_."),
    (
        np.array([1], ">i4"),
        ValueError,
        "given numpy array has byte order different from the native",
    ),
    (
        np.zeros(3, [("a", float), ("b", np.int32)])["a"],
        ValueError,
        "given numpy array strides not a multiple of the element byte size.",
    ),
]


@pytest.mark.parametrize(("array", "error", "text"), BAD_ARRAYS, ids=repr)
def test_from_numpy_refuses(array, error, text):
    with pytest.raises(error) as caught:
        tidu.from_numpy(array)
    assert str(caught.value).startswith(text)


def test_from_numpy_warns_of_read_only_memory():
    a = np.ones(2)
    a.flags.writeable = False
    with pytest.warns(UserWarning, match="The given NumPy array is not writable"):
        x = tidu.from_numpy(a)
    assert x.add(1).tolist() == [2, 2]


def test_as_tensor_and_asarray():
    a = np.ones(2, np.float32)
    x = tidu.ones(2, requires_grad=True)
    assert tidu.as_tensor(x) is x
    assert tidu.as_tensor(a).data_ptr() == tidu.asarray(a).data_ptr() == a.ctypes.data
    assert tidu.asarray(a, copy=True).data_ptr() != a.ctypes.data
    assert tidu.as_tensor(x, dtype=tidu.float64).grad_fn.name() == "ToCopyBackward0"
    assert not tidu.asarray(x, requires_grad=False).requires_grad
    with pytest.raises(
        ValueError, match="can't alias tensor with dtype 'Float' into dtype 'Double'"
    ):
        tidu.asarray(tidu.ones(2), dtype=tidu.float64, copy=False)
    with pytest.raises(ValueError, match="can't alias arbitrary sequence into a tensor"):
        tidu.asarray([1, 2], copy=False)


def test_frombuffer():
    data = bytearray(b"abcdefgh")
    x = tidu.frombuffer(data, dtype=tidu.int16, offset=2, count=2)
    assert x.tolist() == [25699, 26213]
    x[0] = 0
    assert data[2:4] == b"\0\0"


BAD_BUFFERS = [
    (
        b"abcdefg",
        {},
        "buffer length (7 bytes) after offset (0 bytes) must be a multiple of element size (4)",
    ),
    (
        b"abcdefgh",
        {"offset": 9},
        "offset (9 bytes) must be non-negative and no greater than buffer length (8 bytes) minus 1",
    ),
    (
        b"abcdefgh",
        {"count": 5},
        "requested buffer length (5 * 4 bytes) after offset (0 bytes) must not be greater than "
        "actual buffer length (8 bytes)",
    ),
    (b"", {}, "both buffer length (0) and count (-1) must not be 0"),
    (3, {}, "object does not implement Python buffer protocol."),
]


@pytest.mark.parametrize(("buffer", "options", "text"), BAD_BUFFERS, ids=repr)
def test_frombuffer_refuses(buffer, options, text):
    with pytest.raises(ValueError, match="buffer") as caught:
        tidu.frombuffer(buffer, dtype=tidu.int32, **options)
    assert str(caught.value) == text


# PyTorch's older constructors


def test_legacy_constructors():
    assert tidu.Tensor().shape == (0,)
    assert tidu.Tensor(2, 3).shape == tidu.Tensor(tidu.Size([2, 3])).shape == (2, 3)
    assert tidu.Tensor((2, 3)).tolist() == tidu.Tensor([2, 3]).tolist() == [2.0, 3.0]
    assert tidu.Tensor(np.array([1, 2])).dtype is tidu.float32
    assert tidu.LongTensor([1.5, 2]).tolist() == [1, 2]
    assert tidu.BoolTensor([1, 0, 2]).tolist() == [True, False, True]
    x = tidu.ones(2)
    assert tidu.Tensor(x).data_ptr() == tidu.FloatTensor(x).data_ptr() == x.data_ptr()
    assert x.new(2, 3).shape == (2, 3)
    assert x.new([1, 2]).tolist() == [1, 2]


def test_legacy_types():
    x = tidu.ones(2)
    assert isinstance(x, tidu.FloatTensor)
    assert not isinstance(x, (tidu.LongTensor, tidu.DoubleTensor))
    assert repr(tidu.FloatTensor) == "<class 'tidu.FloatTensor'>"
    assert tidu.HalfTensor.dtype is tidu.float16


BAD_LEGACY = [
    ((2.5,), TypeError, "new(): data must be a sequence (got float)"),
    (("a",), TypeError, "new(): invalid data type 'str'"),
    ((-1,), RuntimeError, "Trying to create tensor with negative dimension -1: [-1]"),
    (([1j],), TypeError, "must be real number, not complex"),
    (
        (2, "a"),
        TypeError,
        "new(): argument 'size' failed to unpack the object at pos 2 with error \"type must be "
        'tuple of ints,but got str"',
    ),
]


@pytest.mark.parametrize(("args", "error", "text"), BAD_LEGACY, ids=repr)
def test_legacy_constructors_refuse(args, error, text):
    with pytest.raises(error) as caught:
        tidu.Tensor(*args)
    assert str(caught.value) == text


def test_legacy_device():
    with pytest.raises(RuntimeError, match="legacy constructor expects device type: cpu"):
        tidu.FloatTensor(2, device="cuda")


def test_linspace_of_more_steps_than_a_dtype_counts():
    x = tidu.linspace(0, 1, 65535, dtype=tidu.float16)
    assert (x[0], x[-1]) == (0, 1)
    assert not x.isnan().any()


@pytest.mark.parametrize("rows", [[[1, 2], np.ones(2)], [[[1]], np.ones((1, 1))]], ids=str)
def test_arrays_among_lists_keep_their_dtype(rows):
    assert tidu.tensor(rows).dtype is tidu.float64
