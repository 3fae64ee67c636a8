"""Recurrent layers and cells."""

from __future__ import annotations

import math
import numbers
import warnings

from ...autograd.public import operations as ops
from ...ops.creation import empty, zeros
from ...ops.joining import cat, stack
from .. import init
from ..parameter import Parameter
from ..utils.rnn import PackedSequence
from .module import Module

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def _check_options(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size):
    def check_type(name, value, kind):
        if not isinstance(value, kind):
            raise TypeError(
                f"{name} should be of type {kind.__name__}, got: {type(value).__name__}"
            )

    number = isinstance(dropout, numbers.Number) and not isinstance(dropout, bool)
    if not number or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element "
            "being zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout "
            f"expects num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=3,
        )
    check_type("bias", bias, bool)
    check_type("batch_first", batch_first, bool)
    sizes = {"input_size": input_size, "hidden_size": hidden_size}
    for name, size in sizes.items():
        check_type(name, size, int)
        if size <= 0:
            raise ValueError(f"{name} must be greater than zero")
    if num_layers <= 0:
        raise ValueError("num_layers must be greater than zero")
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")


class RNNBase(Module):
    """What `RNN`, `LSTM` and `GRU` have in common: their parameters and the order of computing.

    Of layer k there are `weight_ih_lk`, `weight_hh_lk`, `bias_ih_lk`, `bias_hh_lk`, with projections
    `weight_hr_lk`, and all of them once more with the suffix `_reverse`.

    >>> import tidu
    >>> [name for name, _ in tidu.nn.RNN(2, 3, bias=False, bidirectional=True).named_parameters()]
    ['weight_ih_l0', 'weight_hh_l0', 'weight_ih_l0_reverse', 'weight_hh_l0_reverse']
    """

    __constants__ = [
        "mode", "input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout",
        "bidirectional", "proj_size",
    ]  # fmt: skip
    _kind = "RNN"  # what messages call the layer

    def __init__(
        self, mode, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
        bidirectional=False, proj_size=0, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__()
        _check_options(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        if mode not in _GATES:
            raise ValueError(f"Unrecognized RNN mode: {mode}")
        self.mode = mode
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        self._all_weights = []
        gates, directions = _GATES[mode] * hidden_size, 1 + bool(bidirectional)
        out = proj_size or hidden_size
        for layer in range(num_layers):
            width = out * directions if layer else input_size
            shapes: dict[str, tuple] = {"weight_ih": (gates, width), "weight_hh": (gates, out)}
            if bias:
                shapes.update(bias_ih=(gates,), bias_hh=(gates,))
            if proj_size:
                shapes["weight_hr"] = (proj_size, hidden_size)
            for suffix in ("", "_reverse")[:directions]:
                names = [f"{name}_l{layer}{suffix}" for name in shapes]
                for name, shape in zip(names, shapes.values()):
                    setattr(self, name, Parameter(empty(shape, device=device, dtype=dtype)))
                self._all_weights.append(names)
        self.flatten_parameters()
        self.reset_parameters()

    def reset_parameters(self):
        """Draws all parameters uniformly from ±1/sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self):
        """Does nothing: only the kernels of some GPUs want all parameters in one piece."""

    @property
    def all_weights(self):
        """The parameters of each layer and direction, as a list of lists."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights_names(self):
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self):
        return [getattr(self, name) for name in self._flat_weights_names]

    def check_input(self, input, batch_sizes):
        """Raises what PyTorch raises for an input of another dtype or shape."""
        dtype = getattr(self, self._all_weights[0][0]).dtype
        if input.dtype is not dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({dtype}). Convert input: "
                f"input.to({dtype}), or convert model: model.to({input.dtype})"
            )
        expected = 3 if batch_sizes is None else 2
        if input.dim() != expected:
            raise RuntimeError(f"input must have {expected} dimensions, got {input.dim()}")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                "input.size(-1) must be equal to input_size. Expected "
                f"{self.input_size}, got {input.shape[-1]}"
            )

    def _state_shape(self, input, batch_sizes, size):
        if batch_sizes is not None:
            batch = int(batch_sizes[0])
        else:
            batch = input.shape[0 if self.batch_first else 1]
        return self.num_layers * (1 + bool(self.bidirectional)), batch, size

    def get_expected_hidden_size(self, input, batch_sizes):
        """The shape that the hidden state has to have."""
        return self._state_shape(input, batch_sizes, self.proj_size or self.hidden_size)

    def check_hidden_size(self, hx, expected_hidden_size, msg="Expected hidden size {}, got {}"):
        """Raises RuntimeError if the hidden state has another shape."""
        if tuple(hx.shape) != tuple(expected_hidden_size):
            raise RuntimeError(msg.format(tuple(expected_hidden_size), list(hx.shape)))

    def check_forward_args(self, input, hidden, batch_sizes):
        """Raises what PyTorch raises for an input or a state that does not fit."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx, permutation):
        """The state with its sequences in another order."""
        return hx if permutation is None else hx.index_select(1, permutation)

    def forward(self, input, hx=None):
        if isinstance(input, PackedSequence):
            rows, batch_sizes, order, back = input
            if hx is not None:
                hx = self.permute_hidden(hx, order)
                self.check_forward_args(rows, hx, batch_sizes)
            else:
                self.check_input(rows, batch_sizes)
            out, hidden = self._run(rows, hx, tuple(batch_sizes.tolist()))
            return PackedSequence(out, batch_sizes, order, back), self.permute_hidden(hidden, back)
        if input.dim() not in (2, 3):
            tensor = " tensor" if self._kind == "RNN" else ""
            raise ValueError(
                f"{self._kind}: Expected input to be 2D or 3D, got {input.dim()}D{tensor} instead"
            )
        if input.dim() == 3:
            if hx is not None:
                hx = self._check_dims(hx, True)
            return self._run_batch(input, hx)
        place = 0 if self.batch_first else 1
        input = input.unsqueeze(place)
        if hx is not None:
            hx = self._check_dims(hx, False)
        out, hidden = self._run_batch(input, hx)
        out = out.squeeze(place)
        return out, self._each(hidden, lambda state: state.squeeze(1))

    def _each(self, states, function):
        return function(states)

    def _check_dims(self, hx, batched):
        """The state with a dimension for the batch."""
        if hx.dim() != 2 + batched:
            name, dim = ("batched 3-D", "3-D") if batched else ("unbatched 2-D", "2-D")
            raise RuntimeError(
                f"For {name} input, hx should also be {dim} but got {hx.dim()}-D tensor"
            )
        return hx if batched else hx.unsqueeze(1)

    def _run_batch(self, input, hx):
        if hx is None:
            self.check_input(input, None)
        else:
            self.check_forward_args(input, hx, None)
        if self.batch_first:
            input = input.transpose(0, 1)
        if input.shape[0] == 0:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        out, hidden = self._run(input, hx, None)
        return out.transpose(0, 1) if self.batch_first else out, hidden

    def _run(self, x, hx, batch_sizes):
        """All layers; the input is (steps, batch, features), or rows of packed sequences."""
        states = self._states(hx, x)
        lasts: list[list] = []
        names = iter(self._all_weights)
        for layer in range(self.num_layers):
            outs = []
            for reverse in (False, True)[: 1 + bool(self.bidirectional)]:
                weights = {name.split("_l")[0]: getattr(self, name) for name in next(names)}
                out, *last = self._layer(x, states[len(lasts)], weights, batch_sizes, reverse)
                outs.append(out)
                lasts.append(last)
            x = outs[0] if len(outs) == 1 else cat(outs, -1)
            if self.dropout > 0 and self.training and layer < self.num_layers - 1:
                x = ops.dropout(x, self.dropout, True)
        return x, self._join([stack(parts) for parts in zip(*lasts)])

    def _states(self, hx, x):
        """Of each layer and direction: its first state."""
        if hx is None:
            return [None] * len(self._all_weights)
        _check_dtypes(x, hx)
        return hx.unbind(0)

    def _join(self, states):
        return states[0]

    def _layer(self, x, state, weights, batch_sizes, reverse):
        """One direction of one layer: its output and last states."""
        name = type(self).__name__
        raise NotImplementedError(f'Module [{name}] is missing the required "forward" function')

    def extra_repr(self):
        text = f"{self.input_size}, {self.hidden_size}"
        defaults = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0,
            "bidirectional": False,
        }  # fmt: skip
        for name, default in defaults.items():
            value = getattr(self, name)
            if value != default:
                text += f", {name}={value}"
        return text


def _check_dtypes(x, state):
    if state.dtype is not x.dtype:
        from ...ops.conversion import C_NAMES

        names = [C_NAMES[t.dtype.name] for t in (state, x)]
        raise RuntimeError(
            f"mat1 and mat2 must have the same dtype, but got {names[0]} and {names[1]}"
        )


_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def _without_projection(kwargs):
    if "proj_size" in kwargs:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


class RNN(RNNBase):
    """A recurrent layer of Elman's: h = tanh(x W_ih^T + b_ih + h W_hh^T + b_hh), step after step.

    Constructor: `RNN(input_size, hidden_size, num_layers=1, nonlinearity="tanh", bias=True,
    batch_first=False, dropout=0.0, bidirectional=False, device=None, dtype=None)`. `nonlinearity` is
    "tanh" or "relu". Each further layer has the output of the one before as its input, with `dropout`
    between them. `bidirectional`: a second set of weights goes through the sequence from its end;
    then D is 2, otherwise 1.

    Called with the input, (steps, batch, input_size), or (batch, steps, input_size) with
    `batch_first`, or (steps, input_size), or a `PackedSequence`; and the first state, (D * num_layers,
    batch, hidden_size), which is zeros if not given. Gives the states of the last layer at each step,
    (steps, batch, D * hidden_size), and the last state of each layer. Raises RuntimeError or
    ValueError for shapes and dtypes that do not fit.

    >>> import tidu
    >>> output, h = tidu.nn.RNN(10, 20, 2)(tidu.ones(5, 3, 10))
    >>> output.shape, h.shape
    (tidu.Size([5, 3, 20]), tidu.Size([2, 3, 20]))
    """

    def __init__(self, *args, **kwargs):
        _without_projection(kwargs)
        if len(args) > 3:
            self.nonlinearity = args[3]
            args = args[:3] + args[4:]
        else:
            self.nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if self.nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{self.nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        super().__init__(f"RNN_{self.nonlinearity.upper()}", *args, **kwargs)

    def _layer(self, x, state, weights, batch_sizes, reverse):
        parameters = map(weights.get, _WEIGHTS)
        return ops.rnn_layer(x, state, *parameters, batch_sizes, reverse, self.mode == "RNN_RELU")


class LSTM(RNNBase):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997): gates decide what a cell keeps.

    Constructor: `LSTM(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
    bidirectional=False, proj_size=0, device=None, dtype=None)`; the arguments are those of `RNN`.
    `proj_size`: the hidden state is projected to that size (H below), the cells keep theirs.

    Called with the input and the first states `(h, c)`, (D * num_layers, batch, H) and (D *
    num_layers, batch, hidden_size). Gives the output, (steps, batch, D * H), and the last `(h, c)`.

    >>> import tidu
    >>> output, (h, c) = tidu.nn.LSTM(10, 20, batch_first=True)(tidu.ones(3, 5, 10))
    >>> output.shape, c.shape
    (tidu.Size([3, 5, 20]), tidu.Size([1, 3, 20]))
    """

    _kind = "LSTM"

    def __init__(self, *args, **kwargs):
        super().__init__("LSTM", *args, **kwargs)

    def get_expected_cell_size(self, input, batch_sizes):
        """The shape that the cells have to have."""
        return self._state_shape(input, batch_sizes, self.hidden_size)

    def check_forward_args(self, input, hidden, batch_sizes):
        self.check_input(input, batch_sizes)
        shapes = self.get_expected_hidden_size, self.get_expected_cell_size
        for i, shape in enumerate(shapes):
            message = f"Expected hidden[{i}] size {{}}, got {{}}"
            self.check_hidden_size(hidden[i], shape(input, batch_sizes), message)

    def permute_hidden(self, hx, permutation):
        if permutation is None:
            return hx
        return hx[0].index_select(1, permutation), hx[1].index_select(1, permutation)

    def _each(self, states, function):
        return function(states[0]), function(states[1])

    def _check_dims(self, hx, batched):
        if hx[0].dim() != 2 + batched or hx[1].dim() != 2 + batched:
            name, dim = ("batched 3-D", "3-D") if batched else ("unbatched 2-D", "2-D")
            raise RuntimeError(
                f"For {name} input, hx and cx should also be {dim} but got "
                f"({hx[0].dim()}-D, {hx[1].dim()}-D) tensors"
            )
        return hx if batched else (hx[0].unsqueeze(1), hx[1].unsqueeze(1))

    def _states(self, hx, x):
        if hx is None:
            return [(None, None)] * len(self._all_weights)
        for state in hx:
            _check_dtypes(x, state)
        return list(zip(hx[0].unbind(0), hx[1].unbind(0)))

    def _join(self, states):
        return tuple(states)

    def _layer(self, x, state, weights, batch_sizes, reverse):
        parameters = map(weights.get, (*_WEIGHTS, "weight_hr"))
        return ops.lstm_layer(x, *state, *parameters, batch_sizes, reverse)[:3]


class GRU(RNNBase):
    """Gated recurrent units (Cho et al., 2014): gates decide how much of the state is renewed.

    Constructor: `GRU(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
    bidirectional=False, device=None, dtype=None)`. Arguments, input and results are those of `RNN`.

    >>> import tidu
    >>> output, h = tidu.nn.GRU(10, 20, bidirectional=True)(tidu.ones(5, 10))
    >>> output.shape, h.shape
    (tidu.Size([5, 40]), tidu.Size([2, 20]))
    """

    _kind = "GRU"

    def __init__(self, *args, **kwargs):
        _without_projection(kwargs)
        super().__init__("GRU", *args, **kwargs)

    def _layer(self, x, state, weights, batch_sizes, reverse):
        return ops.gru_layer(x, state, *map(weights.get, _WEIGHTS), batch_sizes, reverse)[:2]


class RNNCellBase(Module):
    """What the cells have in common: their parameters.

    >>> import tidu
    >>> [tuple(p.shape) for p in tidu.nn.GRUCell(4, 2).parameters()]
    [(6, 4), (6, 2), (6,), (6,)]
    """

    __constants__ = ["input_size", "hidden_size", "bias"]

    def __init__(self, input_size, hidden_size, bias, num_chunks, device=None, dtype=None):
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        gates = num_chunks * hidden_size
        shapes: dict[str, tuple] = {"weight_ih": (gates, input_size), "weight_hh": (gates, hidden_size)}
        shapes.update(bias_ih=(gates,), bias_hh=(gates,))
        for name, shape in shapes.items():
            wanted = bias or not name.startswith("bias")
            parameter = Parameter(empty(shape, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, parameter)
        self.reset_parameters()

    def reset_parameters(self):
        """Draws all parameters uniformly from ±1/sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self):
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        return text if nonlinearity == "tanh" else f"{text}, nonlinearity={nonlinearity}"

    def _check_dim(self, name, tensor):
        if tensor.dim() not in (1, 2):
            raise ValueError(
                f"{type(self).__name__}: Expected {name} to be 1D or 2D, got {tensor.dim()}D instead"
            )

    def _check(self, input, *states):
        if input.shape[1] != self.weight_ih.shape[1]:
            raise RuntimeError(
                f"input has inconsistent input_size: got {input.shape[1]} expected "
                f"{self.weight_ih.shape[1]}"
            )
        for h in states:
            if h.shape[0] != input.shape[0]:
                raise RuntimeError(
                    f"Input batch size {input.shape[0]} doesn't match hidden0 batch size {h.shape[0]}"
                )
            if h.shape[1] != self.hidden_size:
                raise RuntimeError(
                    f"hidden0 has inconsistent hidden_size: got {h.shape[1]}, expected {self.hidden_size}"
                )

    def _zeros(self, input):
        return zeros(input.shape[0], self.hidden_size, dtype=input.dtype)

    def _parts(self, input, h):
        """What input and state add to the gates."""
        of_input = ops.linear(input, self.weight_ih, self.bias_ih)
        return of_input, ops.linear(h, self.weight_hh, self.bias_hh)

    def forward(self, input, hx=None):
        self._check_dim("input", input)
        if hx is not None:
            self._check_dim("hidden", hx)
        if input.dim() == 2:
            return self._step(input, self._zeros(input) if hx is None else hx)
        input = input.unsqueeze(0)
        return self._step(input, self._zeros(input) if hx is None else hx.unsqueeze(0)).squeeze(0)

    def _step(self, input, hx):
        name = type(self).__name__
        raise NotImplementedError(f'Module [{name}] is missing the required "forward" function')


class RNNCell(RNNCellBase):
    """One step of an `RNN`: tanh(x W_ih^T + b_ih + h W_hh^T + b_hh), or the positive part of that.

    Shapes: (batch, input_size) and (batch, hidden_size) to (batch, hidden_size), all without the batch
    too; the state is zeros if not given.

    >>> import tidu
    >>> cell = tidu.nn.RNNCell(10, 20, nonlinearity="relu")
    >>> cell(tidu.ones(3, 10)).shape
    tidu.Size([3, 20])
    """

    __constants__ = ["input_size", "hidden_size", "bias", "nonlinearity"]

    def __init__(
        self, input_size, hidden_size, bias=True, nonlinearity="tanh", device=None, dtype=None
    ):
        super().__init__(input_size, hidden_size, bias, num_chunks=1, device=device, dtype=dtype)
        self.nonlinearity = nonlinearity

    def _step(self, input, hx):
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        self._check(input, hx)
        of_input, of_state = self._parts(input, hx)
        return getattr(of_state + of_input, self.nonlinearity)()


class LSTMCell(RNNCellBase):
    """One step of an `LSTM`, from the states `(h, c)` to the next ones.

    Shapes: (batch, input_size) and twice (batch, hidden_size), all without the batch too; the states
    are zeros if not given.

    >>> import tidu
    >>> h, c = tidu.nn.LSTMCell(10, 20)(tidu.ones(3, 10))
    >>> h.shape, c.shape
    (tidu.Size([3, 20]), tidu.Size([3, 20]))
    """

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, num_chunks=4, device=device, dtype=dtype)

    def forward(self, input, hx=None):
        self._check_dim("input", input)
        for i, state in enumerate(hx or ()):
            self._check_dim(f"hx[{i}]", state)
        if input.dim() == 2:
            return self._step(input, hx)
        hx = None if hx is None else (hx[0].unsqueeze(0), hx[1].unsqueeze(0))
        h, c = self._step(input.unsqueeze(0), hx)
        return h.squeeze(0), c.squeeze(0)

    def _step(self, input, hx):
        h, c = (self._zeros(input),) * 2 if hx is None else hx
        self._check(input, h, c)
        of_input, of_state = self._parts(input, h)
        i, f, u, o = (of_state + of_input).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * u.tanh()
        return o.sigmoid() * c.tanh(), c


class GRUCell(RNNCellBase):
    """One step of a `GRU`.

    Shapes: (batch, input_size) and (batch, hidden_size) to (batch, hidden_size), all without the batch
    too; the state is zeros if not given.

    >>> import tidu
    >>> tidu.nn.GRUCell(10, 20)(tidu.ones(10), tidu.zeros(20)).shape
    tidu.Size([20])
    """

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, num_chunks=3, device=device, dtype=dtype)

    def _step(self, input, hx):
        self._check(input, hx)
        of_input, of_state = self._parts(input, hx)
        xr, xz, xn = of_input.chunk(3, 1)
        hr, hz, hn = of_state.chunk(3, 1)
        r, z = (hr + xr).sigmoid(), (hz + xz).sigmoid()
        n = (xn + hn * r).tanh()
        return (hx - n) * z + n
