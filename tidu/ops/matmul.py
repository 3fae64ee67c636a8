"""Matrix products.

Everything ends in `a @ b` of the array library, which hands transposed matrices to BLAS as they
are; so rules transpose freely, and nothing is copied.
"""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..autograd.op import Array, op
from ..autograd.public import composite, operations
from ..errors import noted
from ..tensor import Tensor

F16, F32 = np.dtype("float16"), np.dtype("float32")

# What C++ calls the dtypes: PyTorch's messages for products of matrices use these names.
_C_NAMES = {
    "float32": "float", "float64": "double", "float16": "c10::Half", "int64": "long int",
    "int32": "int", "int16": "short int", "int8": "signed char", "uint8": "unsigned char",
    "bool": "bool", "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip


def multiply(x, y):
    """x @ y for arrays that fit; float16 is multiplied as float32."""
    if x.dtype == F16:
        return np.asarray(x.astype(F32) @ y.astype(F32)).astype(F16)
    if x.ndim > 2 and y.ndim == 2:  # one product, not one for each leading index
        return (x.reshape(_product(x.shape[:-1]), x.shape[-1]) @ y).reshape(
            *x.shape[:-1], y.shape[1]
        )
    return x @ y


def transposed(k, x):
    """The matrices transposed: a view."""
    return k.transpose(x, -2, -1)


# Checks


def _sizes(array):
    return list(array.shape)


def _title(array):
    return dtypes.of(array).title


def _no_bool(kernel, x):
    if x.dtype.kind == "b":
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Bool'")


def check_matrices(x, y):
    """PyTorch's errors for the product of two matrices."""
    if x.shape[1] != y.shape[0]:
        raise noted(
            RuntimeError(
                "mat1 and mat2 shapes cannot be multiplied "
                f"({x.shape[0]}x{x.shape[1]} and {y.shape[0]}x{y.shape[1]})"
            ),
            f"The inner sizes, {x.shape[1]} and {y.shape[0]}, have to agree; in a linear layer, "
            "the last one of its input and its in_features.",
        )
    if x.dtype != y.dtype:
        raise RuntimeError(
            "expected m1 and m2 to have the same dtype, but got: "
            f"{_C_NAMES[x.dtype.name]} != {_C_NAMES[y.dtype.name]}"
        )
    _no_bool("addmm_impl_cpu_", x)


def check_vectors(x, y):
    """PyTorch's errors for the product of two vectors."""
    if x.ndim != 1 or y.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {x.ndim}D and {y.ndim}D tensors")
    if x.dtype != y.dtype:
        raise RuntimeError(
            f"dot : expected both vectors to have same dtype, but found {_title(x)} and {_title(y)}"
        )
    if x.shape != y.shape:
        n, m = x.shape[0], y.shape[0]
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{n}] and src [{m}] to have the same "
            f"number of elements, but got {n} and {m} elements respectively"
        )
    _no_bool("dot", x)


def check_matrix_vector(x, y):
    """PyTorch's errors for the product of a matrix and a vector."""
    if x.shape[1] != y.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({x.shape[0]}), mat ({x.shape[0]}x{x.shape[1]}), "
            f"vec ({y.shape[0]})"
        )
    if x.dtype != y.dtype:
        raise RuntimeError(
            "addmv input tensors must have the same dtype, but got "
            f"{_title(y)}, {_title(x)}, and {_title(y)}"
        )
    _no_bool("addmv_impl_cpu", x)


def check_batches(x, y):
    """PyTorch's errors for a batch of matrix products."""
    for name, array in (("batch1", x), ("batch2", y)):
        if array.ndim != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    if x.shape[0] != y.shape[0] or x.shape[2] != y.shape[1]:
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{x.shape[0]}, {x.shape[2]}] but got: [{y.shape[0]}, {y.shape[1]}]."
        )
    if x.dtype != y.dtype:
        raise RuntimeError(f"expected scalar type {_title(x)} but found {_title(y)}")
    _no_bool("bmm", x)


def _check_product(x, y):
    """The same for any two shapes that `matmul` takes."""
    if not x.ndim or not y.ndim:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {x.ndim}D and {y.ndim}D"
        )
    if x.ndim == 1 and y.ndim == 1:
        check_vectors(x, y)
    elif y.ndim == 1:
        check_matrix_vector(_rows(x), y)
    elif y.ndim == 2:
        check_matrices(_rows(x), y)
    else:
        left = x.reshape(1, -1) if x.ndim == 1 else x
        try:
            batch = np.broadcast_shapes(left.shape[:-2], y.shape[:-2])
        except ValueError:
            from ..errors import broadcast_error

            a, b = Tensor._wrap(left[..., 0, 0]), Tensor._wrap(y[..., 0, 0])
            raise broadcast_error([a, b]) from None
        n = 1
        for size in batch:
            n *= size
        if left.shape[-1] != y.shape[-2]:
            raise RuntimeError(
                "Expected size for first two dimensions of batch2 tensor to be: "
                f"[{n}, {left.shape[-1]}] but got: [{n}, {y.shape[-2]}]."
            )
        if x.dtype != y.dtype:
            raise RuntimeError(f"expected scalar type {_title(x)} but found {_title(y)}")
        _no_bool("bmm", x)


def _rows(x):
    return x if x.ndim == 2 else x.reshape(_product(x.shape[:-1]), x.shape[-1])


# Products of two


def _left(k, g, y, x_shape):
    """The gradient of x @ y for x."""
    if len(y.shape) == 1:
        return g * y if len(x_shape) == 1 else k.unsqueeze(g, -1) * y
    if len(x_shape) == 1:
        return y @ g if len(y.shape) == 2 else (y @ k.unsqueeze(g, -1))[..., 0]
    return g @ transposed(k, y)


def _right(k, g, x, y_shape):
    """The gradient of x @ y for y."""
    if len(x.shape) == 1:
        if len(y_shape) == 1:
            return g * x
        return k.unsqueeze(x, -1) * k.unsqueeze(g, -2)
    if len(y_shape) > 2:
        return transposed(k, x) @ g
    if len(x.shape) > 2:  # one product, not the sum of one for each leading index
        x = k.reshape(x, (_product(x.shape[:-1]), x.shape[-1]))
        g = k.reshape(g, (x.shape[0], *y_shape[1:]))
    return transposed(k, x) @ g


def _product(sizes):
    n = 1
    for size in sizes:
        n *= size
    return n


def _node(x, y):
    n, m = x.ndim, y.ndim
    if n <= 2 and m <= 2:
        return (
            {(1, 1): "Dot", (1, 2): "Squeeze", (2, 1): "Mv"}.get((n, m), "Mm")
            + "Backward"
            + ("4" if (n, m) == (1, 2) else "0")
        )
    return "CloneBackward0" if n == 2 else "UnsafeViewBackward0"


@op(symbol="matmul", node=_node)
def matmul(k, x: Array, y: Array):
    """The matrix product, also of vectors and of batches of matrices; the operator `@`.

    Of two vectors it is their dot product. Dimensions before the last two broadcast.

    >>> import tidu
    >>> tidu.tensor([[1, 2], [3, 4]]) @ tidu.tensor([1, 1])
    tensor([3, 7])
    """
    if x.ndim == 2 and y.ndim == 2:
        check_matrices(x, y)
        return multiply(x, y)
    _check_product(x, y)
    return multiply(x, y)


matmul.vjp(
    x=lambda k, g, y, x_shape: _left(k, g, y, x_shape),
    y=lambda k, g, x, y_shape: _right(k, g, x, y_shape),
)


@op(names={"y": "mat2"})
def mm(k, x: Array, y: Array):
    """The product of two matrices.

    >>> import tidu
    >>> tidu.mm(tidu.ones(2, 3), tidu.ones(3, 1))
    tensor([[3.],
            [3.]])
    """
    if x.ndim != 2:
        raise RuntimeError("self must be a matrix")
    if y.ndim != 2:
        raise RuntimeError("mat2 must be a matrix")
    check_matrices(x, y)
    return multiply(x, y)


mm.vjp(
    x=lambda k, g, y: g @ transposed(k, y),
    y=lambda k, g, x: transposed(k, x) @ g,
)


@op(names={"y": "mat2"})
def bmm(k, x: Array, y: Array):
    """The products of two batches of matrices: (b, n, k) and (b, k, m) give (b, n, m).

    >>> import tidu
    >>> tidu.bmm(tidu.ones(2, 1, 3), tidu.ones(2, 3, 1)).shape
    tidu.Size([2, 1, 1])
    """
    check_batches(x, y)
    return multiply(x, y)


bmm.vjp(
    x=lambda k, g, y: g @ transposed(k, y),
    y=lambda k, g, x: transposed(k, x) @ g,
)


@op(names={"y": "vec"})
def mv(k, x: Array, y: Array):
    """The product of a matrix and a vector.

    >>> import tidu
    >>> tidu.mv(tidu.ones(2, 3), tidu.ones(3))
    tensor([3., 3.])
    """
    if x.ndim != 2 or y.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {y.ndim}, {x.ndim}, {y.ndim}")
    check_matrix_vector(x, y)
    return multiply(x, y)


mv.vjp(
    x=lambda k, g, y: k.unsqueeze(g, -1) * y,
    y=lambda k, g, x: transposed(k, x) @ g,
)


@op(names={"y": "tensor"})
def dot(k, x: Array, y: Array):
    """The sum of the products of two vectors' elements; complex ones are not conjugated.

    >>> import tidu
    >>> tidu.dot(tidu.tensor([2, 3]), tidu.tensor([2, 1]))
    tensor(7)
    """
    check_vectors(x, y)
    return multiply(x, y)


dot.vjp(x=lambda g, y: g * y, y=lambda g, x: g * x)


@op(holomorphic=False)
def vdot(k, x: Array, y: Array):
    """The dot product of two vectors, of which the first is conjugated if complex.

    >>> import tidu
    >>> tidu.vdot(tidu.tensor([2, 3]), tidu.tensor([2, 1]))
    tensor(7)
    """
    check_vectors(x, y)
    return multiply(k.xp.conjugate(x) if x.dtype.kind == "c" else x, y)


vdot.vjp(x=lambda k, g, y: k.conj(g) * y, y=lambda g, x: g * x)


@composite(method=True)
def inner(input, other):
    """The sums of products over the last dimension of both.

    >>> import tidu
    >>> tidu.inner(tidu.tensor([1, 2, 3]), tidu.tensor([0, 2, 1]))
    tensor(7)
    """
    if not input.ndim or not other.ndim:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(input.shape)} and {list(other.shape)}"
        )
    return tensordot(input, other, dims=([-1], [-1]))


@composite(method=True, aliases=("ger",))
def outer(input, vec2):
    """All products of an element of one vector and an element of another, as a matrix.

    >>> import tidu
    >>> tidu.outer(tidu.tensor([1, 2]), tidu.tensor([3, 4]))
    tensor([[3, 4],
            [6, 8]])
    """
    for name, vector in (("self", input), ("vec2", vec2)):
        if vector.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {vector.ndim}-D")
    return input[:, None] * vec2


# Products that are added to something


def _fit(x, shape):
    """PyTorch's error for what cannot be added to a product of `shape`."""
    lead = len(shape) - x.ndim
    for i in range(x.ndim - 1, -1, -1):
        if lead < 0 or x.shape[i] not in (1, shape[lead + i]):
            raise RuntimeError(
                f"The expanded size of the tensor ({shape[lead + i]}) must match the existing size "
                f"({x.shape[i]}) at non-singleton dimension {lead + i}.  Target sizes: "
                f"{list(shape)}.  Tensor sizes: {list(x.shape)}"
            )


def _combine(name, x, product, beta, alpha):
    """beta * x + alpha * product, in the product's dtype; beta 0 ignores x, NaN and all."""
    if product.dtype.kind in "biu" and name not in ("addmm", "addr"):
        beta, alpha = int(beta), int(alpha)
    elif product.dtype.kind in "biu":
        for value, title in ((beta, "beta"), (alpha, "alpha")):
            if isinstance(value, float):
                raise RuntimeError(
                    f"For integral input tensors, argument {title} must not be a floating point "
                    "number."
                )
    _fit(x, product.shape)
    if alpha != 1:
        product = product * product.dtype.type(alpha)
    if beta == 0:
        return product
    return product + (x if beta == 1 else x * x.dtype.type(beta))


def _same_dtypes(x, y, z, second="mat2"):
    if y.dtype != z.dtype:
        raise noted(
            RuntimeError(
                f"mat1 and mat2 must have the same dtype, but got {_title(y)} and {_title(z)}"
            ),
            "Convert one: x.float() (values from NumPy are Double unless converted), "
            "model.double().",
        )
    if x.dtype != z.dtype:
        raise RuntimeError(
            f"self and {second} must have the same dtype, but got {_title(x)} and {_title(z)}"
        )


def _scaled(g, factor):
    return g if factor == 1 else g * factor


@op(inplace=True)
def addmm(k, x: Array, mat1: Array, mat2: Array, *, beta=1, alpha=1):
    """beta * input + alpha * (mat1 @ mat2), for matrices; `input` broadcasts.

    >>> import tidu
    >>> tidu.addmm(tidu.ones(2), tidu.ones(1, 3), tidu.ones(3, 2))
    tensor([[4., 4.]])
    """
    for name, m in (("mat1", mat1), ("mat2", mat2)):
        if m.ndim != 2:
            raise RuntimeError(f"{name} must be a matrix, got {m.ndim}-D tensor")
    if mat1.shape[1] == mat2.shape[0]:
        _same_dtypes(x, mat1, mat2)
    check_matrices(mat1, mat2)
    return _combine("addmm", x, multiply(mat1, mat2), beta, alpha)


addmm.vjp(
    x=lambda g, beta: _scaled(g, beta),
    mat1=lambda k, g, mat2, alpha: _scaled(g @ transposed(k, mat2), alpha),
    mat2=lambda k, g, mat1, alpha: _scaled(transposed(k, mat1) @ g, alpha),
)


@op(inplace=True)
def addmv(k, x: Array, mat: Array, vec: Array, *, beta=1, alpha=1):
    """beta * input + alpha * (mat @ vec), for a matrix and a vector.

    >>> import tidu
    >>> tidu.addmv(tidu.ones(2), tidu.ones(2, 3), tidu.ones(3))
    tensor([4., 4.])
    """
    if mat.ndim != 2 or vec.ndim != 1 or x.ndim > 1:
        raise RuntimeError(
            f"vector + matrix @ vector expected, got {x.ndim}, {mat.ndim}, {vec.ndim}"
        )
    if mat.shape[1] != vec.shape[0] or x.size not in (1, mat.shape[0]):
        n = x.shape[0] if x.ndim else 1
        raise RuntimeError(
            f"size mismatch, got input ({n}), mat ({mat.shape[0]}x{mat.shape[1]}), "
            f"vec ({vec.shape[0]})"
        )
    check_matrix_vector(mat, vec)
    return _combine("addmv", x, multiply(mat, vec), beta, alpha)


addmv.vjp(
    x=lambda g, beta: _scaled(g, beta),
    mat=lambda k, g, vec, alpha: _scaled(k.unsqueeze(g, -1) * vec, alpha),
    vec=lambda k, g, mat, alpha: _scaled(transposed(k, mat) @ g, alpha),
)


@op(inplace=True)
def addr(k, x: Array, vec1: Array, vec2: Array, *, beta=1, alpha=1):
    """beta * input + alpha * outer(vec1, vec2).

    >>> import tidu
    >>> tidu.addr(tidu.zeros(2, 2), tidu.tensor([1.0, 2.0]), tidu.tensor([3.0, 4.0]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    for name, v in (("vec1", vec1), ("vec2", vec2)):
        if v.ndim != 1:
            raise RuntimeError(f"addr: Expected 1-D argument {name}, but got {v.ndim}-D")
    dtype = dtypes.result(x, vec1, vec2)
    product = vec1.astype(dtype)[:, None] * vec2.astype(dtype)
    if dtype.kind == "b":
        chosen = product & (alpha != 0)
        return chosen | (x & (beta != 0))
    return _combine("addr", x.astype(dtype), product, beta, alpha)


addr.vjp(
    x=lambda g, beta: _scaled(g, beta),
    vec1=lambda g, vec2, alpha: _scaled(g @ vec2, alpha),
    vec2=lambda k, g, vec1, alpha: _scaled(transposed(k, g) @ vec1, alpha),
)


@op(inplace=True)
def baddbmm(k, x: Array, batch1: Array, batch2: Array, *, beta=1, alpha=1):
    """beta * input + alpha * bmm(batch1, batch2).

    >>> import tidu
    >>> tidu.baddbmm(tidu.ones(1), tidu.ones(2, 1, 3), tidu.ones(2, 3, 1)).flatten()
    tensor([4., 4.])
    """
    check_batches(batch1, batch2)
    if x.dtype != batch1.dtype:
        raise RuntimeError(
            f"Input dtypes must be the same, got: input {_C_NAMES[x.dtype.name]}, batch1: "
            f"{_C_NAMES[batch1.dtype.name]}, batch2: {_C_NAMES[batch2.dtype.name]}"
        )
    return _combine("baddbmm", x, multiply(batch1, batch2), beta, alpha)


baddbmm.vjp(
    x=lambda g, beta: _scaled(g, beta),
    batch1=lambda k, g, batch2, alpha: _scaled(g @ transposed(k, batch2), alpha),
    batch2=lambda k, g, batch1, alpha: _scaled(transposed(k, batch1) @ g, alpha),
)


@op(inplace=True)
def addbmm(k, x: Array, batch1: Array, batch2: Array, *, beta=1, alpha=1):
    """beta * input + alpha * the sum of all products in bmm(batch1, batch2).

    >>> import tidu
    >>> tidu.addbmm(tidu.ones(1, 1), tidu.ones(2, 1, 3), tidu.ones(2, 3, 1))
    tensor([[7.]])
    """
    check_batches(batch1, batch2)
    b, n, inner_size = batch1.shape
    # One product: (n, b * k) with (b * k, m).
    left = batch1.transpose(1, 0, 2).reshape(n, b * inner_size)
    product = multiply(left, batch2.reshape(b * inner_size, batch2.shape[2]))
    return _combine("addbmm", x, product, beta, alpha)


addbmm.vjp(
    x=lambda g, beta: _scaled(g, beta),
    batch1=lambda k, g, batch2, alpha: _scaled(g @ transposed(k, batch2), alpha),
    batch2=lambda k, g, batch1, alpha: _scaled(transposed(k, batch1) @ g, alpha),
)


# Layers


def _linear_node(x, weight, bias):
    if weight.ndim == 1:
        return (
            "MvBackward0"
            if x.ndim == 2
            else "DotBackward0"
            if x.ndim == 1
            else "UnsafeViewBackward0"
        )
    if bias is not None:
        return "AddmmBackward0" if x.ndim == 2 else "ViewBackward0"
    return {1: "SqueezeBackward4", 2: "MmBackward0"}.get(x.ndim, "UnsafeViewBackward0")


@op(
    public=False,
    method=False,
    node=_linear_node,
    inputs={"AddmmBackward0": ("bias", "x", "weight"), "MmBackward0": ("x", "weight")},
)
def linear(k, x: Array, weight: Array, bias: Array | None = None):
    """x @ weight.T + bias, for `x` of shape (..., in) and `weight` of shape (out, in) or (in).

    >>> import tidu
    >>> tidu.nn.functional.linear(tidu.ones(2, 3), tidu.ones(1, 3), tidu.ones(1))
    tensor([[4.],
            [4.]])
    """
    if x.dtype is not weight.dtype or x.dtype.kind not in "fc" or weight.ndim != 2 or not x.ndim:
        out = k.matmul(*_check_linear(x, weight, bias))
    else:
        if x.shape[-1] != weight.shape[1]:
            check_matrices(_rows(x), weight.T)
        out = multiply(x, weight.T)
    if bias is None:
        return out
    if bias.dtype is not out.dtype or bias.shape != out.shape[-1:]:
        _check_bias(out, bias)
    out += bias
    return out


def _check_linear(x, weight, bias):
    if bias is not None and x.dtype != weight.dtype:
        _same_dtypes(weight, x, weight)
    return x, weight.T


def _check_bias(out, bias):
    if bias.dtype != out.dtype:
        raise RuntimeError(
            f"self and mat2 must have the same dtype, but got {_title(bias)} and {_title(out)}"
        )
    _fit(bias, (_product(out.shape[:-1]), *out.shape[-1:]))


def _linear_weight(k, g, x, weight_shape):
    if len(weight_shape) == 1:
        return _right(k, g, x, weight_shape)
    n_out, n_in = weight_shape
    if len(x.shape) != 2:
        rows = _product(x.shape[:-1])
        g, x = k.reshape(g, (rows, n_out)), k.reshape(x, (rows, n_in))
    return transposed(k, g) @ x


linear.vjp(
    x=lambda k, g, weight, x_shape: (
        g @ weight if len(weight.shape) == 2 else _left(k, g, weight, x_shape)
    ),
    weight=lambda k, g, x, weight_shape: _linear_weight(k, g, x, weight_shape),
    bias=lambda g: g,
)


@composite(public=False, out=False)
def bilinear(input1, input2, weight, bias=None):
    """x1^T A x2 + b for each A of `weight`, which has shape (out, in1, in2).

    >>> import tidu
    >>> one = tidu.ones(1, 2)
    >>> tidu.nn.functional.bilinear(one, one, tidu.ones(1, 2, 2))
    tensor([[4.]])
    """
    if input1.ndim != input2.ndim:
        raise RuntimeError(
            f"bilinear(): input dimensions do not match: got {input1.ndim} and {input2.ndim}"
        )
    for i in range(input1.ndim - 1):
        if input1.shape[i] != input2.shape[i]:
            raise RuntimeError(
                f"bilinear(): input batch dimensions do not match at dim {i}: got "
                f"{input1.shape[i]} and {input2.shape[i]}"
            )
    for name, given, dim in (("input1", input1, 1), ("input2", input2, 2)):
        if given.shape[-1] != weight.shape[dim]:
            raise RuntimeError(
                f"bilinear(): {name} size does not match weight size: got {given.shape[-1]} but "
                f"expected {weight.shape[dim]}"
            )
    n_out, n1, n2 = weight.shape
    lead = input1.shape[:-1]
    left, right = input1.reshape(-1, n1), input2.reshape(-1, n2)
    # (b, in1) @ (in1, out * in2), then for each row a matrix times a vector.
    half = (left @ weight.permute(1, 0, 2).reshape(n1, n_out * n2)).reshape(-1, n_out, n2)
    result = (half @ right.unsqueeze(-1)).reshape(*lead, n_out)
    return result if bias is None else result + bias


# Contractions of any dimensions


@composite()
def tensordot(a, b, dims=2):
    """The sum of products over several dimensions of both.

    `dims`: how many of the last of `a` go with the first of `b`, or a pair of lists.

    >>> import tidu
    >>> tidu.tensordot(tidu.ones(2, 3), tidu.ones(3, 4), dims=1).shape
    tidu.Size([2, 4])
    """
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, (tuple, list)):
        left, right = [list(d) if isinstance(d, (tuple, list)) else [d] for d in dims]
    else:
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.ndim, b.ndim):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        left, right = list(range(-dims, 0)), list(range(dims))
    if len(left) != len(right):
        raise RuntimeError("both dimension lists should have same length")
    for i, j in zip(left, right):
        if a.shape[i] == 1:  # of size 1 stands for any size
            b = b.sum(j, True)
        elif b.shape[j] == 1:
            a = a.sum(i, True)
        elif a.shape[i] != b.shape[j]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a.shape[i]} in dim {i} "
                f"and second has size {b.shape[j]} in dim {j}"
            )
    left, right = [d % a.ndim for d in left], [d % b.ndim for d in right]
    free_a = [d for d in range(a.ndim) if d not in left]
    free_b = [d for d in range(b.ndim) if d not in right]
    shape = [a.shape[d] for d in free_a] + [b.shape[d] for d in free_b]
    n = _product(a.shape[d] for d in left)
    rows = _product(a.shape[d] for d in free_a)
    columns = _product(b.shape[d] for d in free_b)
    first = a.permute(free_a + left).reshape(rows, n)
    second = b.permute(right + free_b).reshape(n, columns)
    return (first @ second).reshape(shape)


@composite(method=True)
def kron(input, other):
    """The Kronecker product: `other`, times every element of `input`, side by side.

    >>> import tidu
    >>> tidu.kron(tidu.tensor([1, 10]), tidu.tensor([1, 2]))
    tensor([ 1,  2, 10, 20])
    """
    ndim = max(input.ndim, other.ndim)
    a = (1,) * (ndim - input.ndim) + tuple(input.shape)
    b = (1,) * (ndim - other.ndim) + tuple(other.shape)
    left = input.reshape([n for size in a for n in (size, 1)])
    right = other.reshape([n for size in b for n in (1, size)])
    return (left * right).reshape([n * m for n, m in zip(a, b)])


@composite(out=True)
def chain_matmul(*matrices):
    """The product of several matrices, in the order that takes the fewest operations.

    >>> import tidu
    >>> tidu.chain_matmul(tidu.ones(2, 3), tidu.ones(3, 2), tidu.ones(2, 1)).shape
    tidu.Size([2, 1])
    """
    for m in matrices:
        if m.ndim != 2:
            raise RuntimeError(f"Tensor dimension is {m.ndim}, expected 2 instead.")
    return matrices[0] if len(matrices) == 1 else operations.linalg_multi_dot(list(matrices))
