"""Adam and AdamW: steps scaled by running averages of the gradient and its square."""

from __future__ import annotations

import math

import numpy as np

from ..tensor import Tensor
from .optimizer import (
    Optimizer,
    as_real,
    check_betas,
    check_flags,
    check_lr,
    check_not_negative,
    formula,
    kernel,
    number,
    run_closure,
)


@formula
def adam_step(
    k, p, g, mean, square, max_square, step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize
):
    """Updates `p` and its averages in place; `step` counts from 1 (Kingma and Ba, 2015)."""
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
    correction1, correction2 = 1 - beta1**step, math.sqrt(1 - beta2**step)
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
        update = kernel("adam_step")
        for group in self.param_groups:
            lr = number(group["lr"])
            beta1, beta2 = map(number, group["betas"])
            for p, array, g in self._each(group):
                state = self.state[p]
                if not state:
                    state["step"] = Tensor._wrap(np.zeros((), np.float32))
                    state["exp_avg"] = Tensor._wrap(np.zeros_like(array))
                    state["exp_avg_sq"] = Tensor._wrap(np.zeros_like(array))
                    if group["amsgrad"]:
                        state["max_exp_avg_sq"] = Tensor._wrap(np.zeros_like(array))
                state["step"]._array += 1
                largest = state["max_exp_avg_sq"]._array if group["amsgrad"] else None
                averages = state["exp_avg"]._array, state["exp_avg_sq"]._array, largest
                update(
                    *as_real(array, g, *averages),
                    state["step"].item(), lr, beta1, beta2, group["eps"], group["weight_decay"],
                    group["decoupled_weight_decay"], group["maximize"],
                )  # fmt: skip
                p._bump(f"{type(self).__name__}.step")
        return loss
