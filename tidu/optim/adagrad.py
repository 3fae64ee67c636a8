"""Adagrad: steps divided by the root of the sum of all squared gradients."""

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
)


@formula
def adagrad_step(k, params, grads, totals, steps, lr, lr_decay, weight_decay, eps, maximize):
    """Updates every `p`, its sum of squares and its count of steps in place (Duchi et al., 2011)."""
    for p, g, total, step in zip(params, grads, totals, steps):
        p, g, total = as_real(p, g, total)
        rate = lr / (1 + step.item() * lr_decay)
        step += 1
        if maximize:
            g = -g
        if weight_decay:
            g = g + p * weight_decay
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
                self._begin(self.state[p], p._array, group)

    def _begin(self, state, array, group):
        start = group["initial_accumulator_value"]
        start = complex(start, start) if array.dtype.kind == "c" else start
        state["step"] = Tensor._wrap(np.zeros((), np.float32))
        state["sum"] = Tensor._wrap(np.full_like(array, start))

    def step(self, closure=None):
        """One update; `closure` computes the loss anew and its value is returned."""
        loss = run_closure(closure)
        for group in self.param_groups:
            params = self._gather(group)
            states = self._states(params, group)
            cpu.adagrad_step(
                arrays(params), gradients(params), held(states, "sum"), held(states, "step"),
                number(group["lr"]), number(group["lr_decay"]), number(group["weight_decay"]),
                number(group["eps"]), group["maximize"],
            )  # fmt: skip
            bump_all(params, "Adagrad.step")
        return loss
