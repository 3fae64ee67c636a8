"""SGD: stochastic gradient descent, with momentum."""

from __future__ import annotations

import numpy as np

from ..autograd.node import bump_all
from ..backend.table import cpu
from ..tensor import Tensor
from .optimizer import (
    Optimizer,
    arrays,
    check_flags,
    check_lr,
    check_not_negative,
    formula,
    gradients,
    number,
    run_closure,
)


@formula
def sgd_step(k, params, grads, buffers, lr, momentum, dampening, weight_decay, nesterov, maximize):
    """Updates every `p` in place; returns the momentum buffers (at the first step, new ones)."""
    buffers = list(buffers)
    for i, (p, g) in enumerate(zip(params, grads)):
        if maximize:
            g = -g
        if weight_decay:
            g = g + p * weight_decay
        if momentum:
            buffer = buffers[i]
            if buffer is None:
                buffer = buffers[i] = np.array(g)
            else:
                buffer *= momentum
                buffer += g * (1 - dampening)
            g = g + buffer * momentum if nesterov else buffer
        p -= g * lr
    return buffers


class SGD(Optimizer):
    """Stochastic gradient descent: `p -= lr * g`, with momentum along earlier gradients.

    `momentum` m and `dampening` d: the buffer `b = m * b + (1 - d) * g` takes the place of g;
    `nesterov`: `g + m * b` does (Sutskever et al., 2013). `weight_decay` w adds `w * p` to the
    gradient. `foreach` and `fused` are accepted; there is one implementation.

    >>> import tidu
    >>> p = tidu.nn.Parameter(tidu.tensor([1.0]))
    >>> optimizer = tidu.optim.SGD([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p.data
    tensor([0.8000])
    """

    def __init__(
        self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *,
        maximize=False, foreach=None, differentiable=False, fused=None,
    ):  # fmt: skip
        check_lr(lr)
        check_not_negative(momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        check_flags(foreach, fused, differentiable)
        defaults = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize, "foreach": foreach,
            "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)

    def step(self, closure=None):
        """One update; `closure` computes the loss anew and its value is returned."""
        loss = run_closure(closure)
        for group in self.param_groups:
            momentum = number(group["momentum"])
            params = self._gather(group)
            before = [self._buffer(p) if momentum else None for p in params]
            buffers = cpu.sgd_step(
                arrays(params), gradients(params), before, number(group["lr"]), momentum,
                number(group["dampening"]), number(group["weight_decay"]), group["nesterov"],
                group["maximize"],
            )  # fmt: skip
            if momentum and buffers is not before:
                for p, old, buffer in zip(params, before, buffers):
                    if old is None:
                        self.state[p]["momentum_buffer"] = Tensor._wrap(buffer)
            bump_all(params, "SGD.step")
        return loss

    def _buffer(self, p):
        buffer = self.state[p].get("momentum_buffer")
        return None if buffer is None else buffer._array
