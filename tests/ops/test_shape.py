"""Views: shared memory, the node's name, in-place forms, PyTorch's errors."""

import pytest

import tidu

X = tidu.arange(24).view(2, 3, 4)

VIEWS = [
    (lambda x: x.view(6, 4), "ViewBackward0"),
    (lambda x: x.reshape(6, 4), "ViewBackward0"),
    (lambda x: x[:, :, :2].reshape(6, 2), "ReshapeAliasBackward0"),
    (lambda x: x.flatten(1), "ViewBackward0"),
    (lambda x: x.unflatten(2, (2, 2)), "ViewBackward0"),
    (lambda x: x.transpose(0, 1), "TransposeBackward0"),
    (lambda x: x.mT, "TransposeBackward0"),
    (lambda x: x.permute(2, 0, 1), "PermuteBackward0"),
    (lambda x: x.movedim(0, 1), "PermuteBackward0"),
    (lambda x: x[0].t(), "TBackward0"),
    (lambda x: x[0].T, "PermuteBackward0"),
    (lambda x: x.expand(5, 2, 3, 4), "ExpandBackward0"),
    (lambda x: x[:1].squeeze(), "SqueezeBackward0"),
    (lambda x: x[:1].squeeze(0), "SqueezeBackward1"),
    (lambda x: x[:1].squeeze((0, 1)), "SqueezeBackward2"),
    (lambda x: x.unsqueeze(1), "UnsqueezeBackward0"),
    (lambda x: x.narrow(1, 1, 2), "SliceBackward0"),
    (lambda x: x.select(1, 1), "SelectBackward0"),
    (lambda x: x.split(1)[1], "SplitBackward0"),
    (lambda x: x.split([1, 1])[0], "SplitWithSizesBackward0"),
    (lambda x: x.tensor_split(2)[0], "SliceBackward0"),
    (lambda x: x.unbind()[1], "UnbindBackward0"),
    (lambda x: x.diagonal(0, 1, 2), "DiagonalBackward0"),
    (lambda x: x.as_strided((2, 2), (1, 1), 3), "AsStridedBackward0"),
    (lambda x: x.unfold(2, 2, 1), "UnfoldBackward0"),
]


@pytest.mark.parametrize(("make", "node"), VIEWS, ids=[n for _, n in VIEWS])
def test_view(make, node):
    base = tidu.zeros(2, 3, 4)
    view = make(base)
    assert view._is_view()
    assert view._base is base
    base.fill_(1.0)
    assert bool((view == 1).all())  # one memory
    assert view._version == base._version == 1
    leaf = tidu.zeros(2, 3, 4, requires_grad=True)
    assert make(leaf).grad_fn.name() == node


def test_reshape_copies_only_if_it_must():
    x = tidu.zeros(2, 3)
    assert x.reshape(3, 2).data_ptr() == x.data_ptr()
    copy = x.t().reshape(6)
    assert not copy._is_view()
    x.fill_(1.0)
    assert copy.tolist() == [0.0] * 6
    leaf = tidu.zeros(2, 3, requires_grad=True)
    assert leaf.t().reshape(6).grad_fn.name() == "UnsafeViewBackward0"


def test_write_through_a_view_of_a_graph_tensor():
    x = tidu.ones(3, 2, requires_grad=True)
    y = x * 2
    row, flat = y[1], y.view(-1)
    row.mul_(5)
    assert flat.tolist() == [2, 2, 10, 10, 2, 2]
    assert y.grad_fn.name().endswith("CopySlices")
    flat.sum().backward()
    assert x.grad.tolist() == [[2, 2], [10, 10], [2, 2]]


def test_write_through_a_view_in_another_order_of_memory():
    # y's memory is column by column, so that y.t().view(-1) is possible and shares it.
    x = tidu.ones(2, 3, requires_grad=True)
    y = x.t() * 1
    y.t().view(-1)[:2].mul_(4)
    y.sum().backward()
    assert x.grad.tolist() == [[4, 4, 1], [1, 1, 1]]


def test_outputs_of_multi_view_functions_may_not_be_written_to():
    y = tidu.ones(2, 2, requires_grad=True) * 1
    with pytest.raises(RuntimeError, match=r"^Output 0 of Unbind is a view and is being mod"):
        y.unbind()[0].mul_(2)
    tidu.ones(2, 2).unbind()[0].mul_(2)  # without a graph nothing can go wrong


def test_as_strided_reads_beyond_a_view():
    x = tidu.arange(6.0)
    assert x[3:].as_strided((2,), (1,), 0).tolist() == [0.0, 1.0]
    assert x[3:].as_strided((2,), (2,)).tolist() == [3.0, 5.0]


def test_as_strided_scatter_gradient_is_outside_the_part():
    # PyTorch 2.13 returns the part itself here, which is wrong: those elements were replaced.
    x = tidu.ones(4, requires_grad=True)
    x.as_strided_scatter(tidu.zeros(2), (2,), (2,)).sum().backward()
    assert x.grad.tolist() == [0, 1, 0, 1]


IN_PLACE = [
    ("squeeze_", (), (1, 3, 1), (3,), "SqueezeBackward3"),
    ("squeeze_", (0,), (1, 3, 1), (3, 1), "SqueezeBackward4"),
    ("unsqueeze_", (0,), (3,), (1, 3), "UnsqueezeBackward1"),
    ("t_", (), (2, 3), (3, 2), "TBackward1"),
    ("transpose_", (0, 1), (2, 3), (3, 2), "TransposeBackward1"),
    ("swapaxes_", (0, 1), (2, 3), (3, 2), "TransposeBackward1"),
]


@pytest.mark.parametrize(("name", "args", "before", "after", "node"), IN_PLACE)
def test_in_place_shape(name, args, before, after, node):
    x = tidu.zeros(before, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"^a leaf Variable that requires grad"):
        getattr(x, name)(*args)
    y = x * 1
    memory = y.data_ptr()
    assert getattr(y, name)(*args) is y
    assert (tuple(y.shape), y.data_ptr()) == (after, memory)
    assert y.grad_fn.name() == node
    y.sum().backward()
    assert x.grad.shape == x.shape


def test_view_as_another_dtype():
    x = tidu.tensor([1.0, 2.0])
    assert x.view(tidu.int32).tolist() == [1065353216, 1073741824]
    assert x.view(tidu.uint8).shape == (8,)
    assert x.view(dtype=tidu.complex64).tolist() == [1 + 2j]
    x.view(tidu.int32).zero_()
    assert x.tolist() == [0.0, 0.0]


RANGE = "Dimension out of range (expected to be in range of [-3, 2], but got {})"
ERRORS = [
    (lambda x: x.view(5), RuntimeError, "shape '[5]' is invalid for input of size 24"),
    (lambda x: x.view(-1, -1), RuntimeError, "only one dimension can be inferred"),
    (lambda x: x.view(-2, 3), RuntimeError,
     "invalid shape dimension -2 at index 0 of shape [-2, 3]"),
    (lambda x: x.mT.view(-1), RuntimeError,
     "view size is not compatible with input tensor's size and stride (at least one dimension "
     "spans "
     "across two contiguous subspaces). Use .reshape(...) instead."),
    (lambda x: x[:0].view(-1, 0), RuntimeError,
     "cannot reshape tensor of 0 elements into shape [-1, 0] because the unspecified dimension "
     "size "
     "-1 can be any value and is ambiguous"),
    (lambda x: x.transpose(0, 3), IndexError, RANGE.format(3)),
    (lambda x: x.permute(0, 0, 1), RuntimeError, "permute(): duplicate dims are not allowed."),
    (lambda x: x.t(), RuntimeError, "t() expects a tensor with <= 2 dimensions, but self is 3D"),
    (lambda x: x[0, 0].mT, RuntimeError,
     "tensor.mT is only supported on matrices or batches of matrices. Got 1-D tensor."),
    (lambda x: x.expand(2, 4), RuntimeError,
     "expand(torch.LongTensor{[2, 3, 4]}, size=[2, 4]): the number of sizes provided (2) must be "
     "greater or equal to the number of dimensions in the tensor (3)"),
    (lambda x: x.expand(3, 3, 4), RuntimeError,
     "The expanded size of the tensor (3) must match the existing size (2) at non-singleton "
     "dimension 0.  Target sizes: [3, 3, 4].  Tensor sizes: [2, 3, 4]"),
    (lambda x: x.squeeze((0, 0)), RuntimeError, "dim 0 appears multiple times in the list of dims"),
    (lambda x: x.flatten(2, 1), RuntimeError,
     "flatten() has invalid args: start_dim cannot come after end_dim"),
    (lambda x: x.unflatten(1, (2, 2)), RuntimeError,
     "unflatten: Provided sizes [2, 2] don't multiply up to the size of dim 1 (3) in the input "
     "tensor"),
    (lambda x: x.narrow(0, 0, 3), RuntimeError,
     "start (0) + length (3) exceeds dimension size (2)."),
    (lambda x: x.select(0, 2), IndexError,
     "select(): index 2 out of range for tensor of size [2, 3, 4] at dimension 0"),
    (lambda x: x.split([1, 2]), RuntimeError,
     "split_with_sizes expects split_sizes to sum exactly to 2 (input tensor's size at dimension "
     "0), "
     "but got split_sizes=[1, 2]"),
    (lambda x: x.chunk(0), RuntimeError, "chunk expects `chunks` to be greater than 0, got: 0"),
    (lambda x: x.hsplit(2), RuntimeError,
     "torch.hsplit attempted to split along dimension 1, but the size of the dimension 3 is not "
     "divisible by the split_size 2!"),
    (lambda x: x.diagonal(0, 0, 0), RuntimeError, "diagonal dimensions cannot be identical 0, 0"),
    (lambda x: x.diag(), RuntimeError, "diag(): Supports 1D or 2D tensors. Got 3D"),
    (lambda x: x.as_strided((30,), (1,)), RuntimeError,
     "setStorage: sizes [30], strides [1], storage offset 0, and itemsize 8 requiring a storage "
     "size "
     "of 240 are out of bounds for storage of size 192"),
    (lambda x: x.unfold(0, 3, 1), RuntimeError,
     "maximum size for tensor at dimension 0 is 2 but size is 3"),
    (lambda x: x.select_scatter(x, 0, 0), RuntimeError,
     "expected src to have a size equal to the slice of self. src size = [2, 3, 4], slice size = "
     "[3, 4]"),
    (lambda x: x.view(tidu.complex128)[:, :, :1].view(tidu.int64).mT.view(tidu.complex128),
     RuntimeError,
     "self.size(-1) must be divisible by 2 to view Long as ComplexDouble (different element "
     "sizes), "
     "but got 3"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS, ids=[e[2][:40] for e in ERRORS])
def test_error(call, kind, text):
    with pytest.raises(kind) as raised:
        call(X)
    assert str(raised.value) == text


def test_T_of_other_than_matrices_warns():
    with pytest.warns(UserWarning, match="^The use of `x.T` on tensors of dimension other than 2"):
        assert tidu.ones(2, 3, 4).T.shape == (4, 3, 2)
