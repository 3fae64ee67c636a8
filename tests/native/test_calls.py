"""The usual case of a call, in C++, beside the Python functions that define what a call does.

Every program here runs twice, with the short way and without it, and has to leave the same behind:
values, nodes with their names, edges, saved values, versions and lines, views, errors.
"""

from __future__ import annotations

import copy
import inspect
import pickle

import numpy as np
import pytest

import tidu
import tidu.nn.functional as F
from tidu.autograd import usual
from tidu.autograd.inference import INFERENCE
from tidu.autograd.node import LEAF, Node, Output, SavedOutput
from tidu.backend import native
from tidu.tensor import Tensor, View

from ..ops.spec import OpSpec
from ..ops.test_ops import ROWS, flat, results, tensors

if not native.available:
    pytest.skip("the extension is not in use", allow_module_level=True)


class Description:
    """What a tensor is, has and came from, as something to compare. Objects are told by number."""

    def __init__(self, inputs):
        self.known = {id(t): f"input {i}" for i, t in enumerate(inputs)}
        self.kept = []  # so that no number is used again

    def of(self, value):
        if isinstance(value, (tuple, list)):
            return type(value).__name__, [self.of(v) for v in value]
        if isinstance(value, np.ndarray):
            return value.dtype, value.shape, value.strides, value.tobytes()
        if isinstance(value, (Tensor, Node, Output, SavedOutput, View)):
            if id(value) not in self.known:
                self.known[id(value)] = f"{type(value).__name__} {len(self.known)}"
                self.kept.append(value)
                return self.known[id(value)], self.parts(value)
            return self.known[id(value)]
        return "LEAF" if value is LEAF else value

    def counter(self, counter):
        if counter is None or counter is INFERENCE:
            return counter
        place = None if counter.code is None else (counter.code, line_of(counter))
        return counter.version, counter.history, counter.operation, place

    def parts(self, value):
        if isinstance(value, Tensor):
            return (
                type(value), self.of(value._array), self.of(value._node), self.of(value._view),
                self.counter(value._counter),
            )  # fmt: skip
        if isinstance(value, SavedOutput):
            return self.of(value._array), self.counter(value._counter), value.index
        if isinstance(value, View):
            steps = [(op, self.of(rest), index) for op, rest, index in value.steps]
            return self.of(value.base), steps, value.history, bool(value.recorded)
        if isinstance(value, Output):
            return self.of(value.node), value.index, value.shape, value.dtype
        more = {k: v for k, v in vars(value).items() if k in ("versions", "conjugate", "outputs")}
        return (
            type(value), value.plan, value.shape, value.dtype, value.code, line_of(value),
            self.of(value.saved), self.of(list(value.edges)), more, sorted(vars(value)),
        )  # fmt: skip


def line_of(node):
    """Python itself counts an instruction's place differently once it has specialised it."""
    return None if node.code is None else list(node.code.co_positions())[node.lasti // 2]


def both_ways(program):
    """What `program()` leaves behind by the short way and without it; it returns (inputs, results)."""
    left = []
    for short in (True, False):
        usual.switch(short)
        try:
            tidu.manual_seed(0)
            left.append([])
            inputs, outs = program()
            description = Description(inputs)
            left[-1] += [description.of(inputs), description.of(outs)]
            roots = [t for t in results(outs) if isinstance(t, Tensor) and t.grad_fn is not None]
            if roots:
                tidu.autograd.backward(roots, [tidu.ones_like(t) for t in roots])
            left[-1] += [description.of(getattr(t, "_grad", None)) for t in inputs]
        except Exception as error:
            left[-1] += [type(error), str(error), getattr(error, "__notes__", None)]
        finally:
            usual.switch(True)
    return left


def check(program):
    short, full = both_ways(program)
    assert short == full


def single(array):
    return array.astype("float32") if array.dtype.kind == "f" else array


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_operation(row: OpSpec):
    def program():
        args, kwargs = row.extra()
        inputs = tensors(row.arrays(), row.order > 0, single)
        outs = row.call(*inputs, *args, **kwargs)
        return flat(inputs), [v for v in results(outs) if isinstance(v, Tensor)]

    check(program)


class Special(Tensor):
    """A subclass, as users write them."""


def _subclass():
    return tidu.ones(2).as_subclass(Special).requires_grad_()


X = tidu.tensor([1.5, -0.5])


def leaf(values=(1.5, 2.5)):
    return tidu.tensor(list(values), requires_grad=True)


def _written():
    w = leaf()
    y = w * 2
    y += 1
    return [w], [y * y, y.exp(), y * w, F.mse_loss(y, X)]


def _stale_view():
    w = leaf()
    y = w * 2
    v = y[:1]
    y.mul_(3)
    return [w], [v * 2, v.view(1, 1), F.relu(v)]


def _detached():
    w = leaf()
    return [w], [(w * 2).detach() * w, w.data * w, w.detach().exp()]


def _written_parameter():
    w = leaf()
    with tidu.no_grad():
        w -= 0.5
        w -= 0.5
    return [w], [w * X, X * w, w.exp(), w**2, (w * w).sum()]


def _in_place():
    a, b = X.clone(), tidu.ones(2, 2)
    a += 1
    a.mul_(X)
    a -= a
    a *= 2.5
    a.exp_()
    a.clamp_(0, 1)
    b += a
    b.t().add_(X)
    b[0].sub_(1)
    b[0] /= X
    w = leaf()
    w.data -= 0.25 * w.data
    c = w.detach()
    c += 1
    e = tidu.ones(2, dtype=tidu.float64)
    e += X
    return [w, a, b, c, e], [w * a, c]


def _refused():
    w = leaf()
    w += 1
    return [w], []


def _too_large():
    a = tidu.ones(1)
    a += X
    return [a], []


def _overwritten():
    w = leaf()
    y = w.exp()
    z = y * y
    y += 1
    return [w], [z]


def _no_grad():
    w = leaf()
    with tidu.no_grad():
        return [w], [w * 2, w.view(2, 1), w[0], w.exp(), w.t(), w > 0]


def _inference():
    w = leaf()
    with tidu.inference_mode():
        inside = [w * 2, w.view(2, 1), w.exp(), w + X]
    return [w], [*inside, inside[0] + 1]


def _inference_saved():
    w = leaf()
    with tidu.inference_mode():
        inside = tidu.ones(2) * 2
    return [w], [inside * w]


def _anomaly():
    w = leaf()
    with tidu.autograd.detect_anomaly(check_nan=False):
        return [w], [w * X, w.exp()]


def _hooks_on_saved():
    w = leaf()
    with tidu.autograd.graph.saved_tensors_hooks(lambda t: t.numpy(), tidu.from_numpy):
        y = w * w
    return [w], [y.detach()]


def _create_graph():
    w = leaf()
    (g,) = tidu.autograd.grad((w**3).sum(), w, create_graph=True)
    return [w], [g, (g * w).sum()]


def _kept_hook():
    w = leaf()
    y = w * 3
    y.register_hook(lambda g: g * 2)
    y.retain_grad()
    return [w], [y * y]


PROGRAMS = [
    _written, _stale_view, _detached, _written_parameter, _overwritten, _no_grad, _inference,
    _inference_saved, _in_place, _refused, _too_large, _anomaly, _hooks_on_saved, _create_graph, _kept_hook,
]  # fmt: skip

NUMBERS = [2, -3, 0, 0.0, -0.0, 0.1, float("nan"), float("inf"), 1e300, 2**31, 2**70, 10**400, True,
           1j, np.float32(0.1), np.float64(0.1), np.int64(3), None, "a", [1.0]]  # fmt: skip
OPERANDS = {
    "float32": lambda: leaf(), "float64": lambda: tidu.ones(2, dtype=tidu.float64, requires_grad=True),
    "float16": lambda: tidu.ones(2, dtype=tidu.float16, requires_grad=True),
    "int64": lambda: tidu.tensor([1, 2]), "bool": lambda: tidu.tensor([True, False]),
    "complex": lambda: tidu.ones(2, dtype=tidu.complex64, requires_grad=True),
    "0-d": lambda: tidu.tensor(2.0, requires_grad=True), "empty": lambda: tidu.ones(0),
    "3": lambda: tidu.ones(3, requires_grad=True), "subclass": _subclass,
    "parameter": lambda: tidu.nn.Parameter(tidu.ones(2)), "ndarray": lambda: np.ones(2),
    "view": lambda: tidu.ones(2, 2, requires_grad=True)[0], "transposed": lambda: leaf().view(2, 1).t(),
}  # fmt: skip
BINARY = {
    "+": lambda x, y: x + y, "-": lambda x, y: x - y, "*": lambda x, y: x * y, "/": lambda x, y: x / y,
    "**": lambda x, y: x**y, "<": lambda x, y: x < y, "==": lambda x, y: x == y,
    "@": lambda x, y: x @ y, "add": tidu.add, "rsub": tidu.rsub, "maximum": tidu.maximum,
    "div": lambda x, y: tidu.div(x, y, rounding_mode="floor"), "clamp": tidu.clamp,
    "lerp": lambda x, y: tidu.lerp(x, x, y), "where": lambda x, y: tidu.where(X > 0, x, y),
    "leaky": F.leaky_relu, "sum": lambda x, y: tidu.sum(x, y), "matmul": tidu.matmul,
    "keyword": lambda x, y: tidu.mul(x, other=y), "out": lambda x, y: tidu.add(x, y, out=tidu.ones(2)),
    "too many": lambda x, y: tidu.exp(x, y), "unary": lambda x, y: (tidu.exp(y), tidu.neg(y)),
    "mse": lambda x, y: F.mse_loss(x, y, reduction="none"), "+=": lambda x, y: (x * 1).add_(y),
}  # fmt: skip


# Functions that come down to an operation: every call on every one of these tensors, errors too.
SHAPED = {
    "matrix": lambda: (tidu.arange(6.0).view(2, 3).requires_grad_(),),
    "result": lambda: (tidu.arange(6.0).view(2, 3).requires_grad_() * 1,),
    "transposed": lambda: (tidu.arange(6.0).view(3, 2).t(),),
    "part": lambda: (tidu.arange(12.0, requires_grad=True).view(2, 6)[:, 1:4],),
    "expanded": lambda: (tidu.arange(3.0).expand(2, 3),), "one row": lambda: (tidu.ones(6, 1).t(),),
    "integers": lambda: (tidu.arange(24).view(1, 2, 3, 4),), "vector": lambda: (leaf((1.0, 2.0, 3.0)),),
    "0-d": lambda: (tidu.tensor(1.5, requires_grad=True),), "empty": lambda: (tidu.ones(0, 3),),
    "complex": lambda: (tidu.ones(2, 3, dtype=tidu.complex64, requires_grad=True),),
    "subclass": lambda: (tidu.ones(2, 3).as_subclass(Special),), "array": lambda: (np.ones((2, 3)),),
}  # fmt: skip
SHAPES = [
    (), (6,), (3, 2), (-1,), (2, -1), (-1, -1), (-2, 3), (7,), (0,), (0, -1), (1, 1, 6), (2.0, 3),
    (True, 6),
]  # fmt: skip
INDICES = [
    0, -1, 5, True, None, ..., slice(None), slice(1, 3), slice(0, 2), slice(None, None, 2),
    slice(None, None, -1), slice(None, None, True), (), (0,), (0, 1), (0, 9), (0, 0, 0),
    (slice(None), 1), (1, slice(None)), (1, slice(0, 9)), (slice(None), slice(1, None)), (0, None),
    (None, slice(1, 2)), (..., 0), (0, ..., None), (slice(True, 2), slice(False, 2)), [0, 1],
    (0, [0]), 1.0, (0, 1.0), (..., ...), np.int64(1),
]  # fmt: skip
SIZED = ("view", "reshape", "permute", "expand", "tile", "repeat")
PARTS = [
    ("flatten",), ("flatten", 0), ("flatten", 1, 1), ("flatten", 1, -1), ("flatten", 1, 0),
    ("flatten", 0, 9), ("flatten", 0.0), ("select", 0, 1), ("select", -1, -1), ("select", 0, 7),
    ("select", 4, 0), ("select", 0, True), ("select", 0), ("narrow", 0, 0, 1), ("narrow", -1, 1, 2),
    ("narrow", 0, -1, 1), ("narrow", 0, 1, 9), ("narrow", 0, 0, -1), ("split", 1), ("split", 2, 1),
    ("split", 2, -1), ("split", 0), ("split", -1), ("split", 2, 5), ("split", [1, 1]),
    ("split", (1, 2), 1), ("split", [1, -1]), ("split", 1.0), ("chunk", 2), ("chunk", 2, 1),
    ("chunk", 9, -1), ("chunk", 0), ("chunk", 2, 7), ("unbind",), ("unbind", 1), ("unbind", 3),
    ("t",), ("transpose", 0, 1), ("transpose", 0, -1), ("transpose", 0, 4), ("squeeze",),
    ("squeeze", 0), ("squeeze", (0, 1)), ("squeeze", 5), ("unsqueeze", 0), ("unsqueeze", -1),
    ("unsqueeze", 2), ("unsqueeze", 9), ("unsqueeze", None), ("view", 6), ("permute", 1, 0),
    ("permute", 0, 0), ("reshape", 3, -1), ("expand", 4, -1, -1), ("view", tidu.float32),
    ("view_as", tidu.ones(3, 2)), ("view_as", tidu.ones(4)), ("expand_as", tidu.ones(2, 2, 3)),
    ("expand_as", 3),
]  # fmt: skip
LOWERED = {
    **{f"{name} {size}": lambda x, n=name, s=size: getattr(x, n)(s)
       for name in SIZED for size in SHAPES},
    **{f"{i}": lambda x, i=i: x[i] for i in INDICES},
    **{" ".join(map(str, p)): lambda x, p=p: getattr(x, p[0])(*p[1:]) for p in PARTS},
    "T": lambda x: x.T, "mT": lambda x: x.mT, "permute()": lambda x: x.permute(),
    "functions": lambda x: (tidu.reshape(x, (3, 2)), tidu.flatten(x), tidu.select(x, 0, 0),
                            tidu.chunk(x, 2)),
    "separate": lambda x: tidu.reshape(x, 3, 2), "Size": lambda x: x.view(tidu.ones(3, 2).shape),
    "views of views": lambda x: x[0].view(-1)[1:].unsqueeze(0).expand(2, -1).unbind(1),
    "no_grad": lambda x: tidu.no_grad()(lambda: (x[0], x.view(-1), *x.unbind(0)))(),
    "written": lambda x: [(y := x * 1), y[0].mul_(2), y[0], *y.chunk(2)],
    "joined": lambda x: (tidu.stack([x, x]), tidu.cat((x, x * 2), 1), tidu.cat([x, 3]), tidu.stack([])),
    "joined of one": lambda x: (tidu.stack([x, tidu.ones(2, 3)], -1), tidu.cat([tidu.ones(2, 3), x])),
    "hooked": lambda x: [h.register_hook(lambda g: g * 2) and h for h in x.unbind(0)],
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", LOWERED)
def test_lowered(name):
    for make in SHAPED.values():

        def program(make=make):
            inputs = make()
            return list(inputs), results(LOWERED[name](*inputs))

        check(program)


# Functions that C++ has all of, where the arguments are usual ones.
SIZES = [
    (2, 3), (0,), (), (2, 0), (5000,), (70, 70), ((2, 3),), ([2, 3],), ((),), (-1,), ((2, -1),),
    (2.0,), (True, 2), ((2, 3), 1), (np.int64(2), 3), ("a",), (tidu.tensor(2), 3),
    (tidu.Size([2, 3]),), (4, 8),
]  # fmt: skip
SIZED_MAKERS = ("zeros", "ones", "rand", "randn")
LIKE = ("zeros_like", "ones_like", "rand_like", "randn_like", "empty_like")
MADE = [
    ("full", (2, 3), 1.5), ("full", (2, 3), 2), ("full", [2], True), ("full", (), 1e300),
    ("full", 3, 1.0), ("full", (2,), float("inf")), ("full", (2,), 2**60), ("full", (2,), 1j),
    ("full", (-1,), 1), ("full", (2,), None), ("arange", 5), ("arange", 2, 9), ("arange", 9, 2, -3),
    ("arange", 0, 10, 3), ("arange", 0), ("arange", -3), ("arange", 1, 1), ("arange", 1.5),
    ("arange", 0, 2**60, 2**58), ("arange", 1, 5, 0), ("arange", 6000), ("arange", True),
    ("arange",), ("arange", 1, 2, 3, 4), ("arange", 0, 7, 2), ("arange", 7, 0, -2),
    ("linspace", 0, 1, 7), ("linspace", -0.3, 1e20, 100), ("linspace", 3, -2, 11),
    ("linspace", 0, 1, 1), ("linspace", 0, 1, 0), ("linspace", 0, 1, -1), ("linspace", 0, 1, 2.0),
    ("linspace", 1e300, 0, 3), ("linspace", 1j, 0, 3), ("linspace", 0.1, 0.7, 4000),
    ("linspace", 16777217, 5, 9), ("linspace", 0, 1), ("randint", 10, (4,)),
    ("randint", 2, 10, (3, 3)), ("randint", -5, 5, [40]), ("randint", 5, 5, (2,)),
    ("randint", 2**40, (3,)), ("randint", 10, 4), ("randint", 10, ()), ("randint", 3, 2, (2,)),
    ("randint", 2.0, (2,)), ("randint", 0, 10, 3), ("randint", 10, (0,)), ("randint", 10, (-2,)),
]  # fmt: skip
WRITTEN = {
    "ones": lambda: tidu.ones(4, 5), "double": lambda: tidu.ones(3, dtype=tidu.float64),
    "integers": lambda: tidu.arange(6), "transposed": lambda: tidu.ones(4, 5).t(),
    "row": lambda: tidu.ones(4, 5)[1], "column": lambda: tidu.ones(4, 5)[:, 1],
    "leaf": lambda: leaf(), "result": lambda: leaf() * 1,
    "part of a result": lambda: (leaf() * 1)[:1], "detached": lambda: leaf().detach(),
    "expanded": lambda: tidu.ones(1).expand(3), "0-d": lambda: tidu.tensor(1.0),
    "empty": lambda: tidu.ones(0), "half": lambda: tidu.ones(3, dtype=tidu.float16),
    "complex": lambda: tidu.ones(3) * 1j, "bool": lambda: tidu.ones(3) > 0,
    "large": lambda: tidu.ones(5000), "subclass": lambda: tidu.ones(2).as_subclass(Special),
    "read only": lambda: tidu.tensor(np.ones(3)),
    "of many parts": lambda: tidu.ones(2, 2).unbind()[1],
}  # fmt: skip
WRITES = [
    ("zero_",), ("zero_", 1), ("fill_", 2), ("fill_", -0.5), ("fill_", 2**60),
    ("fill_", float("nan")), ("fill_", 1e300), ("fill_", True), ("fill_", 1j), ("fill_", X[0]),
    ("fill_", "a"), ("fill_",), ("copy_", tidu.ones(1) * 7), ("copy_", tidu.arange(5.0)),
    ("copy_", tidu.arange(5)), ("copy_", tidu.zeros(4, 5).t()), ("copy_", 3.0),
    ("copy_", leaf((4.0,))), ("copy_", tidu.ones(2, 2, 2)), ("copy_", tidu.ones(1), True),
    ("normal_",), ("normal_", 1, 2), ("normal_", 1.0), ("normal_", 0, -1), ("normal_", "a"),
    ("normal_", 1, 2, 3), ("uniform_",), ("uniform_", -1, 1), ("uniform_", 2),
    ("uniform_", 0, 1e38), ("uniform_", 3, 2.5), ("uniform_", float("nan")),
]  # fmt: skip


def _twice(function):
    """The first draw after a seed is Python's."""
    return [function(), function(), tidu.rand(2)]


def _with(function, dtype):
    tidu.set_default_dtype(dtype)
    try:
        return function()
    finally:
        tidu.set_default_dtype(tidu.float32)


MAKERS = {
    **{f"{name} {s}": lambda n=name, s=s: _twice(lambda: getattr(tidu, n)(*s))
       for name in SIZED_MAKERS for s in SIZES},
    **{f"empty {s}": lambda s=s: tidu.empty(*s).zero_() for s in SIZES},
    **{" ".join(map(str, m)): lambda m=m: _twice(lambda: getattr(tidu, m[0])(*m[1:])) for m in MADE},
    **{f"{dtype}": lambda d=dtype: _with(lambda: _twice(lambda: (tidu.randn(20), tidu.full((2,), 2),
       tidu.full((2,), 2.0), tidu.linspace(0, 1, 5))), d) for dtype in (tidu.float16, tidu.float64)},
    "normal of few": lambda: _twice(lambda: (tidu.randn(3), tidu.randn(15), tidu.randn(16), tidu.randn(33))),
}  # fmt: skip


@pytest.mark.parametrize("name", MAKERS)
def test_new_tensors(name):
    check(lambda: ([], results(MAKERS[name]())))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", LIKE)
def test_new_tensors_like_others(name):
    for make in (*WRITTEN.values(), lambda: np.ones(2), lambda: 1):

        def program(make=make):
            made = _twice(lambda: getattr(tidu, name)(make()))
            return [], made if name != "empty_like" else [t.shape for t in made]

        check(program)
        check(lambda make=make: ([], [tidu.full_like(make(), v) for v in (2, 2.5)]))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("write", WRITES, ids=str)
def test_writes(write):
    name, *args = write
    for make in WRITTEN.values():
        for grad in (True, False):

            def program(make=make, grad=grad):
                tidu.rand(1)
                x = make()
                with tidu.set_grad_enabled(grad):
                    out = getattr(x, name)(*args)
                return [x], [out, x * 1, x[..., :1]]

            check(program)


def test_copies_within_one_memory():
    def program():
        x = tidu.arange(6.0)
        a, b = tidu.from_numpy(x.numpy()), x.data
        x.copy_(b)
        a[:3].copy_(b[1:4])
        b[1:].copy_(x.data[:-1])
        return [x], [a, b]

    check(program)


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_programs(program):
    check(program)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("name", BINARY)
def test_operands(name):
    function = BINARY[name]
    makers = [lambda v=v: v for v in NUMBERS] + list(OPERANDS.values())
    for swapped in (False, True):
        for make in makers:

            def program(make=make, swapped=swapped):
                pair = [leaf(), make()]
                outs = function(*(pair[::-1] if swapped else pair))
                return [t for t in pair if isinstance(t, Tensor)], results(outs)

            check(program)


def test_nodes_know_the_users_line():
    w = leaf()
    y = w * 2; line = inspect.currentframe().f_lineno  # fmt: skip  # noqa: E702
    node = y.grad_fn
    assert node.code is inspect.currentframe().f_code
    positions = list(node.code.co_positions())
    assert positions[node.lasti // 2][0] == line
    z = F.mse_loss(w, X).grad_fn
    assert z.code is node.code


def test_serials_fall():
    w = leaf()
    first, second = (w * 2).grad_fn, tidu.exp(w).grad_fn
    assert second.serial < first.serial


def test_functions_look_as_they_are_in_python():
    for function in (tidu.exp, tidu.add, Tensor.exp, Tensor.__add__, Tensor.__rmul__):
        python = usual.python_of(function)
        assert inspect.isfunction(python)
        assert not inspect.isfunction(function)
        assert inspect.isroutine(function)
        assert function.__name__ == python.__name__
        assert function.__doc__ == python.__doc__
        assert function.__module__ == python.__module__
        assert repr(function) == repr(python)
        assert inspect.signature(function) == inspect.signature(python)
    assert tidu.exp.__name__ == "exp"
    assert ">>>" in (tidu.exp.__doc__ or "")
    assert tidu.exp.op.name == "exp"
    assert copy.deepcopy(tidu.exp) is tidu.exp
    assert pickle.loads(pickle.dumps(tidu.exp)) is tidu.exp
    bound = X.exp
    assert bound.__self__ is X
    assert bound().tolist() == tidu.exp(X).tolist()
    assert next(map(Tensor.exp, [X])).tolist() == bound().tolist()


def test_an_override_takes_effect():
    x = leaf()
    tidu.exp(x)
    from tidu.backend.table import cpu

    cpu.override("exp", lambda array: array + 100)
    try:
        assert tidu.exp(x).tolist() == [101.5, 102.5]
    finally:
        cpu.override("exp", None)
    assert tidu.exp(x).tolist() != [101.5, 102.5]


def test_interrupts_are_not_swallowed():
    from tidu.backend.table import cpu

    calls = []

    def interrupted(array):
        calls.append(1)
        raise KeyboardInterrupt

    cpu.override("exp", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            tidu.exp(X)
    finally:
        cpu.override("exp", None)
    assert len(calls) == 1
