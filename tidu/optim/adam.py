"""Adam and AdamW: steps scaled by running averages of the gradient and its square."""

from __future__ import annotations

import math

import numpy as np

from ..autograd.node import bump_all
from ..backend.table import cpu
from ..tensor import Tensor
from .optimizer import (
    Optimizer,
    arrays,
    as_real,
    check_betas,
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
def adam_step(
    k, params, grads, means, squares, max_squares, steps, lr, beta1, beta2, eps, weight_decay,
    decoupled, maximize,
):  # fmt: skip
    """Updates every `p`, its averages and its count of steps in place (Kingma and Ba, 2015)."""
    for p, g, mean, square, max_square, step in zip(
        params, grads, means, squares, max_squares, steps
    ):
        p, g, mean, square, max_square = as_real(p, g, mean, square, max_square)
        step += 1
        if maximize:
            g = -g
        if weight_decay:
            if decoupled:
                p *= 1 - lr * weight_decay
            else:
                g = g + p * weight_decay
        mean += (g - mean) * (1 - beta1)
        square *= beta2
        square += g * g * (1 - beta2)
        correction1, correction2 = 1 - beta1 ** step.item(), math.sqrt(1 - beta2 ** step.item())
        if max_square is not None:
            k.xp.maximum(max_square, square, out=max_square)
            square = max_square
        p -= lr / correction1 * (mean / (k.xp.sqrt(square) / correction2 + eps))


def _check_kinds(betas, foreach):
    for kind in (float, Tensor):
        if isinstance(betas[0], kind) and isinstance(betas[1], kind):
            break
    else:
        raise ValueError("betas must be either both floats or both Tensors")
    if foreach and isinstance(betas[0], Tensor):
        raise ValueError("betas[0] as a Tensor is not supported for capturable=False and foreach=True")


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015): each element moves by its average gradient over its average size.

    `betas`: decay rates of the averages of the gradient and of its square; `eps` keeps the
    denominator off zero; `amsgrad` uses the largest average square so far (Reddi et al., 2018);
    `decoupled_weight_decay` is AdamW's. `foreach`, `fused` and `capturable` are accepted; there is
    one implementation.

    >>> import tidu
    >>> p = tidu.nn.Parameter(tidu.tensor([1.0]))
    >>> optimizer = tidu.optim.Adam([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p.data
    tensor([0.9000])
    """

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *,
        foreach=None, maximize=False, capturable=False, differentiable=False, fused=None,
        decoupled_weight_decay=False,
    ):  # fmt: skip
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
        check_lr(lr)
        check_not_negative(epsilon=eps)
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay)
        _check_kinds(betas, foreach and not capturable)
        check_flags(foreach, fused, differentiable)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "differentiable": differentiable, "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, defaults)

    def step(self, closure=None):
        """One update; `closure` computes the loss anew and its value is returned."""
        loss = run_closure(closure)
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            params = self._gather(group)
            states = self._states(params, group)
            largest = [s["max_exp_avg_sq"]._array if group["amsgrad"] else None for s in states]
            cpu.adam_step(
                arrays(params), gradients(params), held(states, "exp_avg"),
                held(states, "exp_avg_sq"), largest, held(states, "step"),
                number(group["lr"]), number(beta1), number(beta2), number(group["eps"]),
                number(group["weight_decay"]), group["decoupled_weight_decay"], group["maximize"],
            )  # fmt: skip
            bump_all(params, f"{type(self).__name__}.step")
        return loss

    def _begin(self, state, array, group):
        state["step"] = Tensor._wrap(np.zeros((), np.float32))
        state["exp_avg"] = zeros(array)
        state["exp_avg_sq"] = zeros(array)
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = zeros(array)
