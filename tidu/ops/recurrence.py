"""Recurrent layers: each operation is one direction of one layer, over all steps of a sequence.

`x` is (steps, batch, features). Sequences of different lengths are packed instead: (rows, features),
the rows of step after step, where `batch_sizes` says how many sequences have each step. The longest
sequence is the first, so the rows of a step are those of its first sequences. A state has a row for
each sequence; `reverse` computes the last step first.

Backward needs the gates, the cells and the states, so they are results too (the states once more: the
caller may overwrite `out`). They carry gradients: a rule is written with them, and for gradients of
gradients these lead back into the operation.
"""

from __future__ import annotations

from ..autograd.op import Array, op


def _steps(x, batch_sizes, reverse):
    """(first row, number of rows) of each step, in the order in which they are computed."""
    if batch_sizes is None:
        batch_sizes = (x.shape[1],) * x.shape[0]
    steps, first = [], 0
    for n in batch_sizes:
        steps.append((first, n))
        first += n
    return steps[::-1] if reverse else steps


def _batch(steps):
    return max(n for _, n in steps)


def _as_rows(k, x):
    return k.reshape(x, (-1, x.shape[-1])) if len(x.shape) == 3 else x


def _inputs(x, weight, *biases):
    """What the inputs add to the gates, for all rows."""
    rows = x.reshape(-1, x.shape[-1]) @ weight.T
    for bias in biases:
        if bias is not None:
            rows += bias
    return rows


def _start(k, state, like, batch, size):
    """A copy of the first state, zeros if there is none."""
    return k.xp.zeros((batch, size), like.dtype) if state is None else state.copy()


def _shown(states, x):
    """The result of its own: a copy of the states, in the form of x."""
    return states.reshape(*x.shape[:-1], states.shape[-1]).copy()


def _of_states(k, g_out, g_states):
    """The gradient of the states that both results have, or None."""
    if g_out is None:
        return g_states
    return _plus(_as_rows(k, g_out), g_states, ...)


def _gather(k, parts):
    """The rows of all steps in order, of {first row: rows of a step}."""
    return k.cat([parts[first] for first in sorted(parts)], 0)


def _before(k, values, start, steps):
    """Of each row: the value of its sequence one step earlier, which for the first is in `start`."""
    if start is None:
        start = k.zero_rows(values, _batch(steps), values.shape[-1])
    parts, earlier, m = {}, 0, 0
    for first, n in steps:
        known = min(m, n)
        found = [values[earlier : earlier + known]] if known else []
        if n > known:
            found.append(start[known:n])
        parts[first] = k.cat(found, 0) if len(found) > 1 else found[0]
        earlier, m = first, n
    return _gather(k, parts)


def _replace(k, state, rows, n):
    """`state` with other rows for its first n sequences."""
    return rows if n == state.shape[0] else k.cat([rows, state[n:]], 0)


def _plus(x, g, *place):
    return x if g is None else x + g[place]


def _weight_gradients(k, x, x_needed, w_ih, biased, da_x, da_h, before):
    """Gradients of the input, the weights and the biases, of those of the gates' two parts."""
    g_x = k.reshape(da_x @ w_ih, x.shape) if x_needed else None
    g_ih = k.transpose(da_x, 0, 1) @ _as_rows(k, x)
    g_hh = k.transpose(da_h, 0, 1) @ before
    if not biased:
        return g_x, g_ih, g_hh, None, None
    g_b_ih = k.sum(da_x, (0,), False)
    return g_x, g_ih, g_hh, g_b_ih, g_b_ih if da_h is da_x else k.sum(da_h, (0,), False)


@op(public=False, method=False)
def zero_rows(k, x: Array, n, size):
    """Zeros of x's dtype."""
    return k.xp.zeros((n, size), x.dtype)


def _node(x, *rest):
    return "StackBackward0" if len(x.shape) == 3 else "CatBackward0"


def _lstm_node(x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, batch_sizes, reverse):
    if batch_sizes is None and w_hr is None and x._array.dtype == "float32":
        return "MkldnnRnnLayerBackward0"
    return _node(x)


@op(
    public=False, method=False, outputs=("out", "h", "c", "gates", "cells", "states"),
    differentiable=6, materialize=False, node=_lstm_node,
)  # fmt: skip
def lstm_layer(
    k, x: Array, h0: Array | None, c0: Array | None, w_ih: Array, w_hh: Array, b_ih: Array | None,
    b_hh: Array | None, w_hr: Array | None, batch_sizes, reverse,
):  # fmt: skip
    """Long short-term memory (Hochreiter and Schmidhuber, 1997); `w_hr` projects the hidden state.

    i, f, u, o = gates of x and h; c = f c + i u; h = o tanh(c), where u has tanh, the others sigmoid.
    """
    size = w_hh.shape[0] // 4
    steps = _steps(x, batch_sizes, reverse)
    batch = _batch(steps)
    gates = _inputs(x, w_ih, b_ih, b_hh)
    cells = k.xp.empty((len(gates), size), x.dtype)
    states = k.xp.empty((len(gates), w_hh.shape[1]), x.dtype)
    h, c = _start(k, h0, x, batch, w_hh.shape[1]), _start(k, c0, x, batch, size)
    for first, n in steps:
        rows = slice(first, first + n)
        a = gates[rows]
        a += h[:n] @ w_hh.T
        a[:, : 2 * size] = k.sigmoid(a[:, : 2 * size])
        a[:, 2 * size : 3 * size] = k.tanh(a[:, 2 * size : 3 * size])
        a[:, 3 * size :] = k.sigmoid(a[:, 3 * size :])
        i, f, u, o = (a[:, j * size : (j + 1) * size] for j in range(4))
        c[:n] = f * c[:n] + i * u
        cells[rows] = c[:n]
        now = o * k.tanh(c[:n])
        states[rows] = h[:n] = now if w_hr is None else now @ w_hr.T
    return _shown(states, x), h, c, gates, cells, states


@lstm_layer.vjp_joint("x", "h0", "c0", "w_ih", "w_hh", "b_ih", "b_hh", "w_hr")
def _lstm_rule(
    k, g, x, x_needed, h0, c0, w_ih, w_hh, b_ih, w_hr, gates, cells, states, batch_sizes, reverse
):
    g_out, dh, dc, g_gates, g_cells, g_states = g
    size = cells.shape[-1]
    steps = _steps(x, batch_sizes, reverse)
    batch = _batch(steps)
    g_out = _of_states(k, g_out, g_states)
    before = _before(k, cells, c0, steps)
    dh = k.zero_rows(cells, batch, w_hh.shape[1]) if dh is None else dh
    dc = k.zero_rows(cells, batch, size) if dc is None else dc
    da, projected = {}, {}
    for first, n in reversed(steps):
        rows = slice(first, first + n)
        i, f, u, o = (gates[rows, j * size : (j + 1) * size] for j in range(4))
        t = k.tanh(cells[rows])
        now = _plus(dh[:n], g_out, rows)
        if w_hr is not None:
            projected[first] = now
            now = now @ w_hr
        d_c = _plus(dc[:n] + now * o * (1 - t * t), g_cells, rows)
        d_gates = k.cat([d_c * u, d_c * before[rows], d_c * i, now * t], 1)
        slopes = k.cat([i * (1 - i), f * (1 - f), 1 - u * u, o * (1 - o)], 1)
        a = da[first] = _plus(d_gates, g_gates, rows) * slopes
        dh = _replace(k, dh, a @ w_hh, n)
        dc = _replace(k, dc, d_c * f, n)
    all_da = _gather(k, da)
    g_x, g_ih, g_hh, g_b_ih, g_b_hh = _weight_gradients(
        k, x, x_needed, w_ih, b_ih is not None, all_da, all_da, _before(k, states, h0, steps)
    )
    g_hr = None
    if w_hr is not None:
        g_hr = k.transpose(_gather(k, projected), 0, 1) @ (gates[:, 3 * size :] * k.tanh(cells))
    given = dh if h0 is not None else None, dc if c0 is not None else None
    return g_x, *given, g_ih, g_hh, g_b_ih, g_b_hh, g_hr


@op(
    public=False, method=False, outputs=("out", "h", "gates", "states"), differentiable=4,
    materialize=False, node=_node,
)  # fmt: skip
def gru_layer(
    k, x: Array, h0: Array | None, w_ih: Array, w_hh: Array, b_ih: Array | None, b_hh: Array | None,
    batch_sizes, reverse,
):  # fmt: skip
    """Gated recurrent units (Cho et al., 2014), with the reset gate on the product of h.

    r, z = sigmoid gates of x and h; n = tanh(x part + r m) with m the h part; h = (1 - z) n + z h.
    `gates` has r, z, n and m.
    """
    size = w_hh.shape[1]
    steps = _steps(x, batch_sizes, reverse)
    of_x = _inputs(x, w_ih, b_ih)
    gates = k.xp.empty((len(of_x), 4 * size), x.dtype)
    states = k.xp.empty((len(of_x), size), x.dtype)
    h = _start(k, h0, x, _batch(steps), size)
    for first, n in steps:
        rows = slice(first, first + n)
        of_h = _inputs(h[:n], w_hh, b_hh)
        r, z, u, m = (gates[rows, j * size : (j + 1) * size] for j in range(4))
        r[...] = k.sigmoid(of_x[rows, :size] + of_h[:, :size])
        z[...] = k.sigmoid(of_x[rows, size : 2 * size] + of_h[:, size : 2 * size])
        m[...] = of_h[:, 2 * size :]
        u[...] = k.tanh(of_x[rows, 2 * size :] + r * m)
        states[rows] = h[:n] = (h[:n] - u) * z + u
    return _shown(states, x), h, gates, states


@gru_layer.vjp_joint("x", "h0", "w_ih", "w_hh", "b_ih", "b_hh")
def _gru_rule(k, g, x, x_needed, h0, w_ih, w_hh, b_ih, gates, states, batch_sizes, reverse):
    g_out, dh, g_gates, g_states = g
    size = w_hh.shape[1]
    steps = _steps(x, batch_sizes, reverse)
    g_out = _of_states(k, g_out, g_states)
    before = _before(k, states, h0, steps)
    dh = k.zero_rows(gates, _batch(steps), size) if dh is None else dh
    da_x, da_h = {}, {}
    for first, n in reversed(steps):
        rows = slice(first, first + n)
        place = [(rows, slice(j * size, (j + 1) * size)) for j in range(4)]
        r, z, u, m = (gates[p] for p in place)
        now = _plus(dh[:n], g_out, rows)
        d_z = _plus(now * (before[rows] - u), g_gates, *place[1])
        d_u = _plus(now * (1 - z), g_gates, *place[2]) * (1 - u * u)
        d_r = _plus(d_u * m, g_gates, *place[0])
        d_m = _plus(d_u * r, g_gates, *place[3])
        both = [d_r * r * (1 - r), d_z * z * (1 - z)]
        da_x[first] = k.cat([*both, d_u], 1)
        a = da_h[first] = k.cat([*both, d_m], 1)
        dh = _replace(k, dh, now * z + a @ w_hh, n)
    g_x, *others = _weight_gradients(
        k, x, x_needed, w_ih, b_ih is not None, _gather(k, da_x), _gather(k, da_h), before
    )
    return g_x, dh if h0 is not None else None, *others


@op(
    public=False, method=False, outputs=("out", "h", "states"), differentiable=3, materialize=False,
    node=_node,
)  # fmt: skip
def rnn_layer(
    k, x: Array, h0: Array | None, w_ih: Array, w_hh: Array, b_ih: Array | None, b_hh: Array | None,
    batch_sizes, reverse, rectify,
):  # fmt: skip
    """h = tanh(gate of x and h), or its positive part (Elman, 1990)."""
    steps = _steps(x, batch_sizes, reverse)
    states = _inputs(x, w_ih, b_ih, b_hh)
    h = _start(k, h0, x, _batch(steps), w_hh.shape[0])
    for first, n in steps:
        a = states[first : first + n]
        a += h[:n] @ w_hh.T
        a[...] = h[:n] = k.xp.maximum(a, 0) if rectify else k.tanh(a)
    return _shown(states, x), h, states


@rnn_layer.vjp_joint("x", "h0", "w_ih", "w_hh", "b_ih", "b_hh")
def _rnn_rule(k, g, x, x_needed, h0, w_ih, w_hh, b_ih, states, batch_sizes, reverse, rectify):
    g_out, dh, g_states = g
    steps = _steps(x, batch_sizes, reverse)
    g_out = _of_states(k, g_out, g_states)
    dh = k.zero_rows(states, _batch(steps), w_hh.shape[0]) if dh is None else dh
    da = {}
    for first, n in reversed(steps):
        rows = slice(first, first + n)
        now, h = _plus(dh[:n], g_out, rows), states[rows]
        a = da[first] = now * (h > 0) if rectify else now * (1 - h * h)
        dh = _replace(k, dh, a @ w_hh, n)
    all_da = _gather(k, da)
    g_x, *others = _weight_gradients(
        k, x, x_needed, w_ih, b_ih is not None, all_da, all_da, _before(k, states, h0, steps)
    )
    return g_x, dh if h0 is not None else None, *others


@op(public=False, method=False, node="PackPaddedSequenceBackward0")
def pack_rows(k, x: Array, batch_sizes):
    """The rows of step after step: the first `batch_sizes[t]` of x[t]."""
    return k.xp.concatenate([x[t, :n] for t, n in enumerate(batch_sizes[: len(x)])])


@op(public=False, method=False, node="CopySlices")
def pad_rows(k, x: Array, batch_sizes, shape, value):
    """Packed rows beside each other again, in `shape`; `value` where a sequence has ended."""
    out = k.xp.full(shape, value, x.dtype)
    first = 0
    for t, n in enumerate(batch_sizes):
        part = x[first : first + n]
        out[t, : len(part)] = part
        first += n
    return out


pack_rows.vjp(x=lambda k, g, x_shape, batch_sizes: k.pad_rows(g, batch_sizes, x_shape, 0))
pad_rows.vjp(x=lambda k, g, batch_sizes: k.pack_rows(g, batch_sizes))
