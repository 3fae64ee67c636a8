"""Adagrad: steps divided by the root of the sum of all squared gradients."""

from __future__ import annotations

import numpy as np

from ..tensor import Tensor
from .optimizer import (
    Optimizer,
    as_real,
    check_flags,
    check_lr,
    check_not_negative,
    formula,
    kernel,
    number,
    run_closure,
)


@formula
def adagrad_step(k, p, g, total, step, lr, lr_decay, weight_decay, eps, maximize):
    """Updates `p` and its sum of squares in place; `step` counts from 1 (Duchi et al., 2011)."""
    if maximize:
        g = -g
    if weight_decay:
        g = g + p * weight_decay
    rate = lr / (1 + (step - 1) * lr_decay)
    total += g * g
    p -= rate * (g / (k.xp.sqrt(total) + eps))


class Adagrad(Optimizer):
    """`p -= lr * g / (sqrt(sum of g²) + eps)`; `lr_decay` lowers the rate as 1 / (1 + step * lr_decay).

    (Duchi et al., 2011.) `initial_accumulator_value`: where the sum begins.

    >>> import tidu
    >>> p = tidu.nn.Parameter(tidu.tensor([1.0]))
    >>> optimizer = tidu.optim.Adagrad([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p.data
    tensor([0.9000])
    """

    def __init__(
        self, params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10,
        foreach=None, *, maximize=False, differentiable=False, fused=None,
    ):  # fmt: skip
        check_lr(lr)
        check_not_negative(lr_decay=lr_decay, weight_decay=weight_decay)
        check_not_negative(initial_accumulator_value=initial_accumulator_value, epsilon=eps)
        check_flags(foreach, fused, differentiable)
        defaults = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                self._start(p, group)

    def _start(self, p, group):
        start = group["initial_accumulator_value"]
        start = complex(start, start) if p.dtype.is_complex else start
        self.state[p] = {
            "step": Tensor._wrap(np.zeros((), np.float32)),
            "sum": Tensor._wrap(np.full_like(p._array, start)),
        }

    def step(self, closure=None):
        """One update; `closure` computes the loss anew and its value is returned."""
        loss = run_closure(closure)
        update = kernel("adagrad_step")
        for group in self.param_groups:
            for p, array, g in self._each(group):
                if not self.state[p]:
                    self._start(p, group)  # A parameter of a group added later.
                state = self.state[p]
                state["step"]._array += 1
                update(
                    *as_real(array, g, state["sum"]._array), state["step"].item(),
                    number(group["lr"]), group["lr_decay"], group["weight_decay"], group["eps"],
                    group["maximize"],
                )  # fmt: skip
                p._bump("Adagrad.step")
        return loss
