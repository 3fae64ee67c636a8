"""RMSprop: steps divided by a running average of the gradient's size."""

from __future__ import annotations

import numpy as np

from ..autograd.node import bump_all
from ..backend.table import cpu
from ..tensor import Tensor
from .optimizer import (
    Optimizer,
    arrays,
    as_real,
    check_flags,
    check_lr,
    check_not_negative,
    formula,
    gradients,
    held,
    number,
    run_closure,
    zeros,
)


@formula
def rmsprop_step(
    k, params, grads, squares, means, buffers, steps, lr, alpha, eps, weight_decay, momentum, maximize
):
    """Updates every `p`, its averages and its count of steps in place.

    (Hinton, 2012; centered: Graves, 2013.)
    """
    for p, g, square, mean, buffer, step in zip(params, grads, squares, means, buffers, steps):
        p, g, square, mean, buffer = as_real(p, g, square, mean, buffer)
        step += 1
        if maximize:
            g = -g
        if weight_decay:
            g = g + p * weight_decay
        square *= alpha
        square += g * g * (1 - alpha)
        size = square
        if mean is not None:
            mean += (g - mean) * (1 - alpha)
            size = square - mean * mean
        size = k.xp.sqrt(size) + eps
        if buffer is None:
            p -= lr * (g / size)
        else:
            buffer *= momentum
            buffer += g / size
            p -= lr * buffer


class RMSprop(Optimizer):
    """`p -= lr * g / (sqrt(average of g²) + eps)`, the average with decay rate `alpha`.

    `centered` divides by the standard deviation instead (Graves, 2013); `momentum` averages the
    steps. (Hinton, 2012.)

    >>> import tidu
    >>> p = tidu.nn.Parameter(tidu.tensor([1.0]))
    >>> optimizer = tidu.optim.RMSprop([p], lr=0.1, alpha=0.75)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p.data
    tensor([0.8000])
    """

    def __init__(
        self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False,
        capturable=False, foreach=None, maximize=False, differentiable=False,
    ):  # fmt: skip
        check_lr(lr)
        check_not_negative(epsilon=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        check_flags(foreach, None, differentiable)
        defaults = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def step(self, closure=None):
        """One update; `closure` computes the loss anew and its value is returned."""
        loss = run_closure(closure)
        for group in self.param_groups:
            momentum = number(group["momentum"])
            params = self._gather(group)
            states = self._states(params, group)
            nothing = [None] * len(params)
            cpu.rmsprop_step(
                arrays(params), gradients(params), held(states, "square_avg"),
                held(states, "grad_avg") if group["centered"] else nothing,
                held(states, "momentum_buffer") if momentum > 0 else nothing, held(states, "step"),
                number(group["lr"]), number(group["alpha"]), number(group["eps"]),
                number(group["weight_decay"]), momentum, group["maximize"],
            )  # fmt: skip
            bump_all(params, "RMSprop.step")
        return loss

    def _begin(self, state, array, group):
        state["step"] = Tensor._wrap(np.zeros((), np.float32))
        state["square_avg"] = zeros(array)
        if group["momentum"] > 0:
            state["momentum_buffer"] = zeros(array)
        if group["centered"]:
            state["grad_avg"] = zeros(array)
