"""Keeping gradients within bounds."""

from __future__ import annotations

from ...autograd.grad_mode import no_grad
from ...tensor import Tensor


def _listed(tensors):
    return [tensors] if isinstance(tensors, Tensor) else tensors


@no_grad()
def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """Scales the gradients of `parameters` so that all together have at most the norm `max_norm`.

    Returns the norm that they had, a tensor (). `norm_type`: the p of the norm, also infinity.
    `foreach` is accepted and changes nothing. See Pascanu et al., 2013 (arXiv:1211.5063).

    >>> import tidu
    >>> w = tidu.nn.Parameter(tidu.tensor([3., 4.]))
    >>> w.grad = tidu.tensor([6., 8.])
    >>> tidu.nn.utils.clip_grad_norm_([w], 1.0)
    tensor(10.)
    >>> w.grad
    tensor([0.6000, 0.8000])
    """
    if not isinstance(parameters, Tensor):
        from types import GeneratorType

        is_generator = isinstance(parameters, GeneratorType)
        parameters = list(parameters)
        if is_generator and not parameters:
            import warnings

            warnings.warn(
                "`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3
            )
    parameters = _listed(parameters)
    grads = [p.grad for p in parameters if p.grad is not None]
    total_norm = get_total_norm(grads, norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(parameters, max_norm, total_norm, foreach)
    return total_norm


@no_grad()
def get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """The norm of several tensors as if they were one vector: a tensor ().

    Raises RuntimeError if `error_if_nonfinite` and the norm is infinite or not a number.

    >>> import tidu
    >>> tidu.nn.utils.get_total_norm([tidu.tensor([3.]), tidu.tensor([4.])])
    tensor(5.)
    """
    from ...linalg import vector_norm
    from ...ops.from_data import tensor
    from ...ops.joining import stack

    tensors = list(_listed(tensors))
    norm_type = float(norm_type)
    if not tensors:
        return tensor(0.0)
    total = vector_norm(stack([vector_norm(t, norm_type) for t in tensors]), norm_type)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so "
            "it cannot be clipped. To disable this error and scale the gradients by the non-finite "
            "norm anyway, set `error_if_nonfinite=False`"
        )
    return total


@no_grad()
def clip_grads_with_norm_(parameters, max_norm, total_norm, foreach=None):
    """Scales the gradients by `max_norm / total_norm` if that is less than 1.

    >>> import tidu
    >>> w = tidu.nn.Parameter(tidu.ones(1))
    >>> w.grad = tidu.tensor([4.])
    >>> tidu.nn.utils.clip_grads_with_norm_(w, 2.0, tidu.tensor(4.))
    >>> w.grad
    tensor([2.0000])
    """
    # Without a test of the value: a norm that is not a number shows in the gradients.
    factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    for parameter in _listed(parameters):
        if parameter.grad is not None:
            parameter.grad.mul_(factor)


@no_grad()
def clip_grad_value_(parameters, clip_value, foreach=None):
    """Limits every element of the gradients to [-clip_value, clip_value].

    >>> import tidu
    >>> w = tidu.nn.Parameter(tidu.ones(2))
    >>> w.grad = tidu.tensor([-5., 0.5])
    >>> tidu.nn.utils.clip_grad_value_(w, 1)
    >>> w.grad
    tensor([-1.0000,  0.5000])
    """
    clip_value = float(clip_value)
    for parameter in _listed(parameters):
        if parameter.grad is not None:
            parameter.grad.clamp_(min=-clip_value, max=clip_value)


def clip_grad_norm(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """The deprecated name of `clip_grad_norm_`; calling it warns (FutureWarning)."""
    import warnings

    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of "
        "`torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)
