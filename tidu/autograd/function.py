"""`Function`: operations of the user's own, with a forward and a backward.

`apply` runs the forward without recording and leaves one node, whose rule is the user's backward.
The context that both get is no node itself: its attributes are the user's to choose, so they must
not meet those of `Node`. The node holds the context, the context only a weak reference to the node.
"""

from __future__ import annotations

import functools
import weakref

import numpy as np

from .. import naming
from ..tensor import Tensor, View
from .grad_mode import CAREFUL, mode, no_grad, recording_now
from .inplace import FUNCTION, join_graph
from .node import LEAF, Counter, Node, Output, Saveable, SavedOutput

__all__ = ["Function", "FunctionCtx", "InplaceFunction", "NestedIOFunction", "once_differentiable"]


class FunctionCtx:
    """What `forward` leaves for `backward`: saved tensors, marks, your own attributes.

    >>> import tidu
    >>> class Cube(tidu.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (x,) = ctx.saved_tensors
    ...         return 3 * x**2 * grad
    >>> x = tidu.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    needs_input_grad: tuple = ()
    _node = None
    _to_save = ()
    _dirty = ()
    _non_differentiable = ()
    materialize_grads = True

    def save_for_backward(self, *tensors):
        """Keeps inputs or outputs (or None) for `backward`, which finds them in `saved_tensors`."""
        self._to_save = tensors

    def save_for_forward(self, *tensors):
        """Keeps tensors for `jvp`, which tidu never calls."""
        for t in tensors:
            assert isinstance(t, Tensor) or t is None, (
                "save_for_forward expects all arguments to be tensors; you should save non-tensors "
                "as attributes on ctx."
            )
        self.saved_for_forward = tensors

    def mark_dirty(self, *tensors):
        """Says which inputs `forward` changed in place; they have to be among its outputs."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors):
        """Says which outputs need no gradient."""
        self._non_differentiable = tensors

    def set_materialize_grads(self, value):
        """Whether `backward` gets zeros (the default) or None for outputs without a gradient."""
        self.materialize_grads = value

    @property
    def saved_tensors(self):
        """What `save_for_backward` kept."""
        node = self._node and self._node()
        return () if node is None else node.saved_tensors


class Function:
    """Base of operations with a backward of your own; use them by `apply`.

    `forward(ctx, *args)` computes the result from tensors and anything else;
    `backward(ctx, *grads)` gets the gradient of each result and returns one (or None) for each
    argument. With a `setup_context(ctx, inputs, output)` the forward takes no `ctx`.

    >>> import tidu
    >>> class Cube(tidu.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (x,) = ctx.saved_tensors
    ...         return grad * 3 * x**2
    >>> x = tidu.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    generate_vmap_rule = False
    _context_class: type
    _node_class: type
    _backward_cls: type

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        name = cls.__name__ + "Backward"
        space = {"__module__": __name__}
        cls._context_class = type(name, (FunctionCtx,), space)
        cls._node_class = cls._backward_cls = type(
            name, (FunctionNode,), {**space, "function": cls}
        )

    def __init__(self, *args, **kwargs):
        import warnings

        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all "
            "static, so you should invoke them on the class itself. Instantiating an autograd "
            "function will raise an error in a future version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args, **kwargs):
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use "
            "new-style autograd function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args, **kwargs):
        """Computes the result; to be overridden."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Fills the context after a `forward` that takes none."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx, *grad_outputs):
        """Computes the gradients of the arguments; to be overridden."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    vjp = backward  # PyTorch's other name for it

    @staticmethod
    def jvp(ctx, *grad_inputs):
        """The rule of forward mode, which tidu does not have."""
        raise NotImplementedError("tidu has no forward mode yet, so jvp is never called")

    @staticmethod
    def vmap(info, in_dims, *args):
        """The rule of batching, which tidu does not have."""
        raise NotImplementedError("tidu has no vmap yet")

    @classmethod
    def apply(cls, *args, **kwargs):
        """Runs `forward` on the arguments and notes how to come back."""
        if cls is Function:
            return cls.forward(*args, **kwargs)
        with_setup = cls.setup_context is not Function.setup_context
        if with_setup or kwargs:
            args = _bind(cls.forward, args, kwargs, with_setup)
        ctx = cls._context_class()
        ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        recording = recording_now()
        mode.enabled = False
        try:
            if with_setup:
                output = cls.forward(*args)
                cls.setup_context(ctx, args, output)
            else:
                output = cls.forward(ctx, *args)
        finally:
            mode.enabled = recording
        return _results(cls, ctx, args, output, recording if any(ctx.needs_input_grad) else 0)


def _bind(forward, args, kwargs, with_setup):
    """All arguments by position, with defaults if there is a setup_context to see them."""
    import inspect

    lead = () if with_setup else (None,)  # the place of ctx
    bound = inspect.signature(forward).bind(*lead, *args, **kwargs)
    if with_setup:
        bound.apply_defaults()
    if bound.kwargs:
        names = ", ".join(bound.kwargs)
        raise TypeError(f"apply() cannot pass keyword-only arguments on to forward: {names}")
    return bound.args[len(lead) :]


class FunctionNode(Node):
    """One application of a `Function`; what the user put on the context is readable here too."""

    function: type[Function] = Function
    op_materializes = False  # `gradients_for` does it, if the context says so

    class plan:
        saves_tensors = True
        saved_names = ()

    def __init__(self, ctx, args):
        self.ctx = ctx
        ctx._node = weakref.ref(self)
        self.is_tensor = [isinstance(a, Tensor) for a in args]
        tensors = [a for a in args if isinstance(a, Tensor)]
        self.edges = [t if t._node is LEAF else t._node for t in tensors]
        self.saved = ()
        self.place(2)

    def __getattr__(self, name):
        # For what Python did not find; other nodes have none, since it slows every read.
        if name == "ctx":
            raise AttributeError(name)
        return getattr(self.ctx, name)

    def __repr__(self):
        return f"<{naming.prefix}.autograd.function.{self.name()} object at {id(self):#x}>"

    @property
    def saved_tensors(self):
        return tuple(self.unpack(False))

    def release(self):
        self.saved = None

    def apply(self, g, k, raw):
        function = self.function
        other = function.vjp is not Function.vjp
        if other and function.backward is not Function.backward:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You "
                "should only implement one of them."
            )
        rule = function.vjp if other else function.backward
        found = rule(self.ctx, *self.gradients_for(g if self.outputs else (g,)))
        found = found if isinstance(found, tuple) else (found,)
        return [
            (edge, gradient._array.view() if raw and gradient is not None else gradient)
            for edge, gradient in zip(self.edges, self.checked(found))
        ]

    def gradients_for(self, gradients):
        """The arguments of the user's backward: Tensors, and zeros or None where nothing came."""
        zeros = self.ctx.materialize_grads
        places = self.outputs or [(self.shape, self.dtype)]
        found = []
        for gradient, place in zip(gradients, places):
            if isinstance(gradient, np.ndarray):
                gradient = Tensor._wrap(gradient.view())
            elif gradient is None and zeros and place is not None:
                gradient = Tensor._wrap(np.zeros(*place))
            found.append(gradient)
        return found

    def checked(self, found):
        """What backward returned, for the arguments that were tensors."""
        expected = len(self.is_tensor)
        if len(found) > expected and all(g is None for g in found[expected:]):
            found = found[:expected]
        if len(found) != expected:
            error = RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected "
                f"{expected}, got {len(found)})"
            )
            error.add_note(
                "backward returns one gradient for each argument of forward, in the same order; "
                "None for those that need none."
            )
            raise error
        kept: list = []
        for i, (gradient, is_tensor) in enumerate(zip(found, self.is_tensor)):
            if not is_tensor:
                if gradient is not None:
                    raise RuntimeError(
                        f"function {self.name()} returned a gradient different than None at "
                        f"position {i + 1}, but the corresponding forward input was not a Variable"
                    )
                continue
            if gradient is not None:
                self.check_shape(len(kept), gradient)
            kept.append(gradient)
        return kept

    def check_shape(self, i, gradient):
        if not isinstance(gradient, Tensor):
            raise RuntimeError(f"expected Variable or None (got {type(gradient).__name__})")
        edge = self.edges[i]
        if edge is None:
            return
        shape = edge._array.shape if isinstance(edge, Tensor) else edge.shape
        got = gradient._array.shape
        lead = len(got) - len(shape)
        if lead < 0 or any(n not in (1, m) for n, m in zip(shape, got[lead:])):
            raise RuntimeError(
                f"Function {self.name()} returned an invalid gradient at index {i} - got "
                f"{list(got)} but expected shape compatible with {list(shape)}"
            )


def _results(cls, ctx, args, output, recording):
    """Ties what `forward` returned into the graph."""
    outputs = output if isinstance(output, tuple) else (output,)
    dirty = ctx._dirty
    for i, d in enumerate(dirty):
        if not isinstance(d, Tensor):
            error = RuntimeError("mark_dirty can only accept variables, but argument ")
            error.add_note(f"Argument {i} is of type {type(d).__name__}.")
            raise error
    if any(not any(d is o for o in outputs) for d in dirty):
        raise RuntimeError(
            "Some elements marked as dirty during the forward method were not returned as output. "
            "The inputs that are modified inplace must all be outputs of the Function."
        )
    node = cls._node_class(ctx, args) if recording else None
    fixed = ctx._non_differentiable
    finished = []
    for i, t in enumerate(outputs):
        if not isinstance(t, Tensor):
            finished.append(t)
            continue
        differentiable = (
            recording and t._array.dtype.kind in "fc" and not any(t is f for f in fixed)
        )
        place = None
        if differentiable:
            place = Output(node, i, t._array.shape, t._array.dtype) if len(outputs) > 1 else node
        finished.append(_placed(t, place, args, dirty))
    if node is not None:
        tensors = [t if isinstance(t, Tensor) else None for t in finished]
        if len(outputs) > 1:
            node.outputs = [t if t is None else (t._array.shape, t._array.dtype) for t in tensors]
        elif tensors and tensors[0] is not None:
            node.shape, node.dtype = tensors[0]._array.shape, tensors[0]._array.dtype
        _save(node, ctx, args, (outputs, finished), recording)
    return tuple(finished) if isinstance(output, tuple) else finished[0]


def _placed(t, place, args, dirty):
    """One result with its place in the graph (None: it needs no gradient)."""
    is_input = any(t is a for a in args)
    if is_input and any(t is d for d in dirty):
        if place is not None:
            _replace(t, place)
        return t
    if is_input or t._view is not None or t._node is LEAF:
        # Another Tensor of the same memory; what forward had in hand keeps its own history.
        alias = Tensor._wrap(t._array)
        if t._counter is None:
            t._counter = Counter()
        alias._counter = t._counter
        if place is not None:
            base = t if t._view is None else t._view.base
            alias._view = View(base, ((FUNCTION, (), None),), t._counter.history, True)
        t = alias
    t._node = place
    return t


def _replace(x, place):
    """An input that forward changed in place: from here on the Function is its history."""
    if x._node is LEAF:
        from ..errors import leaf_written

        raise leaf_written(
            "a leaf Variable that requires grad has been used in an in-place operation."
        )
    if x._counter is None:
        x._counter = Counter()
    x._counter.bump("mark_dirty")
    result = Tensor._wrap(x._array)
    result._node = place
    join_graph(x, result, x._counter)


def _save(node, ctx, args, results, recording):
    saved, versions = [], {}
    for position, value in enumerate(ctx._to_save):
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(
                f"save_for_backward can only save variables, but argument {position} is of type "
                f"{type(value).__name__}"
            )
        for i, (before, t) in enumerate(zip(*results)):
            if (
                value is before
                and isinstance(t, Tensor)
                and t._node is not None
                and not any(value is a for a in args)
            ):  # a result: the node must not hold its Tensor
                if t._counter is None:
                    t._counter = Counter()
                index = -1 if t._node is None else i if len(results[0]) > 1 else None
                value = SavedOutput(t._array, t._counter, index)
                break
        saved.append(value)
        if isinstance(value, Saveable) and value._counter is not None and value._counter.version:
            versions[position] = value._counter.version
    node.saved, node.versions = tuple(saved), versions or None
    ctx._to_save = ctx._dirty = ctx._non_differentiable = ()
    if recording == CAREFUL and mode.saved_hooks:
        from .hooks import pack_all

        pack_all(node)


class Error(Node):
    """Stands for a gradient that cannot be differentiated; says so when somebody tries."""

    class plan:
        saves_tensors = False
        saved_names = ()

    def __init__(self, tensor):
        self.edges, self.saved = [], ()
        self.shape, self.dtype = tensor._array.shape, tensor._array.dtype
        self.place(2)

    def apply(self, g, k, raw):
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )


def once_differentiable(backward):
    """Decorator of a Function's backward: it is not recorded; differentiating it is an error.

    >>> import tidu
    >>> from tidu.autograd.function import once_differentiable
    >>> class Double(tidu.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return 2 * x
    ...     @staticmethod
    ...     @once_differentiable
    ...     def backward(ctx, grad):
    ...         return 2 * grad
    >>> x = tidu.tensor(3.0, requires_grad=True)
    >>> tidu.autograd.grad(Double.apply(x), x)
    (tensor(2.),)
    """

    @functools.wraps(backward)
    def wrapper(ctx, *gradients):
        with no_grad():
            found = backward(ctx, *gradients)
        if not mode.enabled or not any(
            isinstance(g, Tensor) and g.requires_grad for g in gradients
        ):
            return found
        several = isinstance(found, tuple)
        results = []
        for value in found if several else (found,):
            if isinstance(value, Tensor):
                value = value.detach()
                value._node = Error(value)
            results.append(value)
        return tuple(results) if several else results[0]

    return wrapper


class InplaceFunction(Function):
    """A `Function` with a flag `inplace`, as older programs use it."""

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace


class NestedIOFunction(Function):
    """PyTorch's older kind of Function for nested tuples, which tidu does not have."""

    @classmethod
    def apply(cls, *args, **kwargs):
        raise NotImplementedError("tidu has no NestedIOFunction: give Function flat arguments")
