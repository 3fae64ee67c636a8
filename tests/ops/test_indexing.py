"""`x[...]`: what is a view, the nodes' names, what may be written, PyTorch's errors."""

import numpy as np
import pytest

import tidu

X = tidu.arange(24.0).view(2, 3, 4)
V = tidu.arange(5.0)
S = tidu.tensor(1.0)
T = tidu.tensor

NODES = [
    (0, "Select"),
    (slice(0, 1), "Slice"),
    (slice(None), "Slice"),
    (None, "Unsqueeze"),
    (..., "Alias"),
    ((), "Alias"),
    ((slice(None), 1), "Select"),
    ((0, slice(1, None)), "Slice"),
    ((0, slice(None)), "Select"),
    ((slice(None), slice(0, 9)), "Alias"),
    ((0, None), "Unsqueeze"),
    ((..., 0), "Select"),
    (T(1), "Select"),
    (T([0]), "Index"),
    ([0, 1], "Index"),
    ((0, [0, 1]), "Index"),
    (True, "Index"),
    (X > 3, "Index"),
]


@pytest.mark.parametrize(("index", "node"), NODES, ids=[str(i) for i, _ in NODES])
def test_node(index, node):
    found = X.clone().requires_grad_()[index]
    assert found.grad_fn.name() == node + "Backward0"
    assert found._is_view() == (node != "Index")


VALUES = [
    # An int is taken first; then index arrays that stand apart put their dimension first.
    ((0, slice(None), [0, 1]), (3, 2)),
    (([0], slice(None), [0, 1]), (2, 3)),
    ((slice(None), [0, 1], [0, 1]), (2, 2)),
    ((None, [0]), (1, 1, 3, 4)),
    (([[0, 1], [1, 0]],), (2, 2, 3, 4)),
    (np.array([1, 0]), (2, 3, 4)),
    (range(2), (2, 3, 4)),
    (np.int64(1), (3, 4)),
    ([], (0, 3, 4)),
    ([True, False], (1, 3, 4)),
    (True, (1, 2, 3, 4)),
    (False, (0, 2, 3, 4)),
    ((0, True), (1, 3, 4)),
    (X[0] > 100, None),
    ((slice(T(1), None), T(0)), (1, 4)),
    (T([[0], [1]]), (2, 1, 3, 4)),
    (T([0], dtype=tidu.int32), (1, 3, 4)),
]


@pytest.mark.parametrize(("index", "shape"), [v for v in VALUES if v[1] is not None], ids=str)
def test_shape(index, shape):
    assert X[index].shape == shape


def put(x, index, value):
    x = x.clone()
    x[index] = value
    return x


# Strides are those of the tensor indexed: views of the result, as `view` gives them, depend on it.
STRIDES = [
    (X, (slice(None), [0, 2]), (8, 4, 1)),
    (X, (..., [0, 2]), (6, 2, 1)),
    (X, (slice(None), T([True, False, True])), (8, 4, 1)),
    (X, (slice(None), [0, 1], [1, 2]), (2, 1)),
    (X.permute(2, 0, 1), (slice(None), [1, 0]), (1, 4, 8)),
    (X.permute(2, 1, 0), [1, 0], (6, 1, 3)),
]


@pytest.mark.parametrize(("x", "index", "stride"), STRIDES, ids=lambda v: str(v)[:30])
def test_picked_elements_lie_in_memory_as_the_tensors(x, index, stride):
    assert x[index].stride() == stride
    assert np.array_equal(x[index].numpy(), x.numpy()[index])


def test_what_writing_lets_pass():
    assert put(V, False, tidu.ones(2)).equal(V)
    ints = tidu.zeros(2, 2, dtype=tidu.int64)
    mask = T([True, False])
    assert put(ints, (slice(None), mask), T(7.5)).tolist() == [[7, 0], [7, 0]]
    assert put(ints, (0, mask), tidu.ones(1)).tolist() == [[1, 0], [0, 0]]


NEGATIVE = "step must be greater than zero"
KINDS = (
    "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid "
    "indices "
    "(got {})"
)
ARRAYS = "tensors used as indices must be long, int, byte or bool tensors"
ERRORS = [
    (lambda: V[5], IndexError, "index 5 is out of bounds for dimension 0 with size 5"),
    (lambda: X[0, 0, 4], IndexError, "index 4 is out of bounds for dimension 2 with size 4"),
    (lambda: V[0, 0], IndexError, "too many indices for tensor of dimension 1"),
    (lambda: S[0], IndexError,
     "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ "
     "to "
     "convert a 0-dim tensor to a number"),
    (lambda: S[-1], IndexError, "index -1 is out of bounds for dimension 0 with size 0"),
    (lambda: V[0, ::-1], IndexError, "too many indices for tensor of dimension 1"),
    (lambda: S[0:1], IndexError, "slice() cannot be applied to a 0-dim tensor."),
    (lambda: V[::-1], ValueError, NEGATIVE),
    (lambda: V[::0], ValueError, "slice step cannot be zero"),
    (lambda: X[0, ::-1], ValueError, NEGATIVE),
    (lambda: V[1.5], IndexError, KINDS.format("float")),
    (lambda: V[{}], IndexError, KINDS.format("dict")),
    (lambda: V["a"], TypeError, "new(): invalid data type 'str'"),
    (lambda: X[0, b"a"], TypeError, "new(): invalid data type 'bytes'"),
    (lambda: V[["a"]], TypeError, "new(): invalid data type 'str'"),
    (lambda: put(X, ("a", 0), 1), TypeError, "new(): invalid data type 'str'"),
    (lambda: V["a":], TypeError,
     "slice indices must be integers or None or have an __index__ method"),
    (lambda: V[T([1.5])], IndexError, ARRAYS),
    (lambda: V[T([0], dtype=tidu.int16)], IndexError, ARRAYS),
    (lambda: V[T([5])], IndexError, "index 5 is out of bounds for dimension 0 with size 5"),
    (lambda: V[T([True])], IndexError,
     "The shape of the mask [1] at index 0 does not match the shape of the indexed tensor [5] at "
     "index 0"),
    (lambda: X[:, T([True, False])], IndexError,
     "The shape of the mask [2] at index 0 does not match the shape of the indexed tensor [2, 3, "
     "4] at "
     "index 1"),
    (lambda: X[[0, 1], [0, 1, 2]], IndexError,
     "shape mismatch: indexing tensors could not be broadcast together with shapes [2], [3]"),
    (lambda: put(V, 5, 1), IndexError, "index 5 is out of bounds for dimension 0 with size 5"),
    (lambda: put(V, T([7]), 1), IndexError, "index 7 is out of bounds for dimension 0 with size 5"),
    (lambda: put(V, slice(0, 3), T([1.0, 2.0])), RuntimeError,
     "The expanded size of the tensor (3) must match the existing size (2) at non-singleton "
     "dimension "
     "0.  Target sizes: [3].  Tensor sizes: [2]"),
    (lambda: put(V, T([0, 1]), T([1.0, 2.0, 3.0])), RuntimeError,
     "shape mismatch: value tensor of shape [3] cannot be broadcast to indexing result of shape "
     "[2]"),
    (lambda: put(V, slice(0, 3), tidu.ones(1, 2)), RuntimeError,
     "The expanded size of the tensor (3) must match the existing size (2) at non-singleton "
     "dimension 0.  Target sizes: [3].  Tensor sizes: [2]"),
    (lambda: put(V, 9, "a"), TypeError, "can't assign a str to a torch.FloatTensor"),
    (lambda: put(V, (0, [0]), 1j), RuntimeError,
     "value cannot be converted to type float without overflow"),
    (lambda: put(V, (True,), T(1)), RuntimeError,
     "Index put requires the source and destination dtypes match, got Float for the destination "
     "and Long for the source."),
    (lambda: put(V, 0, "a"), TypeError, "can't assign a str to a torch.FloatTensor"),
    (lambda: put(V, 0, [1.0]), TypeError, "can't assign a list to a torch.FloatTensor"),
    (lambda: put(V, 0, 1j), RuntimeError,
     "value cannot be converted to type float without overflow"),
    (lambda: put(V, T([0]), T([1])), RuntimeError,
     "Index put requires the source and destination dtypes match, got Float for the destination "
     "and "
     "Long for the source."),
    (lambda: put(V.to(tidu.uint8), 0, 300), RuntimeError,
     "value cannot be converted to type uint8_t without overflow"),
    (lambda: V.gather(0, T([[0]])), RuntimeError,
     "Index tensor must have the same number of dimensions as input tensor"),
    (lambda: V.gather(0, T([-1])), RuntimeError,
     "index -1 is out of bounds for dimension 0 with size 5"),
    (lambda: V.scatter_add(0, T([0]), T([1])), RuntimeError,
     "scatter(): Expected self.dtype to be equal to src.dtype"),
    (lambda: V.index_select(0, T([5])), IndexError, "index out of range in self"),
    (lambda: V.masked_fill(T([1, 0, 1, 0, 1]), 0), RuntimeError,
     "masked_fill_ only supports boolean masks, but got mask with dtype long int"),
    (lambda: X.index_add(0, T([0]), T(1.0)), RuntimeError,
     "source tensor shape must match self tensor shape, excluding the specified dimension. Got "
     "self.shape = [2, 3, 4] source.shape = []"),
    (lambda: X.index_add(1, T(0), tidu.ones(2)), RuntimeError,
     "index_add_(): Indexing dim 1 is out of bounds of the source tensor with dim 1"),
    (lambda: V.index_add(0, T([0, 1]), T(1.0)), IndexError,
     "Dimension specified as 0 but tensor has no dimensions"),
    (lambda: V.index_reduce(0, T([0, 1]), tidu.ones(3), "prod"), RuntimeError,
     "index_reduce_(): Number of indices (2) should be equal to source.size(dim): (3), for dim: 0"),
    (lambda: V.tril(), RuntimeError, "tril: input tensor must have at least 2 dimensions"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS, ids=[e[2][:40] for e in ERRORS])
def test_error(call, kind, text):
    with pytest.raises(kind) as raised:
        call()
    assert str(raised.value) == text


def test_write_converts_to_the_tensors_dtype():
    x = tidu.zeros(3, dtype=tidu.int64)
    x[0], x[1], x[2] = 2.7, T(2.7), True
    assert x.tolist() == [2, 2, 1]
    with pytest.warns(
        UserWarning, match="Casting complex values to real discards the imaginary part"
    ):
        x[0] = T(3 + 4j)
    assert x[0].item() == 3


def test_write_counts_as_one_change_of_the_memory():
    x = tidu.zeros(2, 3)
    row = x[1]
    x[0] = 1.0
    x[:, [0, 2]] = 5.0
    assert x._version == row._version == 2
    assert row.tolist() == [5.0, 0.0, 5.0]


def test_write_to_a_leaf():
    leaf = tidu.zeros(3, requires_grad=True)
    for index in (0, slice(None, 2), T([0]), leaf > 0):
        with pytest.raises(
            RuntimeError, match="a leaf Variable that requires grad is being used in an"
        ):
            leaf[index] = 1.0
    with tidu.no_grad():
        leaf[0] = 1.0
    assert leaf.tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("index", [0, [0], T([True, False, False])], ids=str)
def test_write_into_a_tensor_outside_the_graph_joins_it(index):
    x, v = tidu.zeros(3, 2), tidu.ones(2, requires_grad=True)
    x[index] = v
    (x * 3).sum().backward()
    assert v.grad.tolist() == [3.0, 3.0]


def test_index_changed_after_use():
    x, i = tidu.arange(3.0).requires_grad_(), T([0, 0])
    y = x[i]
    i.fill_(2)
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 0.0]


def test_expanded_memory_is_not_written_to():
    with pytest.raises(
        RuntimeError, match="more than one element of the written-to tensor refers to"
    ):
        tidu.zeros(1).expand(3)[:] = 1.0


def test_lists_that_mean_tuples_warn():
    with pytest.warns(
        UserWarning, match="^Using a non-tuple sequence for multidimensional indexing"
    ):
        assert X[[slice(0, 1), 0]].shape == (1, 4)


def test_uint8_index_is_a_mask():
    with pytest.warns(UserWarning, match="^indexing with dtype torch.uint8 is now deprecated"):
        assert V[T([0, 1, 0, 0, 1], dtype=tidu.uint8)].tolist() == [1.0, 4.0]


def test_iteration():
    assert [row.tolist() for row in X[0, :2]] == X[0, :2].tolist()
    with pytest.raises(TypeError, match=r"^iteration over a 0-d tensor$"):
        iter(S)


def test_nonzero():
    mask = T([[True, False], [True, True]])
    assert mask.nonzero().tolist() == [[0, 0], [1, 0], [1, 1]]
    assert [i.tolist() for i in mask.nonzero(as_tuple=True)] == [[0, 1, 1], [0, 0, 1]]
    assert tidu.tensor(5).nonzero().shape == (1, 0)
    assert tidu.argwhere(mask).dtype is tidu.int64
    assert [i.tolist() for i in tidu.where(mask)] == [[0, 1, 1], [0, 0, 1]]


def test_triangle_indices():
    assert tidu.tril_indices(2, 3).tolist() == [[0, 1, 1], [0, 0, 1]]
    assert tidu.triu_indices(2, 3, 1, dtype=tidu.int32).tolist() == [[0, 0, 1], [1, 2, 2]]


def test_searchsorted_and_bucketize():
    edges, values = T([1, 3, 3, 5]), T([0, 3, 6])
    assert tidu.searchsorted(edges, values).tolist() == [0, 1, 4]
    assert tidu.searchsorted(edges, values, right=True).tolist() == [0, 3, 4]
    assert tidu.searchsorted(edges, 3).item() == 1
    assert tidu.bucketize(values, edges, out_int32=True).dtype is tidu.int32
    rows = T([[1, 3], [10, 30]])
    assert tidu.searchsorted(rows, T([[2], [2]])).tolist() == [[1], [0]]


@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
def test_scatter_reduce_of_integers(reduce):
    x, index = T([4, 6]), T([0, 0, 0])
    have = x.scatter_reduce(0, index, T([1, 2, 5]), reduce)
    want = {"sum": 12, "prod": 40, "mean": 3, "amax": 5, "amin": 1}[reduce]
    assert (have.tolist(), have.dtype) == ([want, 6], tidu.int64)


def test_prod_gradient_with_zeros():
    x = T([2.0, 3.0], dtype=tidu.float64, requires_grad=True)
    src = T([0.0, 5.0, 7.0], dtype=tidu.float64, requires_grad=True)
    x.scatter_reduce(0, T([0, 0, 1]), src, "prod").sum().backward()
    assert src.grad.tolist() == [10.0, 0.0, 3.0]
    assert x.grad.tolist() == [0.0, 7.0]
