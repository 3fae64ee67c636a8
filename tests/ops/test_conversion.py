"""Other dtypes and memory formats, copies into tensors, questions about a tensor's form."""

import pytest

import tidu

FLOATS = tidu.tensor([1.5, -2.5])


def leaf(*values):
    return tidu.tensor(list(values), requires_grad=True)


# to, type, and the methods named after dtypes

TO = [
    (lambda x: x.to(tidu.float64), tidu.float64),
    (lambda x: x.to("cpu", tidu.int64), tidu.int64),
    (lambda x: x.to(device="cpu", dtype=tidu.int32), tidu.int32),
    (lambda x: x.to(tidu.device("cpu"), tidu.float16, True, True), tidu.float16),
    (lambda x: x.to(tidu.tensor([1])), tidu.int64),
    (lambda x: x.to(float), tidu.float64),
    (lambda x: x.to(dtype=tidu.bool), tidu.bool),
    (lambda x: x.type(tidu.float64), tidu.float64),
    (lambda x: x.type(tidu.LongTensor), tidu.int64),
    (lambda x: x.type("torch.DoubleTensor"), tidu.float64),
    (lambda x: x.type_as(tidu.tensor(1)), tidu.int64),
    (lambda x: x.double(), tidu.float64),
    (lambda x: x.half(), tidu.float16),
    (lambda x: x.int(), tidu.int32),
    (lambda x: x.long(), tidu.int64),
    (lambda x: x.short(), tidu.int16),
    (lambda x: x.char(), tidu.int8),
    (lambda x: x.bool(), tidu.bool),
    (lambda x: x.cfloat(), tidu.complex64),
    (lambda x: x.cdouble(), tidu.complex128),
]


@pytest.mark.parametrize(("convert", "dtype"), TO)
def test_conversions(convert, dtype):
    y = convert(FLOATS)
    assert y.dtype is dtype
    whole = dtype.kind in (0, 1)
    expected = [bool(v) if dtype is tidu.bool else int(v) if whole else v for v in (1.5, -2.5)]
    assert y.tolist() == expected


def test_no_conversion_gives_the_tensor_itself():
    x = FLOATS
    assert x.to(tidu.float32) is x.float() is x.to("cpu") is x.cpu() is x.to() is x.type_as(x) is x
    assert x.to(tidu.float32, copy=True) is not x
    assert x.contiguous() is x


@pytest.mark.parametrize("dtype", [tidu.float64, tidu.float16, tidu.complex64])
def test_gradients_come_back_in_the_dtype_of_the_leaf(dtype):
    x = leaf(1.0, 2.0)
    y = x.to(dtype)
    assert y.grad_fn.name() == "ToCopyBackward0"
    y.sum().backward(tidu.ones((), dtype=dtype))
    assert x.grad.dtype is tidu.float32
    assert x.grad.tolist() == [1, 1]


def test_integers_carry_no_gradient():
    assert leaf(1.0).long().requires_grad is False


def test_complex_to_real_warns():
    z = tidu.tensor([1 + 2j])
    with pytest.warns(
        UserWarning, match="Casting complex values to real discards the imaginary part"
    ):
        assert z.float().tolist() == [1.0]
    assert z.bool().tolist() == [True]


REFUSED = [
    (lambda x: x.to("cuda"), AssertionError, "Torch not compiled with CUDA enabled"),
    (lambda x: x.cuda(), AssertionError, "Torch not compiled with CUDA enabled"),
    (lambda x: x.to(0), RuntimeError, "Cannot access accelerator device when none is available."),
    (
        lambda x: x.to([1]),
        TypeError,
        "to() received an invalid combination of arguments: expected a device, a dtype or a "
        "tensor, not list",
    ),
    (lambda x: x.type("DoubleTensor"), ValueError, "invalid type: 'DoubleTensor'"),
    (lambda x: x.type(5), TypeError, "dtype must be a type, str, or dtype object"),
    (
        lambda x: x.type_as(5),
        TypeError,
        "type_as(): argument 'other' (position 1) must be Tensor, not int",
    ),
    (
        lambda x: x.contiguous(memory_format=tidu.channels_last),
        RuntimeError,
        "required rank 4 tensor to use channels_last format",
    ),
    (
        lambda x: x.size(1),
        IndexError,
        "Dimension out of range (expected to be in range of [-1, 0], but got 1)",
    ),
    (
        lambda x: x[0].size(0),
        IndexError,
        "Dimension specified as 0 but tensor has no dimensions",
    ),
    (lambda x: x.size("a"), TypeError, "size(): argument 'dim' (position 1) must be int, not str"),
    (
        lambda x: x.copy_([1.0, 2.0]),
        TypeError,
        "copy_(): argument 'other' (position 1) must be Tensor, not list",
    ),
    (
        lambda x: x.copy_(tidu.ones(3)),
        RuntimeError,
        "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0",
    ),
    (
        lambda x: x.copy_(tidu.ones(1, 2)),
        RuntimeError,
        "output with shape [2] doesn't match the broadcast shape [1, 2]",
    ),
    (
        lambda x: x.fill_(tidu.ones(1)),
        RuntimeError,
        "fill_ only supports 0-dimension value tensor but got tensor with 1 dimensions.",
    ),
    (
        lambda x: x.fill_(1j),
        RuntimeError,
        "value cannot be converted to type float without overflow",
    ),
    (
        lambda x: x.long().fill_(float("nan")),
        RuntimeError,
        "value cannot be converted to type int64_t without overflow",
    ),
    (
        lambda x: tidu.ones(1).expand(2).copy_(x),
        RuntimeError,
        "unsupported operation: more than one element of the written-to tensor refers to a single "
        "memory location. Please clone() the tensor before performing the operation.",
    ),
    (
        lambda x: x.requires_grad_("a"),
        TypeError,
        "requires_grad_(): argument 'requires_grad' (position 1) must be bool, not str",
    ),
    (
        lambda x: x.long().requires_grad_(),
        RuntimeError,
        "only Tensors of floating point dtype can require gradients",
    ),
    (
        lambda x: tidu.numel(3),
        TypeError,
        "numel(): argument 'input' (position 1) must be Tensor, not int",
    ),
    (
        lambda x: x.clone().set_(tidu.arange(4)),
        RuntimeError,
        "Could not set tensor of type long int to a tensor of type float",
    ),
    (
        lambda x: leaf(1.0).resize_(2),
        RuntimeError,
        "cannot resize variables that require grad",
    ),
]


@pytest.mark.parametrize(("act", "error", "text"), REFUSED)
def test_refusals(act, error, text):
    with pytest.raises(error) as caught:
        act(FLOATS.clone())
    assert str(caught.value) == text


TYPES = {
    "float32": "Float", "float64": "Double", "float16": "Half", "int64": "Long", "bool": "Bool",
    "uint8": "Byte", "int8": "Char", "complex64": "ComplexFloat",
}  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
def test_type_names(name):
    x = tidu.ones(1, dtype=getattr(tidu, name))
    assert x.type() == f"tidu.{TYPES[name]}Tensor"
    assert FLOATS.type(x.type()).dtype is x.dtype


# clone and contiguous


def test_clone_and_contiguous():
    x = tidu.ones(2, 3, requires_grad=True)
    assert x.clone().grad_fn.name() == "CloneBackward0"
    y = x.t().contiguous()
    assert y.stride() == (2, 1)
    assert y.grad_fn.name() == "CloneBackward0"
    z = tidu.ones(2, 3, 4, 5, requires_grad=True).contiguous(memory_format=tidu.channels_last)
    assert z.is_contiguous(memory_format=tidu.channels_last)
    assert not z.is_contiguous()
    z.sum().backward()
    copied = tidu.ones(1, 2, 3, 4).to(tidu.float64, memory_format=tidu.channels_last)
    assert copied.stride() == (24, 1, 8, 2)


# Into a tensor's memory


def test_copy_broadcasts_and_converts():
    x = tidu.zeros(2, 2, dtype=tidu.int64)
    assert x.copy_(tidu.tensor([1.7, -2.7])) is x
    assert x.tolist() == [[1, -2], [1, -2]]
    assert x.copy_(5).tolist() == [[5, 5], [5, 5]]
    assert x._version == 2


def test_copy_carries_the_gradient_of_the_source():
    source = tidu.tensor(2.0, requires_grad=True)
    x = tidu.zeros(3).copy_(source)
    assert type(x.grad_fn).__name__ == "CopyBackwards"
    (x * tidu.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert source.grad.item() == 6


def test_copy_ends_the_gradient_of_the_target():
    w = leaf(1.0, 2.0)
    y = w * 2
    y.copy_(tidu.ones(2))
    y.sum().backward()
    assert w.grad.tolist() == [0, 0]


def test_copy_into_a_view():
    source = leaf(1.0, 1.0, 1.0)
    z = tidu.zeros(2, 3)
    z[0].copy_(source)
    assert type(z.grad_fn).__name__ == "CopySlices"
    (z * 3).sum().backward()
    assert source.grad.tolist() == [3, 3, 3]


def test_second_derivative_through_copy():
    x = tidu.tensor([1.0, 2.0], dtype=tidu.float64, requires_grad=True)
    y = tidu.zeros(2, dtype=tidu.float64).copy_(x**3)
    (g,) = tidu.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = tidu.autograd.grad(g.sum(), x)
    assert h.tolist() == [6, 12]


FILLS = [
    (lambda y: y.fill_(1), "FillBackward2"),
    (lambda y: y.fill_(tidu.tensor(1.0)), "FillBackward3"),
    (lambda y: y.zero_(), "ZeroBackward0"),
    (lambda y: tidu.fill(y, 1), "FillBackward0"),
    (lambda y: tidu.fill(y, tidu.tensor(1.0)), "FillBackward1"),
]


@pytest.mark.parametrize(("fill", "node"), FILLS)
def test_fill_ends_the_gradient(fill, node):
    w = leaf(1.0, 2.0)
    y = fill(w * 2)
    assert y.grad_fn.name() == node
    y.sum().backward()
    assert w.grad.tolist() == [0, 0]


def test_fill_carries_the_gradient_of_its_value():
    v = tidu.tensor(2.0, requires_grad=True)
    tidu.zeros(3).fill_(v).sum().backward()
    assert v.grad.item() == 3


def test_fill_converts():
    assert tidu.zeros(2, dtype=tidu.uint8).fill_(-1).tolist() == [255, 255]
    assert tidu.zeros(2, dtype=tidu.int64).fill_(1.7).tolist() == [1, 1]
    assert tidu.zeros(2, dtype=tidu.bool).fill_(3).tolist() == [True, True]


LEAF_WRITES = [lambda x: x.fill_(1), lambda x: x.zero_(), lambda x: x.copy_(tidu.ones(2))]


@pytest.mark.parametrize("write", LEAF_WRITES)
def test_leaves_refuse_to_be_overwritten(write):
    with pytest.raises(
        RuntimeError, match="a leaf Variable that requires grad is being used in an in"
    ):
        write(leaf(1.0, 2.0))
    x = leaf(1.0, 2.0)
    with tidu.no_grad():
        assert write(x) is x


def test_overwriting_a_saved_value_is_noticed():
    w = leaf(1.0, 2.0)
    x = tidu.ones(2)
    y = (w * x).sum()
    x.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_resize():
    x = tidu.arange(4.0)
    assert x.resize_(2).tolist() == [0, 1]
    assert x.resize_(2, 2).tolist() == [[0, 1], [2, 3]]
    assert x.resize_(3, 2)[:2].tolist() == [[0, 1], [2, 3]]
    assert tidu.arange(4.0)[1:].resize_(3, 1).tolist() == [[1], [2], [3]]
    assert x.resize_as_(tidu.ones(1)).shape == (1,)


def test_set():
    source = tidu.arange(6.0)
    x = tidu.empty(0).set_(source)
    assert x.data_ptr() == source.data_ptr()
    x.set_(source.untyped_storage(), 1, (2, 2), (2, 1))
    assert x.tolist() == [[1, 2], [3, 4]]
    assert x.set_().shape == (0,)
    with pytest.raises(RuntimeError, match="are out of bounds for storage of size 24"):
        x.set_(source.untyped_storage(), 4, (3,), (1,))


# Form


def test_sizes_and_strides():
    x = tidu.ones(2, 3, 4)
    assert x.size() == x.shape == (2, 3, 4)
    assert type(x.size()) is tidu.Size
    assert (x.size(-1), x.size(dim=0), x.stride(0)) == (4, 2, 12)
    assert (x.dim(), x.ndimension(), x.numel(), x.nelement()) == (3, 3, 24, 24)
    assert (x.element_size(), x.itemsize, x.nbytes) == (4, 4, 96)
    assert x[1].stride() == (4, 1)
    assert tidu.ones(2, 0, 3).stride() == (3, 3, 1)
    assert tidu.ones(()).stride() == ()


def test_questions():
    x, i, z = FLOATS, tidu.tensor([1]), tidu.tensor([1j])
    assert (x.is_floating_point(), tidu.is_floating_point(i)) == (True, False)
    assert (z.is_complex(), tidu.is_complex(x)) == (True, False)
    assert tidu.is_tensor(x)
    assert not tidu.is_tensor([1])
    assert x.is_same_size(tidu.ones(2))
    assert x.is_signed()
    assert not tidu.ones(1, dtype=tidu.uint8).is_signed()
    assert tidu.is_nonzero(i)
    assert x.layout is tidu.strided
    assert x.is_cpu
    assert not any((x.is_cuda, x.is_sparse, x.is_quantized, x.is_meta))
    assert x.resolve_conj() is x


def test_storage():
    x = tidu.arange(6.0)
    view = x[2:]
    assert view.storage_offset() == 2
    assert view.untyped_storage() is x.untyped_storage()
    assert x.untyped_storage().nbytes() == len(x.untyped_storage()) == 24
    assert view.data_ptr() == x.data_ptr() + 8
    assert tidu.is_storage(x.untyped_storage())
    with pytest.warns(UserWarning, match="TypedStorage is deprecated"):
        assert view.storage().tolist() == [0, 1, 2, 3, 4, 5]


def test_names_of_formats():
    assert repr(tidu.channels_last) == "tidu.channels_last"
    assert repr(tidu.strided) == "tidu.strided"
