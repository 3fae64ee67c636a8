"""How an operation is declared, and what a call of it does.

    @elementwise(to_float=True, inplace=True)
    def softsign(k, x):
        \"\"\"x / (1 + |x|), element by element. ...\"\"\"
        return x / (1 + k.abs(x))

    softsign.vjp(x=lambda k, g, x: g / (1 + k.abs(x)) ** 2)

The forward works on arrays; `k` is the kernel table of their device (`k.abs` is the kernel of the
operation `abs`, `k.xp` the array library). Parameters annotated `Array` (in `elementwise`: x, y, z)
are tensors to the caller. Public names are PyTorch's: `x` is `input` there and `y` is `other`.

A gradient rule belongs to one input (or to a tuple of them, with `vjp_joint`). It gets `g`, the
gradient of the result, and whatever else its parameters name, which is also the list of what has
to be saved: parameters of the forward, `out` (or the names in `outputs`), and `x_shape` or `x_dtype`
for an input `x` whose values are not needed. Rules use operators and `k`, so that the same rule runs
on arrays, where `k` is the kernel table, and on Tensors for `create_graph=True`, where `k` holds
the operations themselves.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import numpy as np

from ..backend import table as backend
from ..tensor import Tensor, View
from . import record as recording
from .grad_mode import recording_now
from .node import LEAF, Counter, Node
from .public import expose
from .record import int_scalars, make_node, scalars
from .usual import usual

F32, F64 = np.dtype("float32"), np.dtype("float64")
ndarray, asarray = np.ndarray, np.asarray
new = object.__new__
Array = Any  # what a forward gets for a tensor: the array of the device that it lives on

OPS: dict = {}  # name -> Op


class Op:
    """A declared operation."""

    apply: Any  # what runs it on Tensors; set with the form of the operation
    form = ""  # which of the functions at the end of this file made that

    # What a declaration says of it, where it says so: see `elementwise` and `op`.
    outputs: tuple = ("out",)
    differentiable: int
    holomorphic: bool = True
    view: bool = False
    promote: Any = None
    to_float: bool = False
    unrounded: bool = False
    strict: bool = False
    forms: str | None = None
    check: Any = None
    materialize: bool = True  # missing gradients of results are zeros to the rules, not None
    inputs: dict = {}  # node's name -> its inputs, where not all: `listed`

    def __init__(self, name, forward, *, arity=None, node=None, unpromoted=0, **options):
        code = forward.__code__
        first = code.co_varnames[:1] == ("k",)
        self.name = name
        self.n_keyword_only = code.co_kwonlyargcount
        self.params = code.co_varnames[first : code.co_argcount + self.n_keyword_only]
        self.defaults: dict = {}
        if forward.__defaults__:
            positional = code.co_varnames[: code.co_argcount]
            self.defaults.update(zip(positional[-len(forward.__defaults__) :], forward.__defaults__))
        if forward.__kwdefaults__:
            self.defaults.update(forward.__kwdefaults__)
        for option in _OPTIONS.intersection(options):
            setattr(self, option, options[option])
        if "differentiable" not in options:
            self.differentiable = len(self.outputs) or 1 << 30
        self.node_name = node or _camel(name) + "Backward0"
        self.rules = {}  # tuple of input names -> rule
        self.plans = {}  # which inputs need gradients -> Plan
        self.node_classes = {}
        self.one_node_class = None  # the only one, if its name does not depend on the arguments
        self.kernels = backend.Kernels(name, computes=not self.view)
        self.tensors = tuple(range(arity)) if arity is not None else self._find_tensors(forward)
        self.promoted = self.tensors[unpromoted:]
        marks = forward.__annotations__
        self.lists = frozenset(
            i for i in self.tensors if marks and marks.get(self.params[i], "").startswith("list")
        )
        OPS[name] = self

    def _find_tensors(self, forward):
        marks = forward.__annotations__
        return tuple(i for i, p in enumerate(self.params) if "Array" in marks.get(p, ""))

    def node_class(self, args):
        """The Node subclass for a call with these arguments (PyTorch numbers some overloads)."""
        fixed = isinstance(self.node_name, str)
        name = self.node_name if fixed else self.node_name(*args)
        found = self.node_classes.get(name)
        if found is None:
            body = {"op": self, "__module__": "builtins", "op_materializes": self.materialize}
            found = self.node_classes[name] = type(name, (Node,), body)
            if fixed:
                self.one_node_class = found
        return found

    def listed(self, node_name):
        """The positions in `edges` of what PyTorch's node of that name has as inputs, in its order.

        Those are the inputs with a derivative. Overloads for numbers have fewer, and a layer that
        PyTorch computes with another operation has that one's order: these ops say so (`inputs`).
        """
        names = self.inputs.get(node_name)
        if names is None:
            differentiable = {name for names in self.rules for name in names}
            return [i for i, p in enumerate(self.tensors) if self.params[p] in differentiable]
        positions = {self.params[p]: i for i, p in enumerate(self.tensors)}
        return [positions[name] for name in names]

    def plan(self, mask):
        """What to save and which rules to run when the inputs in `mask` need gradients."""
        found = self.plans.get(mask)
        if found is None:
            found = self.plans[mask] = Plan(self, mask)
        return found

    def full_args(self, args):
        """The arguments with defaults filled in."""
        missing = self.params[len(args) :]
        if not missing:
            return args
        try:
            return args + tuple(self.defaults[p] for p in missing)
        except KeyError:
            from ..errors import missing_argument

            raise missing_argument(self, args) from None


_OPTIONS = frozenset(Op.__annotations__) - {"apply"}


class Plan:
    """An operation's gradient rules, resolved for one set of inputs that need gradients."""

    __slots__ = (
        "derived", "indices", "needs_derived", "op", "picks", "raw_steps", "save", "saved_names",
        "saves_tensors", "steps",
    )  # fmt: skip

    def __init__(self, op, mask):
        needed = {op.params[p] for bit, p in enumerate(op.tensors) if mask >> bit & 1}
        position = {op.params[p]: i for i, p in enumerate(op.tensors)}
        self.op = op
        self.derived: list = []  # what of the values is not an argument: (kind, index)
        rules, names = [], []
        for inputs, rule in op.rules.items():
            if not needed.intersection(inputs):
                continue
            if rule.__code__.co_name == "<lambda>":  # tracebacks should name the operation
                rule.__code__ = rule.__code__.replace(co_name=f"{op.name}_vjp_{inputs[0]}")
            rule_names = list(rule.__code__.co_varnames[: rule.__code__.co_argcount])
            wants_k = rule_names[0] == "k"
            rule_names = rule_names[1 + wants_k :]
            joint = len(inputs) > 1
            where = tuple(position[i] for i in inputs) if joint else position[inputs[0]]
            rules.append((where, rule, rule_names, wants_k))
            names += [n for n in rule_names if n not in names]
        fixed = len(op.params)
        indices = []
        for n in names:
            if n in op.params:
                indices.append(op.params.index(n))
            else:
                indices.append(fixed + len(self.derived))
                self.derived.append(self._derived(op, n))
        self.indices = indices  # of what is saved, among the arguments and then `derived`
        self.save = _getter(indices)
        self.needs_derived = bool(self.derived)
        self.saves_tensors = any(
            i in op.tensors or (i >= fixed and self.derived[i - fixed][0] == "output")
            for i in indices
        )
        self.saved_names = names
        # For each rule, which of the saved values it takes.
        self.picks = tuple([tuple([names.index(n) for n in r[2]]) for r in rules])
        self.steps = [
            (where, rule, _getter(pick), wants_k)
            for (where, rule, _, wants_k), pick in zip(rules, self.picks)
        ]
        # The same for arrays, where a backend may know a faster way to compute a rule.
        self.raw_steps = self.steps
        if backend.cpu.improve_rules is not None:
            self.raw_steps = backend.cpu.improve_rules(op, self.steps)

    @staticmethod
    def _derived(op, name):
        if name in op.outputs:
            return "output", op.outputs.index(name)
        for suffix in ("shape", "dtype", "needed"):
            base = name.removesuffix("_" + suffix)
            if base != name and base in op.params:
                return suffix, op.params.index(base)
        raise TypeError(f"{op.name}: a gradient rule names {name!r}, which the operation has not")


def _getter(indices):
    """A function that picks `indices` from a tuple, as a tuple, at C speed."""
    if len(indices) > 1:
        return itemgetter(*indices)
    start = indices[0] if indices else 0
    return itemgetter(slice(start, start + len(indices)))


def _camel(name):
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _attach(op, call):
    """Gives a public function the ways to state its gradient."""

    def vjp(**rules):
        for input_name, rule in rules.items():
            if input_name not in op.params:
                raise TypeError(f"{op.name} has no input {input_name!r}")
            op.rules[(input_name,)] = rule
        return call

    def vjp_joint(*inputs):
        def declare(rule):
            op.rules[inputs] = rule
            return rule

        return declare

    call.vjp, call.vjp_joint, call.op = vjp, vjp_joint, op
    return call


def elementwise(ufunc=None, **options):
    """Declares an operation that works element by element, with broadcasting and promotion.

    `ufunc`: the name of the array library's function that computes it (the body is then only a
    signature and a docstring). `to_float`: integers become the default dtype first. `check`: called
    with the operands before the work when they are not simply float32 or float64; it raises
    what PyTorch raises for dtypes that it refuses. `unrounded`: numbers beside float16 stay in
    float32. `strict`: numbers are no operands. `unpromoted`:
    that many tensors come first that keep their dtype. `forms`: of two operands the first, or any
    one, has to be a tensor ("first", "one"). `inplace`, `method`, ...: see `expose`.
    """

    def declare(forward):
        name = options.pop("name", None) or forward.__name__
        code = forward.__code__
        params = [p for p in code.co_varnames[: code.co_argcount] if p != "k"]
        arity = sum(p in ("x", "y", "z") for p in params)
        op = Op(name, forward, arity=arity, promote=True, **options)
        backend.FORWARDS[name] = ufunc if ufunc else forward
        backend.ELEMENTWISE.add(name)
        if len(params) == 1:
            op.form, apply = "unary", _unary(op)
        elif len(params) == 2 and arity == 2 and not op.strict:
            op.form, apply = "binary", _binary(op)
        else:
            op.form, apply = "general", _general(op)
        op.apply = usual(op, apply)
        return _attach(op, expose(op, op.apply, forward, **options))

    return declare


def op(**options):
    """Declares an operation of any other form; tensors are the parameters annotated `Array`.

    `outputs`: names of the results if there are several, () if their number depends on the call;
    only the first `differentiable` of them carry gradients. `view=True`: the result shares the
    input's memory. `holomorphic=False`: the rules treat complex numbers themselves. `node`:
    PyTorch's name of the node, or a function of the arguments that gives it. `row_order=True`: the
    result is contiguous; otherwise it lies in memory as NumPy has it, mostly as the operands do.
    """

    def declare(forward):
        name = options.pop("name", None) or forward.__name__
        if options.get("row_order"):
            backend.ROW_ORDER.add(name)
        declared = Op(name, forward, **options)
        backend.FORWARDS[name] = forward
        one_view = declared.view and len(declared.outputs) == 1
        declared.form = "view" if one_view else "general"
        apply = _viewing(declared) if one_view else _general(declared)
        declared.apply = usual(declared, apply)
        return _attach(declared, expose(declared, declared.apply, forward, **options))

    return declare


# What a call does. The four below are the hot path of everything: keep them flat. csrc/calls.cpp does
# the same for the usual call.


def _unary(op):
    kernels, name = op.kernels, op.name

    def apply(x):
        try:
            a = x._array
        except AttributeError:
            raise recording.not_a_tensor(op, 0, x) from None
        if a.dtype is not F32 and a.dtype is not F64:
            (a,) = recording.prepare(op, (a,))
        edges = None
        if x._counter is None:  # the usual case: no view, nothing written
            mask = x._node
            if mask is not None:
                edges = [x if mask is LEAF else mask]
        else:
            mask = x.requires_grad or None
        try:
            r = kernels.cpu(a)
        except Exception as error:
            raise recording.explain(op, error, (x,)) from None
        if type(r) is not ndarray:
            r = asarray(r)
        out = new(Tensor)
        out._array = r
        out._node = out._view = out._counter = None
        if mask is not None:
            out._node = make_node(op, (x,), 1, r, out, None, edges)
        return out

    return _named(apply, name)


def _binary(op):
    kernels, name = op.kernels, op.name

    def apply(x, y):
        mask, edges = 0, None
        kind = type(y)
        if (kind is float or kind is int) and isinstance(x, Tensor):
            # A tensor of its own is made of the number only if need be.
            a = x._array
            cache = (scalars if kind is float else int_scalars).get(a.dtype)
            b = None if cache is None else cache.get(y)
            if b is None:
                a, b = recording.prepare(op, (a, y))
            if x._counter is None:
                nx = x._node
                if nx is not None:
                    mask, edges = 1, [x if nx is LEAF else nx, None]
            else:
                mask = x.requires_grad
        else:
            try:
                a, b = x._array, y._array
            except AttributeError:
                both = recording.operands(op, x, y)
                if both is None:
                    return NotImplemented  # another class may know; the public function raises
                a, b, mask = both
            else:
                d = a.dtype
                if d is not b.dtype or (d is not F32 and d is not F64):
                    a, b = recording.prepare(op, (a, b))
                if x._counter is None and y._counter is None:  # the usual case
                    nx, ny = x._node, y._node
                    if nx is None:
                        if ny is not None:
                            mask, edges = 2, [None, y if ny is LEAF else ny]
                    elif ny is None:
                        mask, edges = 1, [x if nx is LEAF else nx, None]
                    else:
                        mask, edges = 3, [x if nx is LEAF else nx, y if ny is LEAF else ny]
                else:
                    mask = x.requires_grad | y.requires_grad << 1
        try:
            r = kernels.cpu(a, b)
        except Exception as error:
            raise recording.explain(op, error, (x, y)) from None
        if type(r) is not ndarray:
            r = asarray(r)
        out = new(Tensor)
        out._array = r
        out._node = out._view = out._counter = None
        if mask:
            out._node = make_node(op, (x, y), mask, r, out, None, edges)
        return out

    return _named(apply, name)


def _general(op):
    kernels, tensors, lists, n_params = op.kernels, op.tensors, op.lists, len(op.params)
    single = len(op.outputs) == 1

    def apply(*args):
        if len(args) < n_params:
            args = op.full_args(args)
        arrays = list(args)
        mask = 0
        for bit, i in enumerate(tensors):
            t = args[i]
            if isinstance(t, Tensor):
                arrays[i] = t._array
                if t._view is not None:
                    t._refresh()
                if t._node is not None:
                    mask |= 1 << bit
            elif i in lists:
                arrays[i], any_node = recording.list_operand(op, i, t)
                mask |= any_node << bit
            elif t is not None and not op.promote:
                raise recording.not_a_tensor(op, i, t)
        if op.promote:
            recording.prepare_general(op, arrays)
        try:
            r = kernels.cpu(*arrays)
        except Exception as error:
            raise recording.explain(op, error, args) from None
        if not single:
            return recording.several(op, args, r, mask)
        if type(r) is not ndarray:
            r = asarray(r)
        out = new(Tensor)
        out._array = r
        out._node = out._view = out._counter = None
        if mask:
            out._node = make_node(op, args, mask, r, out)
        return out

    return _named(apply, op.name)


def _viewing(op):
    kernels, n_params = op.kernels, len(op.params)

    def apply(x, *rest):
        if len(rest) + 1 < n_params:
            rest = op.full_args((x, *rest))[1:]
        try:
            a = x._array
        except AttributeError:
            raise recording.not_a_tensor(op, 0, x) from None
        before = x._view
        if before is not None:
            x._refresh()
        try:
            r = kernels.cpu(a, *rest)
        except Exception as error:
            raise recording.explain(op, error, (x, *rest)) from None
        out = new(Tensor)
        out._array = r
        out._node = None
        # The view's tie to its base; `recording.link_views`, written out.
        counter = x._counter
        if counter is None:
            counter = x._counter = Counter()
        out._counter = counter
        out._view = view = new(View)
        if before is None:
            view.base = x
            view.steps = ((op, rest, None),)
            view.recorded = recording_now()
        else:
            view.base = before.base
            view.steps = (*before.steps, (op, rest, None))
            view.recorded = before.recorded and recording_now()
        view.history = counter.history
        if x._node is not None:
            out._node = make_node(op, (x, *rest), 1, r, out)
        return out

    return _named(apply, op.name)


def _named(apply, name):
    apply.__name__ = apply.__qualname__ = name
    apply.__code__ = apply.__code__.replace(co_name=name)  # what tracebacks show
    return apply
