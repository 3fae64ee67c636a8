"""Jacobians, Hessians and their products with vectors, of functions from tensors to tensors.

All of it is backward passes. A product of the Jacobian with a vector, J v, is what forward mode
would give; without it, it is the gradient of u -> J' u, which is linear in u, so that its own
Jacobian is J ("double backward").
"""

from __future__ import annotations

import numpy as np

from ..tensor import Tensor
from .engine import grad
from .grad_mode import enable_grad, mode, set_grad_enabled
from .public import operations

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

_NOT_ALLOWED = "This is not allowed in strict mode"


def vjp(func, inputs, v=None, create_graph=False, strict=False):
    """`func(inputs)` and v' J, the gradient of `func` weighted with `v`.

    `v` has the outputs' form; it is not needed for a single output of one element. With `strict`,
    an output that does not depend on an input is an error, not a zero.

    >>> import tidu
    >>> tidu.autograd.functional.vjp(lambda x: x * x, tidu.tensor([1.0, 2.0]), tidu.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    with enable_grad():
        many_inputs, inputs = _as_tuple(inputs, "inputs", "vjp")
        inputs = _prepared(inputs, create_graph)
        many_outputs, outputs = _as_tuple(func(*inputs), _OUTPUTS, "vjp")
        _check_outputs(outputs, strict)
        if v is None:
            v = (None,)
            if len(outputs) != 1 or outputs[0]._array.size != 1:
                raise RuntimeError(
                    "The vector v can only be None if the user-provided function returns a single "
                    "Tensor with a single element."
                )
        else:
            v = _vector(v, outputs, many_outputs, "vjp", create_graph)
    with set_grad_enabled(create_graph or mode.enabled):
        found = _grad(outputs, inputs, v, create_graph)
        found = _filled(found, inputs, strict, _INDEPENDENT_OUTPUT)
    return _finished(outputs, many_outputs, create_graph), _finished(
        found, many_inputs, create_graph
    )


def jvp(func, inputs, v=None, create_graph=False, strict=False):
    """`func(inputs)` and J v, the change of `func` when the inputs move along `v`.

    >>> import tidu
    >>> tidu.autograd.functional.jvp(lambda x: x * x, tidu.tensor([1.0, 2.0]), tidu.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    with enable_grad():
        many_inputs, inputs = _as_tuple(inputs, "inputs", "jvp")
        inputs = _prepared(inputs, create_graph)
        v = _direction(v, inputs, many_inputs, "jvp", create_graph)
        many_outputs, outputs = _as_tuple(func(*inputs), _OUTPUTS, "jvp")
        _check_outputs(outputs, strict)
        u = _probes(outputs)
        backward = _grad(outputs, inputs, u, True)
        backward = _filled(backward, inputs, strict, _INDEPENDENT_OUTPUT)
    with set_grad_enabled(create_graph or mode.enabled):
        found = _grad(backward, u, v, create_graph)
        found = _filled(
            found, outputs, strict,
            "The gradient with respect to the input is independent of entry {i} in the "
            "grad_outputs "
            "when using the double backward trick to compute forward mode gradients. "
            + _NOT_ALLOWED + ".",
        )  # fmt: skip
    return _finished(outputs, many_outputs, create_graph), _finished(
        found, many_outputs, create_graph
    )


def jacobian(func, inputs, create_graph=False, strict=False, vectorize=False,
             strategy="reverse-mode"):  # fmt: skip
    """The Jacobian of `func`: for an output of shape O and an input of shape I, a tensor (*O, *I).

    Several outputs or inputs give tuples (of tuples). `vectorize` and `strategy` choose how PyTorch
    computes it; here it is always one backward pass for each element of the output.

    >>> import tidu
    >>> tidu.autograd.functional.jacobian(lambda x: x * x, tidu.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    _check_strategy(strategy, vectorize)
    if strict and vectorize:
        raise RuntimeError(
            "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not "
            "supported together. Please either set `strict=False` or `vectorize=False`."
        )
    with enable_grad():
        many_inputs, inputs = _as_tuple(inputs, "inputs", "jacobian")
        inputs = _prepared(inputs, create_graph)
        many_outputs, outputs = _as_tuple(func(*inputs), _OUTPUTS, "jacobian")
        _check_outputs(outputs, strict)
        rows = tuple(
            tuple(_jacobian_of(i, out, inputs, create_graph, strict))
            for i, out in enumerate(outputs)
        )
    rows = tuple(row if many_inputs else row[0] for row in rows)
    return rows if many_outputs else rows[0]


def hessian(func, inputs, create_graph=False, strict=False, vectorize=False,
            outer_jacobian_strategy="reverse-mode"):  # fmt: skip
    """The second derivatives of a `func` with one value: (*I, *J) for inputs of shapes I, J.

    >>> import tidu
    >>> tidu.autograd.functional.hessian(lambda x: (x**3).sum(), tidu.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    _check_strategy(outer_jacobian_strategy, vectorize)
    many_inputs, inputs = _as_tuple(inputs, "inputs", "hessian")

    def gradient(*inputs):
        found = jacobian(lambda *x: _one_value(func(*x), "hessian"), inputs, create_graph=True)
        _check_depends(found, strict)
        return found

    found = jacobian(gradient, inputs, create_graph, strict)
    return found if many_inputs else found[0][0]


def vhp(func, inputs, v=None, create_graph=False, strict=False):
    """`func(inputs)` and v' H, for a `func` with one value and its Hessian H.

    >>> import tidu
    >>> tidu.autograd.functional.vhp(lambda x: (x**3).sum(), tidu.tensor([1.0, 2.0]), tidu.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _hessian_product(func, inputs, v, create_graph, strict, "vhp")


def hvp(func, inputs, v=None, create_graph=False, strict=False):
    """`func(inputs)` and H v, for a `func` with one value and its Hessian H, which is symmetric.

    >>> import tidu
    >>> tidu.autograd.functional.hvp(lambda x: (x**3).sum(), tidu.tensor([1.0, 2.0]), tidu.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _hessian_product(func, inputs, v, create_graph, strict, "hvp")


def _hessian_product(func, inputs, v, create_graph, strict, name):
    with enable_grad():
        many_inputs, inputs = _as_tuple(inputs, "inputs", name)
        inputs = _prepared(inputs, create_graph)
        v = _direction(v, inputs, many_inputs, name, create_graph)
        value = _one_value(func(*inputs), name)
        _check_outputs((value,), strict)
        gradient = _grad((value,), inputs, None, True)
        gradient = _filled(gradient, inputs, strict, _INDEPENDENT_OUTPUT)
        _check_depends(gradient, strict)
    with set_grad_enabled(create_graph or mode.enabled):
        found = _grad(gradient, inputs, v, create_graph)
        found = _filled(
            found, inputs, strict,
            "The jacobian of the user-provided function is independent of input {i}. "
            + _NOT_ALLOWED + ".",
        )  # fmt: skip
    return _finished((value,), False, create_graph), _finished(found, many_inputs, create_graph)


def _jacobian_of(i, output, inputs, create_graph, strict):
    """The Jacobians of one output, for each input."""
    rows = []
    flat = operations.reshape(output, (-1,))
    for j in range(flat._array.size):
        found = _grad((flat[j],), inputs, None, create_graph, keep=True)
        rows.append(
            _filled(
                found, inputs, strict,
                f"Output {i} of the user-provided function is independent of input {{i}}. "
                + _NOT_ALLOWED + ".",
            )
        )  # fmt: skip
    for k, x in enumerate(inputs):
        shape = (*output._array.shape, *x._array.shape)
        if not rows:
            yield Tensor._wrap(np.zeros(shape, x._array.dtype))
            continue
        stacked = operations.view(operations.stack([row[k] for row in rows], 0), shape)
        yield stacked if create_graph else stacked.detach()


# What goes in and out

_OUTPUTS = "outputs of the user-provided function"
_INDEPENDENT_OUTPUT = (
    "The output of the user-provided function is independent of input {i}. " + _NOT_ALLOWED + "."
)


def _as_tuple(values, what, name):
    """Whether several tensors were given, and the tensors as a tuple."""
    if isinstance(values, Tensor):
        return False, (values,)
    if not isinstance(values, tuple):
        raise TypeError(
            f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the "
            "given "
            f"{what} has type {type(values)}."
        )
    for i, value in enumerate(values):
        if not isinstance(value, Tensor):
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the "
                f"value at index {i} of the given {what} has type {type(value)}."
            )
    return True, values


def _prepared(inputs, create_graph):
    """Inputs that require gradients; with `create_graph` they stay tied to the caller's graph."""
    return tuple(
        operations.view(x, x._array.shape)
        if create_graph and x.requires_grad
        else x.detach().requires_grad_()
        for x in inputs
    )


def _vector(v, like, many, name, create_graph):
    _, v = _as_tuple(v, "v", name)
    v = tuple(x if create_graph and x.requires_grad else x.detach() for x in v)
    if len(v) != len(like):
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(like)} but got {len(v)}."
            if many
            else "The given v should contain a single Tensor."
        )
    for i, (a, b) in enumerate(zip(v, like)):
        if a.shape != b.shape:
            where = f"Entry {i} in " if many else ""
            raise RuntimeError(f"{where}v has invalid size: should be {b.shape} but got {a.shape}.")
    return v


def _direction(v, inputs, many, name, create_graph):
    if v is not None:
        return _vector(v, inputs, many, name, create_graph)
    if len(inputs) != 1 or inputs[0]._array.size != 1:
        raise RuntimeError(
            "The vector v can only be None if the input to the user-provided function is a single "
            "Tensor with a single element."
        )
    return (Tensor._wrap(np.ones_like(inputs[0]._array)),)


def _one_value(output, name):
    several, outputs = _as_tuple(output, _OUTPUTS, name)
    if several:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if outputs[0]._array.size != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {name} should contain a single element"
        )
    return outputs[0] if outputs[0]._array.ndim == 0 else operations.reshape(outputs[0], ())


def _probes(outputs):
    return tuple(Tensor._wrap(np.zeros_like(o._array)).requires_grad_() for o in outputs)


def _grad(outputs, inputs, v, create_graph, keep=None):
    """`grad`, without the outputs that need no gradient."""
    v = v or (None,) * len(outputs)
    pairs = [(o, g) for o, g in zip(outputs, v) if o.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    outputs, v = zip(*pairs)
    keep = keep or create_graph or None
    return grad(outputs, inputs, v, keep, create_graph, allow_unused=True)


def _filled(found, like, strict, message):
    """Zeros for None, or an error."""
    full = []
    for i, (g, x) in enumerate(zip(found, like)):
        if g is None:
            if strict:
                raise RuntimeError(message.format(i=i))
            g = Tensor._wrap(np.zeros_like(x._array))
        full.append(g)
    return tuple(full)


def _finished(tensors, many, create_graph):
    tensors = tuple(t if create_graph else t.detach() for t in tensors)
    return tensors if many else tensors[0]


def _check_outputs(outputs, strict):
    for i, output in enumerate(outputs):
        if strict and not output.requires_grad:
            raise RuntimeError(
                f"Output {i} of the user-provided function does not require gradients. The outputs "
                "must be computed in a differentiable manner from the input when running in strict "
                "mode."
            )


def _check_depends(gradients, strict):
    for i, gradient in enumerate(gradients):
        if strict and not gradient.requires_grad:
            raise RuntimeError(
                "While computing the hessian, found that the jacobian of the user-provided "
                "function "
                f"with respect to input {i} is independent of the input. {_NOT_ALLOWED}. You "
                "should "
                "ensure that your function is twice differentiable and that the jacobian depends "
                "on "
                "the inputs (this would be violated by a linear function for example)."
            )


def _check_strategy(strategy, vectorize):
    if strategy == "forward-mode" and not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly "
            "implemented for `vectorize=True`."
        )
    assert strategy in ("forward-mode", "reverse-mode"), (
        'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function '
        'has more outputs than inputs, "forward-mode" tends to be more performant. Otherwise, '
        'prefer to use "reverse-mode".'
    )
