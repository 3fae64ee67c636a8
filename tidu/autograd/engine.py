"""The backward pass: the only place where the graph is walked.

Gradients wait in `pending`, keyed by the node (or leaf) that they belong to. The newest node comes
first: all its consumers were made after it, so its gradient is complete when its turn comes. Its
rules turn the gradient of its result into gradients of its inputs, and these go to `pending`.

The walk is the same for plain gradients and for `create_graph=True`. Only what travels differs:
arrays, with the kernel table as `k`, or Tensors, whose operations are recorded as in any forward.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np

from .. import dtypes
from ..backend.quiet import IGNORE, loud, quiet
from ..backend.table import OWNERS, cpu
from ..errors import bad_gradient_shape, check_start, note_backward, stale_grad, unused
from ..tensor import Tensor
from .grad_mode import mode, recording_variable
from .hooks import AccumulateGrad, accumulate_with_hooks, check_replacement, step_with_hooks
from .node import LEAF, Node, Output
from .op import Plan
from .public import operations
from .usual import usual_walk

ndarray = np.ndarray


def run(roots, keep_graph, create_graph, wanted=None, accumulate=False):
    """Carries gradients from `roots` back through the graph, into the `.grad` of its leaves.

    `roots`: pairs of (target, gradient Tensor), where a target is a node, an Output or a leaf.
    `wanted`: a set of targets; their gradients are returned then, {target: Tensor}, and nothing is
    accumulated. With `accumulate` they say instead how far to go.
    """
    walk = Walk(roots, keep_graph, create_graph, wanted, not accumulate)
    settings = quiet(IGNORE)
    before = recording_variable.set(0)
    outer, mode.walk = mode.walk, walk
    if create_graph:
        mode.enabled = True
    try:
        for target, gradient in roots:
            if wanted is None or walk.reaches_wanted(target):
                walk.deliver(target, gradient._array if walk.raw else gradient, None)
        walk.run()
    finally:
        mode.walk = outer
        recording_variable.reset(before)
        loud(settings)
    return walk.captured


class Walk:
    """One backward pass."""

    __slots__ = (
        "__weakref__", "captured", "fresh", "heap", "k", "keep_graph", "needed", "pending", "raw",
        "roots", "wanted",
    )  # fmt: skip

    def __init__(self, roots, keep_graph, create_graph, wanted, captures):
        self.roots = roots
        self.raw = not create_graph
        self.k = operations if create_graph else cpu
        self.keep_graph = keep_graph
        self.wanted = wanted
        self.needed: Any = None if wanted is None else {}
        self.captured: Any = {} if wanted is not None and captures else None
        self.pending = {}
        self.heap = []
        self.fresh = set()  # leaves whose pending gradient nobody else holds

    def reaches_wanted(self, root):
        """Notes in `needed` which targets below `root` lead to a wanted one; does `root`?"""
        needed, wanted = self.needed, self.wanted
        stack = [(root, None)]
        while stack:
            target, children = stack.pop()
            if children is None:
                if target in needed:
                    continue
                children = _children(target)
                needed[target] = target in wanted
                stack.append((target, children))
                stack.extend((child, None) for child in children if child not in needed)
            elif not needed[target]:
                needed[target] = any(needed[child] for child in children)
        return needed[root]

    def reached(self, targets):
        """For each target, whether a gradient will come to it."""
        needed = self.needed
        if needed is None:
            found, stack = set(), [target for target, _ in self.roots]
            while stack:
                target = stack.pop()
                if target not in found:
                    found.add(target)
                    stack.extend(_children(target))
            return [target in found for target in targets]
        return [bool(needed.get(target)) for target in targets]

    def deliver(self, target, gradient, source):
        """Adds a gradient to what waits for `target`, in the shape and dtype of its value."""
        if self.needed is not None and not self.needed.get(target):
            return
        value = target._array if isinstance(target, Tensor) else target
        if self.raw:
            if (
                type(gradient) is not ndarray
                or gradient.shape != value.shape
                or gradient.dtype is not value.dtype
            ):
                gradient = fit(True, value, gradient, source)
        elif gradient._array.shape != value.shape or gradient._array.dtype != value.dtype:
            gradient = fit(False, value, gradient, source)
        pending = self.pending
        waiting = pending.get(target)
        if waiting is None:
            pending[target] = gradient
            if value is target:
                heappush(self.heap, (target.serial, target))
        else:
            total = waiting + gradient
            pending[target] = total if not self.raw else np.asarray(total)
            self.fresh.add(target)

    def run(self):
        """Takes node after node, newest first, then the leaves."""
        heap, pending, k, raw = self.heap, self.pending, self.k, self.raw
        careful = mode.anomaly
        short = usual_steps if raw and self.needed is None and not careful else None
        while heap:
            if short is not None:
                short(self, heap, pending, self.fresh, self.keep_graph)
                if not heap:
                    break
            node = heappop(heap)[1]
            gradient = pending.pop(node)
            captures = self.captured is not None and node in self.wanted
            if captures:
                self.capture(node, gradient)
            if node.prehooks is not None:
                gradient = self.call_hooks(node.prehooks, gradient)
            if captures and not any(self.needed.get(child) for child in _children(node)):
                self.capture(node, gradient)  # the last word, unless others still need it (as PyTorch)
                continue
            if type(node) is Output:
                self.collect(node, gradient)
                continue
            try:
                if node.hooks is None and node.node_prehooks is None and not careful:
                    if type(gradient) is list:
                        gradient = self.materialize(node, gradient)
                    found = node.apply(gradient, k, raw)
                else:
                    found = step_with_hooks(self, node, gradient)
                if not self.keep_graph:
                    node.release()
                self.hand_on(node, gradient, found)
            except Exception as error:
                note_backward(error, node)
                raise
        for leaf in list(pending):
            self.finish_leaf(leaf, pending.pop(leaf))

    def hand_on(self, node, gradient, found):
        """Delivers a node's gradients, and notes which of them nobody else holds."""
        pending, last = self.pending, gradient
        for edge, g in found:
            if edge is not None and g is not None:
                # A rule that hands on its own g, a view, or one array twice shares that array.
                unshared = edge not in pending and g is not gradient and g is not last
                if unshared and type(getattr(g, "base", g)) in OWNERS:
                    self.fresh.add(edge)
                self.deliver(edge, g, node)
                last = g

    def collect(self, output, gradient):
        """Puts one result's gradient beside those of the node's other results."""
        node = output.node
        waiting = self.pending.get(node)
        if waiting is None:
            waiting = self.pending[node] = [None] * len(node.outputs)
            heappush(self.heap, (node.serial, node))
        before = waiting[output.index]
        waiting[output.index] = gradient if before is None else before + gradient

    def materialize(self, node, gradients):
        """Zeros for the results that nothing was computed from."""
        if not node.op_materializes:
            return tuple(gradients)
        full = []
        for gradient, (shape, dtype) in zip(gradients, node.outputs):
            if gradient is None:
                gradient = np.zeros(shape, dtype)
                if not self.raw:
                    gradient = Tensor._wrap(gradient)
            full.append(gradient)
        return tuple(full)

    def call_hooks(self, hooks, gradient):
        tensor = Tensor._wrap(gradient) if self.raw else gradient
        for hook in list(hooks.values()):
            changed = hook(tensor)
            if changed is not None:
                tensor = check_replacement(changed, tensor, hook)
        return tensor._array if self.raw else tensor

    def capture(self, target, gradient):
        self.captured[target] = Tensor._wrap(gradient) if self.raw else gradient

    def finish_leaf(self, leaf, gradient):
        """A leaf's gradient is complete: run its hooks, keep it."""
        if leaf._view is not None and not leaf._view.recorded:
            return  # a view made under no_grad looks like a leaf, but keeps no gradient
        if leaf._hooks is not None:
            gradient = self.call_hooks(leaf._hooks, gradient)
            self.fresh.discard(leaf)
        if self.captured is not None:
            self.capture(leaf, gradient)
            return
        accumulate_grad(leaf, gradient, self.raw, leaf in self.fresh)


def accumulate_grad(leaf, gradient, raw, fresh):
    """Adds to `leaf.grad`, with the hooks that are called around that."""
    if leaf._post_hooks is None and leaf._before_hooks is None and leaf._after_hooks is None:
        add_to_grad(leaf, gradient, raw, fresh)
    else:
        accumulate_with_hooks(leaf, gradient, raw, fresh, add_to_grad)


def add_to_grad(leaf, gradient, raw, fresh):
    """Adds to `leaf.grad`: in place where PyTorch does, a new tensor where it makes one."""
    held = leaf._grad
    if not raw:
        if held is not None:
            leaf._grad = held + gradient
        else:
            leaf._grad = Tensor._wrap(np.empty_like(leaf._array)).copy_(gradient)
    elif held is None:
        like = leaf._array
        if not fresh or gradient.strides != like.strides:
            gradient = _copy_like(gradient, like)
        leaf._grad = Tensor._wrap(gradient)
    else:
        try:
            np.add(held._array, gradient, out=held._array)
        except ValueError:
            raise stale_grad(leaf) from None
        held._bump("add_")


def _copy_like(gradient, like):
    """A copy whose layout is that of `like`, if that is dense, else row by row."""
    if like.flags.c_contiguous or like.size == 0:
        return np.array(gradient, order="C")
    order = sorted(range(like.ndim), key=lambda i: -like.strides[i])
    expected = like.itemsize
    for i in reversed(order):
        if like.shape[i] != 1 and like.strides[i] != expected:
            return np.array(gradient, order="C")
        expected *= like.shape[i]
    back = sorted(range(like.ndim), key=order.__getitem__)
    return np.array(gradient.transpose(order), order="C").transpose(back)


def _children(target):
    if type(target) is Output:
        return [target.node]
    if not isinstance(target, Node):
        return []
    children = []
    for edge in target.edges:
        if type(edge) is list:
            children += [e for e in edge if e is not None]
        elif edge is not None:
            children.append(edge)
    return children


def fit(raw, value, gradient, source):
    """A gradient from node `source` in the shape and dtype of its `value` (an array or a node)."""
    if raw:
        if type(gradient) is not ndarray:
            gradient = np.asarray(gradient)
        if gradient.shape != value.shape:
            gradient = _unbroadcast(cpu, gradient, value.shape, source)
        return _cast(gradient, value.dtype)
    if gradient._array.shape != value.shape:
        gradient = _unbroadcast(operations, gradient, value.shape, source)
    if gradient._array.dtype != value.dtype:
        if gradient._array.dtype.kind == "c" and value.dtype.kind != "c":
            gradient = operations.real(gradient)
        gradient = operations.to_dtype(gradient, dtypes.of(value.dtype))
    return gradient


def _unbroadcast(k, gradient, shape, source):
    """Sums over the dimensions along which a value of `shape` was repeated."""
    lead = len(gradient.shape) - len(shape)
    if lead < 0 or any(n not in (1, m) for n, m in zip(shape, gradient.shape[lead:])):
        if isinstance(gradient, ndarray) and gradient.size == 1 and np.prod(shape) == 1:
            return gradient.reshape(shape)
        raise bad_gradient_shape(source, gradient, shape)
    dims = [*range(lead)]
    dims += [lead + i for i, n in enumerate(shape) if n == 1 and gradient.shape[lead + i] != 1]
    if dims:
        gradient = k.sum(gradient, tuple(dims), True)
    return gradient.reshape(shape)


def _cast(array, dtype):
    if dtype.kind != "c" and array.dtype.kind == "c":
        array = array.real
    return array.astype(dtype, copy=False)


usual_steps = usual_walk(Plan, fit, note_backward)


# The public entrances


def tensor_backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
    """Adds the gradient of this tensor with respect to the graph's leaves to their `.grad`.

    `gradient`: the gradient of something further with respect to this tensor, of its shape;
    needed unless this tensor has one element. The rest is as in `tidu.autograd.backward`.

    >>> import tidu
    >>> x = tidu.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """
    if inputs is None:
        roots = [(target_of(self), check_start(0, self, gradient))]
        if create_graph:
            warn_of_cycle()
        run(roots, create_graph if retain_graph is None else retain_graph, create_graph)
    else:
        backward((self,), (gradient,), retain_graph, create_graph, inputs=inputs)


Tensor.backward = tensor_backward
tensor_backward.__name__ = "backward"
tensor_backward.__qualname__ = "Tensor.backward"


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False,
             grad_variables=None, inputs=None):  # fmt: skip
    """Adds to the `.grad` of the leaves the gradients of `tensors` with respect to them.

    `grad_tensors`: for each tensor, the gradient to start from (not needed for one-element
    tensors). `retain_graph` keeps the graph for another backward, `create_graph` also makes the
    gradients differentiable. `inputs`: only these tensors receive gradients.

    >>> import tidu
    >>> x = tidu.tensor(3.0, requires_grad=True)
    >>> tidu.autograd.backward([x * x, 2 * x])
    >>> x.grad
    tensor(8.)
    """
    if grad_variables is not None:
        import warnings

        warnings.warn(
            "`grad_variables` is deprecated. Use `grad_tensors` instead.",
            FutureWarning,
            stacklevel=2,
        )
        if grad_tensors is None:
            grad_tensors = grad_variables
        else:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to "
                "`backward()`. Please only use `grad_tensors`."
            )
    tensors = _as_tuple(tensors)
    keep = create_graph if retain_graph is None else retain_graph
    roots = start(tensors, grad_tensors)
    if create_graph:
        warn_of_cycle()
    if inputs is None:
        run(roots, keep, create_graph)
        return
    inputs = _as_tuple(inputs)
    if not inputs:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    _check_inputs(inputs)
    if any(not t.requires_grad for t in inputs):
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    for t in inputs:
        if t._node is not LEAF:
            t.retain_grad()
    run(roots, keep, create_graph, {target_of(t) for t in inputs}, True)


def grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False,
         only_inputs=True, allow_unused=None, is_grads_batched=False,
         materialize_grads=False):  # fmt: skip
    """The gradients of `outputs` with respect to `inputs`, as a tuple; nothing is accumulated.

    An input that the outputs do not depend on gives an error; with `allow_unused` it gives None,
    with `materialize_grads` zeros. `is_grads_batched`: `grad_outputs` have one dimension more, along
    which the gradients are computed one by one and stacked.

    >>> import tidu
    >>> x = tidu.tensor(3.0, requires_grad=True)
    >>> tidu.autograd.grad(x**3, x)
    (tensor(27.),)
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    if not only_inputs:
        import warnings

        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To "
            "accumulate "
            "gradient for other parts of the graph, please use torch.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    if isinstance(inputs, dict):
        found = grad(outputs, tuple(inputs.values()), grad_outputs, retain_graph, create_graph,
                     True, allow_unused, is_grads_batched, materialize_grads)  # fmt: skip
        return dict(zip(inputs, found))
    outputs, inputs = _as_tuple(outputs), _as_tuple(inputs)
    if is_grads_batched:
        keep = create_graph if retain_graph is None else retain_graph
        return _grad_batched(outputs, inputs, _as_tuple(grad_outputs), keep,
                             (create_graph, True, allow_unused, False, materialize_grads))  # fmt: skip
    roots = start(outputs, grad_outputs)
    if not inputs:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    _check_inputs(inputs)
    targets = []
    for t in inputs:
        if isinstance(t, Tensor) and not t.requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
        targets.append(target_of(t))
    keep = create_graph if retain_graph is None else retain_graph
    found = run(roots, keep, create_graph, set(targets))
    results = []
    for i, (t, target) in enumerate(zip(inputs, targets)):
        g = found.get(target)
        if g is None and materialize_grads:
            if not isinstance(t, Tensor):
                raise RuntimeError(
                    "materialize_grads cannot be used when the given input is a GradientEdge"
                )
            g = Tensor._wrap(np.zeros_like(t._array))
            g.requires_grad = create_graph
        elif g is None and not allow_unused:
            raise unused(i, t)
        results.append(g)
    return tuple(results)


def _grad_batched(outputs, inputs, gradients, keep, options):
    """`grad` for each row of `gradients`, the results stacked."""
    for i, (output, g) in enumerate(zip(outputs, gradients)):
        if not g.shape or g.shape[1:] != output.shape:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output "
                "as the batch dimension. The sizes of the remaining dimensions are expected to "
                "match the shape of corresponding output, but a mismatch was detected: "
                f"grad_output[{i}] has a shape of {g.shape[1:]} and output[{i}] has a shape of "
                f"{output.shape}. If you only want some tensors in `grad_output` to be considered "
                "batched, consider using vmap."
            )
    rows = list(zip(*[g.unbind(0) for g in gradients]))
    found = [
        grad(outputs, inputs, row, keep or i + 1 < len(rows), *options) for i, row in enumerate(rows)
    ]
    return tuple(None if gs[0] is None else operations.stack(gs, 0) for gs in zip(*found))


def warn_of_cycle():
    """PyTorch's warning about `backward(create_graph=True)`, once."""
    global _warned_of_cycle
    if _warned_of_cycle:
        return
    _warned_of_cycle = True
    import warnings

    warnings.warn(
        "Using backward() with create_graph=True will create a reference cycle between the "
        "parameter and its gradient which can cause a memory leak. We recommend using "
        "autograd.grad when creating the graph to avoid this. If you have to use this function, "
        "make sure to reset the .grad fields of your parameters to None after use to break the "
        "cycle and avoid the leak.",
        stacklevel=3,
    )


_warned_of_cycle = False


def _as_tuple(tensors):
    """Tensors or edges of the graph, of which one may come alone."""
    return (tensors,) if hasattr(tensors, "output_nr") else tuple(tensors)


def _check_inputs(inputs):
    for t in inputs:
        if not hasattr(t, "output_nr"):
            raise RuntimeError(
                f"all inputs have to be Tensors or GradientEdges, but got {type(t).__name__}"
            )


def current_walk():
    """The backward pass that runs in this thread now."""
    return mode.walk


def target_of(tensor):
    """Where the engine keeps this tensor's gradient: its node, or the tensor itself if a leaf."""
    if not isinstance(tensor, Tensor):
        return _target_of_edge(tensor)
    if tensor._view is not None:
        tensor._refresh()
    node = tensor._node
    return tensor if node is None or node is LEAF else node


def _target_of_edge(edge):
    """The same for a `graph.GradientEdge`."""
    node, index = edge[0], edge[1]
    if isinstance(node, AccumulateGrad):
        return node.variable
    return Output(node, index, *node.outputs[index]) if node.outputs else node


def start(tensors, gradients):
    """Checks what a backward pass starts from and pairs it up."""
    if gradients is None:
        gradients = (None,) * len(tensors)
    elif isinstance(gradients, Tensor):
        gradients = (gradients,)
    else:
        gradients = tuple(gradients)
    if len(gradients) != len(tensors):
        raise RuntimeError(
            f"got {len(tensors)} tensors and {len(gradients)} gradients"
        )
    roots = []
    for i, (t, g) in enumerate(zip(tensors, gradients)):
        gradient = check_start(i, t, g)  # which comes first: its errors are the better ones
        roots.append((target_of(t), gradient))
    return roots
