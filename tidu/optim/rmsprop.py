"""RMSprop: steps divided by a running average of the gradient's size."""

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
def rmsprop_step(
    k, p, g, square, mean, buffer, lr, alpha, eps, weight_decay, momentum, maximize
):
    """Updates `p` and its averages in place (Hinton, 2012; centered: Graves, 2013)."""
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
        update = kernel("rmsprop_step")
        for group in self.param_groups:
            names = ["square_avg"]
            names += ["momentum_buffer"] if group["momentum"] > 0 else []
            names += ["grad_avg"] if group["centered"] else []
            for p, array, g in self._each(group):
                state = self.state[p]
                if not state:
                    state["step"] = Tensor._wrap(np.zeros((), np.float32))
                    for name in names:
                        state[name] = Tensor._wrap(np.zeros_like(array))
                state["step"]._array += 1
                array, g, square, mean, buffer = as_real(
                    array, g, *(state[n]._array if n in names else None
                                for n in ("square_avg", "grad_avg", "momentum_buffer"))
                )  # fmt: skip
                update(
                    array, g, square, mean, buffer, number(group["lr"]), group["alpha"],
                    group["eps"], group["weight_decay"], group["momentum"], group["maximize"],
                )  # fmt: skip
                p._bump("RMSprop.step")
        return loss
