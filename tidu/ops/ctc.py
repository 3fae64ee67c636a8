"""The CTC loss: sequences of labels without their places in time (Graves et al., 2006).

A path gives a class for each step; without repetitions and blanks it is a sequence of labels. The loss
is minus the log of the probability of all paths that give the target.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.op import Array, op


def _states(labels, blank):
    """The labels with blanks around them, and where a path may skip the blank before a label."""
    states = np.full(2 * len(labels) + 1, blank, np.int64)
    states[1::2] = labels
    skip = np.zeros(len(states), bool)
    skip[3::2] = labels[1:] != labels[:-1]
    return states, skip


def _forward(logs, states, skip):
    """alpha[t, s]: the log-probability of all path beginnings that are in state s at time t."""
    alpha = np.full((len(logs), len(states)), -np.inf, logs.dtype)
    alpha[0, :2] = logs[0, states[:2]]
    for t in range(1, len(logs)):
        before = alpha[t - 1]
        total = before.copy()
        total[1:] = np.logaddexp(total[1:], before[:-1])
        total[2:] = np.where(skip[2:], np.logaddexp(total[2:], before[:-2]), total[2:])
        alpha[t] = total + logs[t, states]
    return alpha


def _loss(alpha):
    end = alpha[-1, -2:]
    return -np.logaddexp.reduce(end)


def _samples(x, targets, input_lengths, target_lengths, blank):
    """For each sample: its log-probabilities, states and skips."""
    start = 0
    for n, (steps, count) in enumerate(zip(input_lengths, target_lengths)):
        if targets.ndim == 2:
            labels = targets[n, :count]
        else:
            labels = targets[start : start + count]
            start += count
        yield n, x[:steps, n], *_states(labels, blank)


@op(public=False, method=False)
def ctc_loss(
    k, x: Array, targets: Array, input_lengths, target_lengths, blank, zero_infinity
):
    """The loss of each sample, for log-probabilities x (T, N, C).

    `zero_infinity`: samples whose loss is infinite have no gradient.
    """
    out = np.empty(x.shape[1], x.dtype)
    for n, logs, states, skip in _samples(x, targets, input_lengths, target_lengths, blank):
        if not len(logs):
            out[n] = 0 if len(states) == 1 else np.inf
        else:
            out[n] = _loss(_forward(logs, states, skip))
    return out


@op(public=False, method=False)
def ctc_loss_grad(
    k, g: Array, x: Array, targets: Array, input_lengths, target_lengths, blank, zero_infinity
):
    """The gradient with respect to x.

    As PyTorch's it holds for x that are a log_softmax, whose own gradient it anticipates.
    """
    out = np.zeros_like(x)
    for n, logs, states, skip in _samples(x, targets, input_lengths, target_lengths, blank):
        if not len(logs):
            continue
        alpha = _forward(logs, states, skip)
        loss = _loss(alpha)
        if zero_infinity and loss == np.inf:
            continue
        # Backwards in time and from the last state on it is the same recursion.
        turned = np.zeros(len(states), bool)
        turned[2:] = skip[::-1][:-2]
        beta = _forward(logs[::-1], states[::-1], turned)[::-1, ::-1]
        total = np.full_like(logs, -np.inf)
        where: Any = (slice(None), states)
        np.logaddexp.at(total, where, alpha + beta)
        out[: len(logs), n] = (np.exp(logs) - np.exp(total + loss - logs)) * g[n]
    return out


def _no_second_order(g):
    raise RuntimeError("derivative for aten::_ctc_loss_backward is not implemented")


ctc_loss.vjp(
    x=lambda k, g, x, targets, input_lengths, target_lengths, blank, zero_infinity: (
        k.ctc_loss_grad(g, x, targets, input_lengths, target_lengths, blank, zero_infinity)
    )
)
ctc_loss_grad.vjp(g=_no_second_order, x=lambda g: _no_second_order(g))
