"""`gradcheck`: compares gradients from the graph with those from finite differences.

The Jacobian of output `o` with respect to input `i` is a matrix with a row for each element of the
input and a column for each element of the output. Its numerical form comes from central
differences, (f(x + eps) - f(x - eps)) / (2 eps), its analytical form from one backward pass for
each element of the output. Complex numbers count as pairs of real ones: an entry is then
df/d(real part) + 1j * df/d(imaginary part) of a real f, PyTorch's convention for gradients, and a
complex output is checked twice, its imaginary part and its real part.

The fast mode compares only v' J u for random vectors u and v of norm 1: two evaluations and one
backward pass instead of one for each element.
"""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np

from ..tensor import Tensor
from .engine import grad

_DIFFERENT_EACH_TIME = (
    "\n\nNOTE: If your op relies on non-deterministic operations i.e., it is listed here:\n"
    "https://pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html\n"
    "this failure might be expected.\n\n"
    "If you are adding a new operator, please file an issue and then use one of the\n"
    "workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck.\n"
    "If the test\n"
    "- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck\n"
    "  with `nondet_tol=<tol>` as a keyword argument.\n"
    "- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test\n"
    "  to have `gradcheck_nondet_tol=<tol>`.\n"
    "- is a Module test (e.g., in common_nn.py), then modify the corresponding\n"
    "  module_test entry to have `gradcheck_nondet_tol=<tol>`\n"
)


class GradcheckError(RuntimeError):
    """What `gradcheck` raises when a gradient is wrong."""


def gradcheck(func, inputs, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True,
              nondet_tol=0.0, check_undefined_grad=True, check_grad_dtypes=False,
              check_batched_grad=False, check_batched_forward_grad=False, check_forward_ad=False,
              check_backward_ad=True, fast_mode=False, masked=None):  # fmt: skip
    """Whether the gradients of `func(*inputs)` agree with finite differences; True or an error.

    Checked are the inputs that require gradients; they should be float64 or complex128. `eps` is
    the step, `atol` and `rtol` what may differ, `nondet_tol` by how much two backward passes may
    differ. Without `raise_exception` a wrong gradient gives False in place of `GradcheckError`.
    `check_batched_grad` has nothing to check: batches of gradients are computed one by one.

    >>> import tidu
    >>> x = tidu.tensor([0.5, 2.0], dtype=tidu.float64, requires_grad=True)
    >>> tidu.autograd.gradcheck(lambda x: x.exp() * x, (x,))
    True
    """
    if not (check_backward_ad or check_forward_ad):
        raise AssertionError(
            "Expected at least one of check_forward_ad or check_backward_ad to be True"
        )
    if check_forward_ad or check_batched_forward_grad:
        raise NotImplementedError("tidu has no forward mode yet: leave check_forward_ad out")
    try:
        check = _Check(func, inputs, eps, atol, rtol, nondet_tol, check_grad_dtypes, fast_mode)
        return check.run(check_undefined_grad)
    except GradcheckError:
        if raise_exception:
            raise
        return False


def gradgradcheck(func, inputs, grad_outputs=None, *, eps=1e-6, atol=1e-5, rtol=1e-3,
                  gen_non_contig_grad_outputs=False, raise_exception=True, nondet_tol=0.0,
                  check_undefined_grad=True, check_grad_dtypes=False, check_batched_grad=False,
                  check_fwd_over_rev=False, check_rev_over_rev=True, fast_mode=False,
                  masked=False):  # fmt: skip
    """Whether the second gradients of `func(*inputs)` agree with differences of the first.

    The function checked is the gradient of `func` at `grad_outputs` (random if not given), as a
    function of `inputs` and `grad_outputs`. The other parameters are those of `gradcheck`.

    >>> import tidu
    >>> x = tidu.tensor([0.5, 2.0], dtype=tidu.float64, requires_grad=True)
    >>> tidu.autograd.gradgradcheck(lambda x: x.exp() * x, (x,))
    True
    """
    if not (check_rev_over_rev or check_fwd_over_rev):
        raise AssertionError(
            "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True"
        )
    inputs = _as_tuple(inputs)
    if grad_outputs is None:
        outputs = _differentiable(func(*inputs))
        generator = np.random.default_rng(0)
        grad_outputs = tuple(
            _random_like(o._array, generator, gen_non_contig_grad_outputs) for o in outputs
        )
    else:
        grad_outputs = _as_tuple(grad_outputs)

    def gradient(*arguments):
        ours = arguments[: len(inputs)]
        outputs = _differentiable(func(*ours))
        wanted = [t for t in _tensors(ours) if t.requires_grad]
        found = grad(
            outputs, wanted, arguments[len(inputs) :], create_graph=True, allow_unused=True
        )
        return tuple(g for g in found if g is not None)

    return gradcheck(
        gradient, inputs + grad_outputs, eps=eps, atol=atol, rtol=rtol,
        raise_exception=raise_exception, nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad, check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad, check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev, fast_mode=fast_mode, masked=masked,
    )  # fmt: skip


class _Check:
    """One call of `gradcheck`."""

    def __init__(self, func, inputs, eps, atol, rtol, nondet_tol, dtypes_too, fast):
        self.func, self.inputs = func, _as_tuple(inputs)
        self.eps, self.atol, self.rtol, self.nondet_tol = eps, atol, rtol, nondet_tol
        self.dtypes_too, self.fast = dtypes_too, fast
        self.wanted = _checked_inputs(self.inputs)

    def run(self, check_undefined_grad):
        outputs = _differentiable(self.func(*self.inputs))
        if not outputs:
            return self.no_gradient_expected()
        for part in ("imaginary", "real"):
            if part == "real" or any(_is_complex(o) for o in outputs):
                self.compare(outputs, part)
        self.zero_in_zero_out(outputs)
        if check_undefined_grad:
            self.missing_gradients()
        return True

    def compare(self, outputs, part):
        compare = self.compare_fast if self.fast else self.compare_slow
        try:
            compare(outputs, part)
        except GradcheckError as error:
            if part == "imaginary" or any(_is_complex(o) for o in outputs):
                words = f"While considering the {part} part of complex outputs only, "
                raise GradcheckError(words + str(error)) from None
            raise

    # Element by element

    def compare_slow(self, outputs, part):
        numerical = self.numerical(outputs, part)
        for o, output in enumerate(outputs):
            if part == "imaginary" and not _is_complex(output):
                continue
            analytical = self.analytical(output, part)
            for i in range(len(self.wanted)):
                a, n = analytical[i], numerical[i][o]
                if not np.allclose(a, n, self.rtol, self.atol):
                    raise GradcheckError(_mismatch(a, n, o, i))

    def numerical(self, outputs, part, wanted=None):
        """For each input, for each output, the Jacobian from differences."""
        found = []
        for x in self.wanted if wanted is None else [self.wanted[wanted]]:
            a = x._array
            jacobians = [np.zeros((a.size, o._array.size), a.dtype) for o in outputs]
            for row, index in enumerate(np.ndindex(a.shape)):
                for step in (1, 1j) if a.dtype.kind == "c" else (1,):
                    direction = np.zeros(a.shape, a.dtype)
                    direction[index] = step
                    for jacobian, change in zip(jacobians, self.difference(a, direction)):
                        jacobian[row] += step * _part(change, part).reshape(-1)
            found.append(jacobians)
        return found

    def difference(self, array, direction):
        """The derivative of every output along a direction of one input, changed in place."""
        before = array.copy()
        try:
            np.add(before, self.eps * direction, out=array, casting="same_kind")
            above = [o._array.copy() for o in _differentiable(self.func(*self.inputs))]
            np.subtract(before, self.eps * direction, out=array, casting="same_kind")
            below = [o._array.copy() for o in _differentiable(self.func(*self.inputs))]
        finally:
            array[...] = before
        return [(b - a) / (2 * self.eps) for a, b in zip(below, above)]

    def analytical(self, output, part):
        """For each input, the Jacobian from backward passes; runs them twice and compares."""
        first, second = self._backward_rows(output, part), self._backward_rows(output, part)
        for _x, a, b in zip(self.wanted, first, second):
            if np.abs(a - b).max(initial=0) > self.nondet_tol:
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and "
                    "grad_output multiple times gives different values, although analytical "
                    "gradient "
                    "matches numerical gradient.The tolerance for nondeterminism was "
                    f"{self.nondet_tol}."
                    + _DIFFERENT_EACH_TIME
                )
        return first

    def _backward_rows(self, output, part):
        shape, dtype = output._array.shape, output._array.dtype
        found = [np.zeros((x._array.size, output._array.size), x._array.dtype) for x in self.wanted]
        for column, index in enumerate(np.ndindex(shape)):
            start = np.zeros(shape, dtype)
            start[index] = 1j if part == "imaginary" else 1
            for jacobian, g in zip(found, self.backward(output, start)):
                if g is not None:
                    jacobian[:, column] = g.reshape(-1)
        return found

    def backward(self, output, start):
        """The gradients of the inputs, as arrays or None, checked for shape and dtype."""
        found = grad(output, self.wanted, Tensor._wrap(start), retain_graph=True, allow_unused=True)
        for x, g in zip(self.wanted, found):
            if g is not None and self.dtypes_too and g.dtype is not x.dtype:
                raise GradcheckError("Gradient has dtype mismatch")
            if g is not None and g._array.shape != x._array.shape:
                raise GradcheckError("Analytical gradient has incorrect size")
        return [None if g is None else g._array for g in found]

    # Along random directions

    def compare_fast(self, outputs, part):
        generator = np.random.default_rng(0)
        us = [[_direction(x._array.shape, generator) for _ in "ri"] for x in self.wanted]
        vs = [_direction(o._array.shape, generator) for o in outputs]
        numerical = [self.numerical_along(x._array, u, vs, part) for x, u in zip(self.wanted, us)]
        for o, (output, v) in enumerate(zip(outputs, vs)):
            if part == "imaginary" and not _is_complex(output):
                continue
            start = (v * (1j if part == "imaginary" else 1)).astype(output._array.dtype)
            first, second = self.backward(output, start), self.backward(output, start)
            for i, (u, a, again) in enumerate(zip(us, first, second)):
                product = _along(a, u, self.wanted[i]._array)
                repeated = _along(again, u, self.wanted[i]._array)
                if abs(product - repeated) > self.nondet_tol:
                    self.analytical(output, part)  # raises
                n = numerical[i][o]
                atol = self.atol * float(
                    sum(w.sum() for w in u[: 1 + np.iscomplexobj(n)]) * v.sum()
                )
                if not np.isclose(product, n, self.rtol, atol):
                    raise GradcheckError(
                        _mismatch(product, n, o, i) + self.explain_in_full(outputs, part, o, i)
                    )

    def numerical_along(self, array, u, vs, part):
        found: list[complex] = [0.0] * len(vs)
        steps = (1, 1j) if array.dtype.kind == "c" else (1,)
        for step, w in zip(steps, u):
            changes = self.difference(array, (step * w).astype(array.dtype))
            for o, (v, change) in enumerate(zip(vs, changes)):
                found[o] += step * float((v * _part(change, part)).sum())
        return found

    def explain_in_full(self, outputs, part, o, i):
        n = self.numerical(outputs, part, i)[0][o]
        a = self.analytical(outputs[o], part)[i]
        worst = float(np.abs(n - a).max(initial=0))
        return (
            "\nThe above quantities relating the numerical and analytical jacobians are computed \n"
            "in fast mode. See: https://github.com/pytorch/pytorch/issues/53876 for more "
            "background "
            "\nabout fast mode. Below, we recompute numerical and analytical jacobians in slow "
            "mode:"
            f"\n\nNumerical:\n {Tensor._wrap(n)}\nAnalytical:\n{Tensor._wrap(a)}\n\n"
            f"The max per-element difference (slow mode) is: {worst}.\n"
        )

    # What does not need the Jacobian

    def no_gradient_expected(self):
        for x in self.wanted:
            a = x._array
            for index in np.ndindex(a.shape):
                direction = np.zeros(a.shape, a.dtype)
                direction[index] = 1
                if any((change != 0).any() for change in self.difference_of_all(a, direction)):
                    raise GradcheckError("Numerical gradient for function expected to be zero")
        return True

    def difference_of_all(self, array, direction):
        before = array.copy()
        try:
            array[...] = before + self.eps * direction
            above = [
                o._array.copy() for o in _as_tuple(self.func(*self.inputs)) if isinstance(o, Tensor)
            ]
            array[...] = before - self.eps * direction
            below = [
                o._array.copy() for o in _as_tuple(self.func(*self.inputs)) if isinstance(o, Tensor)
            ]
        finally:
            array[...] = before
        return [a.astype(np.complex128) - b for a, b in zip(above, below)]

    def zero_in_zero_out(self, outputs):
        zeros = [Tensor._wrap(np.zeros_like(o._array)) for o in outputs]
        found = grad(outputs, self.wanted, zeros, retain_graph=True, allow_unused=True)
        for g, x in zip(found, self.wanted):
            if g is None:
                continue
            if (g._array != 0).any():
                raise GradcheckError("backward not multiplied by grad_output")
            if g.dtype is not x.dtype:
                raise GradcheckError("grad is incorrect type")
            if g.shape != x.shape:
                raise GradcheckError("grad is incorrect size")

    def missing_gradients(self):
        """Every output once without a gradient, as when nothing was computed from it."""
        for left_out in range(len(_differentiable(self.func(*self.inputs)))):
            outputs = _differentiable(self.func(*self.inputs))
            outputs = outputs[:left_out] + outputs[left_out + 1 :]
            if not outputs:
                return
            zeros = [Tensor._wrap(np.zeros_like(o._array)) for o in outputs]
            try:
                found = grad(outputs, self.wanted, zeros, allow_unused=True)
            except RuntimeError as error:
                raise GradcheckError(
                    "Expected backward function to handle undefined output grads. "
                    'Please look at "Notes about undefined output gradients" in '
                    '"tools/autograd/derivatives.yaml"'
                ) from error
            if any(g is not None and (g._array != 0).any() for g in found):
                raise GradcheckError(
                    "Expected all input grads to be undefined or zero when all output grads are "
                    'undefined or zero. Please look at "Notes about undefined output gradients" in '
                    '"tools/autograd/derivatives.yaml"'
                )


def _checked_inputs(inputs):
    """The tensors among the inputs that require gradients."""
    wanted = []
    for index, x in enumerate(_tensors(inputs)):
        if not x.requires_grad:
            continue
        a = x._array
        if a.dtype not in (np.float64, np.complex128):
            import warnings

            warnings.warn(
                f"Input #{index} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double "
                "precision "
                "floating point or complex. ",
                stacklevel=4,
            )
        if a.size and any(stride == 0 and n > 1 for stride, n in zip(a.strides, a.shape)):
            raise RuntimeError(
                f"The {index}th input has a dimension with stride 0. gradcheck only supports "
                "inputs "
                "that are non-overlapping to be able to compute the numerical gradients correctly. "
                "You should call .contiguous on the input before passing it to gradcheck."
            )
        wanted.append(x)
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have requires_grad=True."
        )
    return wanted


def _as_tuple(value):
    if isinstance(value, tuple):
        return value
    return tuple(value) if isinstance(value, list) else (value,)


def _tensors(values):
    """The tensors in a tuple, also those in lists and tuples within."""
    found = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (tuple, list)):
            found += _tensors(value)
    return found


def _differentiable(outputs):
    return tuple(o for o in _as_tuple(outputs) if isinstance(o, Tensor) and o.requires_grad)


def _is_complex(tensor):
    return tensor._array.dtype.kind == "c"


def _part(array, part):
    return array.imag if part == "imaginary" else array.real


def _random_like(array, generator, scattered):
    """Random numbers in the shape of `array`, which require a gradient."""
    shape = (*array.shape, 2) if scattered else array.shape
    values = generator.standard_normal(shape)
    if array.dtype.kind == "c":
        values = values + 1j * generator.standard_normal(shape)
    values = np.asarray(values, array.dtype)
    return Tensor._wrap(values[..., 0] if scattered else values).requires_grad_()


def _direction(shape, generator):
    values = np.asarray(generator.random(shape))
    norm = np.sqrt((values * values).sum())
    return values / norm if norm else values


def _along(gradient, u, like):
    if gradient is None:
        gradient = np.zeros_like(like)
    real = float((gradient.real * u[0]).sum())
    if gradient.dtype.kind != "c":
        return real
    return complex(real, float((gradient.imag * u[1]).sum()))


def _mismatch(analytical, numerical, output, i):
    if isinstance(analytical, np.ndarray):
        analytical, numerical = Tensor._wrap(analytical), Tensor._wrap(numerical)
    return (
        f"Jacobian mismatch for output {output} with respect to input {i},\n"
        f"numerical:{numerical}\nanalytical:{analytical}\n"
    )


class _Module(ModuleType):
    """`tidu.autograd.gradcheck` is a function, and a module to those who import from it."""

    def __call__(self, *args, **kwargs):
        return gradcheck(*args, **kwargs)


sys.modules[__name__].__class__ = _Module
