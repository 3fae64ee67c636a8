"""Errors: PyTorch's type and text, and notes on what tidu knows beyond it.

`str(error)` is PyTorch's own. What follows it in a traceback are notes (PEP 678): the user's own
line where a value was made, saved or overwritten, the likely cause, the cure. They are made when
something fails; until then a node keeps just a code object and an instruction offset.
"""

from __future__ import annotations

import math

import numpy as np

from . import dtypes, naming
from .autograd.grad_mode import mode
from .size import Size
from .tensor import Tensor


def where(code, lasti):
    """`file:line, in function: source` of an instruction."""
    if code is None:
        return None
    import linecache

    line = next((p[0] for i, p in enumerate(code.co_positions()) if 2 * i == lasti), None)
    line = line or code.co_firstlineno
    source = linecache.getline(code.co_filename, line).strip()
    place = f'File "{code.co_filename}", line {line}, in {code.co_name}'
    return f"{place}\n    {source}" if source else place


def noted(error, note):
    """The error, with a note."""
    error.add_note(note)
    return error


def place_of(holder):
    """Where a node or a counter says that something happened, or words that it is not known."""
    return where(holder.code, holder.lasti) or "(no line of a Python file)"


# Calls


def type_name(value):
    """How PyTorch's argument errors name a type."""

    if isinstance(value, Tensor):
        return "Tensor" if type(value) is Tensor else type(value).__name__
    if isinstance(value, (tuple, list)) and value:
        kinds = [type_name(v) for v in value]
        inner = f"of ({', '.join(kinds)})" if isinstance(value, tuple) else f"of [{', '.join(kinds)}]"
        return f"{type(value).__name__} {inner}"
    return type(value).__name__


def class_name(value):
    """What PyTorch calls a value's class: with its module, if that is written in C."""
    cls = type(value)
    made_in_python = cls.__flags__ & 1 << 9  # Py_TPFLAGS_HEAPTYPE
    if made_in_python or cls.__module__ == "builtins":
        return cls.__name__
    return f"{cls.__module__}.{cls.__name__}"


def wrong_argument(op, position, value, wanted="Tensor"):
    name = op.public_params[position]
    return TypeError(
        f"{op.name}(): argument '{name}' (position {position + 1}) must be {wanted}, "
        f"not {class_name(value)}"
    )


def foreign(op, args):
    """The error for an operand that is neither a tensor nor a number."""
    if op.forms:
        return invalid_combination(op, args)
    for i, value in enumerate(args):
        if not isinstance(value, (Tensor, int, float, complex)):
            return wrong_argument(op, i, value)
    return wrong_argument(op, 0, args[0])


def invalid_combination(op, args, name=None):
    """PyTorch's error where some of its overloads take a number in place of a tensor.

    `op.forms` says which: "first" needs a tensor as `input`, "one" anywhere. PyTorch explains the
    mismatch for an overload that takes exactly as many arguments as there are.
    """
    first, second = op.public_params[:2]
    last = ", Number alpha = 1" if op.name == "rsub" else ", *, Tensor out = None"
    forms = [f"(Tensor {first}, Tensor {second}{last.replace(', N', ', *, N')})"]
    if op.forms == "one":
        without_out = op.name in ("remainder",) or op.name.startswith("bitwise")
        number = "self" if first == "input" else first
        forms.append(f"(Number {number}, Tensor {second}{'' if without_out else last})")
        if without_out:
            kinds = [type_name(a) for a in args]
            marked = ", ".join(k if k == "Tensor" else f"!{k}!" for k in kinds)
            forms[-1] += (
                "\n      didn't match because some of the arguments have invalid types: "
                f"({marked})"
            )
    forms.append(f"(Tensor {first}, Number {second}{last})")
    given = ", ".join("Tensor" if isinstance(a, Tensor) else type_name(a) for a in args)
    return TypeError(
        f"{name or op.name}() received an invalid combination of arguments - got ({given}), but "
        "expected one of:\n" + "".join(f" * {form}\n" for form in forms)
    )


def bad_element(op, position, index, value):
    name = op.public_params[position]
    return TypeError(
        f"expected Tensor as element {index} in argument {position}, but got {class_name(value)}"
        if name in ("tensors", "x")
        else f"{op.name}(): argument '{name}' (position {position + 1}) must be tuple of Tensors"
    )


def missing_argument(op, args):
    names = [p for p in op.params[len(args) :] if p not in op.defaults]
    public = [op.public_params[op.params.index(p)] for p in names]
    listed = ", ".join(f'"{p}"' for p in public)
    return TypeError(f"{op.name}() missing {len(public)} required positional arguments: {listed}")


def translate(op, error, args):
    """PyTorch's error for what a kernel raised; errors that are PyTorch's already stay."""
    if isinstance(error, TypeError) and op.promote and op.check is not None:
        # NumPy has no such function for this dtype; float32 and float64 are not checked before.
        arrays = [getattr(a, "_array", a) for a in (args[i] for i in op.promoted) if a is not None]
        try:
            op.check(*arrays)
        except Exception as refusal:
            return refusal
    if isinstance(error, ValueError):
        text = str(error)
        if "broadcast" in text:
            better = broadcast_error([a for a in args if hasattr(a, "_array")])
            if better is not None:
                return better
    return error


def broadcast_error(tensors):
    shapes = [t._array.shape for t in tensors]
    for a in range(len(shapes)):
        for b in range(a + 1, len(shapes)):
            ndim = max(len(shapes[a]), len(shapes[b]))
            for i in range(-1, -ndim - 1, -1):
                n = shapes[a][i] if -i <= len(shapes[a]) else 1
                m = shapes[b][i] if -i <= len(shapes[b]) else 1
                if n != m and n != 1 and m != 1:
                    error = RuntimeError(
                        f"The size of tensor a ({n}) must match the size of tensor b ({m}) at "
                        f"non-singleton dimension {ndim + i}"
                    )
                    error.add_note(f"The shapes are {list(shapes[a])} and {list(shapes[b])}.")
                    return error
    return None


# Autograd


def _placed(error):
    """Marks an error whose notes say already where its node was recorded."""
    error._tidu_noted = True
    return error


def freed(node):
    error = RuntimeError(
        "Trying to backward through the graph a second time (or directly access saved tensors "
        "after "
        "they have already been freed). Saved intermediate values of the graph are freed when you "
        "call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward "
        "through the graph a second time or if you need to access saved tensors after calling "
        "backward."
    )
    error.add_note(
        f"An earlier backward pass freed what {node.name()} had saved here:\n  {place_of(node)}\n"
        "In a loop: compute that anew in each round, or detach() what is carried over from the "
        "round before. For two losses that share it: one backward(), of their sum."
    )
    return _placed(error)


def overwritten(node, value, counter, expected):
    """The error for a saved value that was written to; `node` saved it at version `expected`."""
    if isinstance(value, Tensor):
        array, index = value._array, value.output_nr
        made = value._node if value._node is None else value.grad_fn
    else:
        array, made, index = value._array, node, max(value.index or 0, 0)
    made_by = "" if made is None else f", which is output {index} of {made.short_name()},"
    if mode.anomaly:
        hint = (
            "the backtrace further above shows the operation that failed to compute its gradient. "
            "The variable in question was changed in there or anywhere later. Good luck!"
        )
    else:
        hint = (
            "enable anomaly detection to find the operation that failed to compute its gradient, "
            "with torch.autograd.set_detect_anomaly(True, check_nan=False)."
        )
    error = RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: [torch.{dtypes.of(array).title}Tensor {list(array.shape)}]{made_by} is at "
        f"version {counter.version}; expected version {expected} instead. Hint: {hint}"
    )
    if isinstance(value, Tensor) and value.is_leaf:
        cure = "Call backward() before that, or compute the loss anew after it."
    else:
        cure = (
            "There, make a new tensor (x = x + 1 for x += 1, relu for relu_, a layer without "
            "inplace=True), or write to a clone()."
        )
    error.add_note(
        f"{node.name()} needs the value that it saved here:\n  {place_of(node)}\n"
        f"{counter.operation} overwrote it here:\n  {place_of(counter)}\n{cure}"
    )
    return _placed(error)


def bad_gradient_shape(source, gradient, shape):
    name = source.name() if source is not None else "backward"
    return RuntimeError(
        f"Function {name} returned an invalid gradient at index 0 - got {list(gradient.shape)} but "
        f"expected shape compatible with {list(shape)}"
    )


def note_backward(error, node):
    """Adds to an exception from a backward pass where the failing node was recorded."""
    if getattr(error, "_tidu_noted", False):
        return
    try:
        error._tidu_noted = True
    except AttributeError:
        return
    error.add_note(f"In the backward of {node.name()}, which was recorded at\n  {place_of(node)}")


def check_start(i, tensor, gradient):
    """The gradient that a backward pass starts with at `tensor` (or at a `GradientEdge`)."""
    value, requires_grad = _start(tensor)
    shape, kind = value.shape, value.dtype.kind
    if gradient is None:
        if not requires_grad:
            raise no_graph(i, tensor)
        if math.prod(shape) != 1:
            error = RuntimeError("grad can be implicitly created only for scalar outputs")
            error.add_note(
                f"The tensor has shape {list(shape)}. Reduce it to one number first, with "
                ".sum() or .mean(), or pass gradient=, a tensor of that shape."
            )
            raise error
        if kind != "f":
            raise RuntimeError(
                "grad can be implicitly created only for real scalar outputs but got "
                f"{dtypes.of(value.dtype)}"
            )
        one = np.empty(shape, value.dtype)
        one.fill(1)
        return Tensor._wrap(one)
    if not isinstance(gradient, Tensor):
        raise noted(
            TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}"),
            f"Pass a tensor of shape {list(shape)}, the shape of what you start from.",
        )
    if gradient._array.shape != shape:
        error = RuntimeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {gradient.shape} and output[{i}] "
            f"has a shape of {Size(shape)}."
        )
        error.add_note(
            "The gradient to start from has one number for each element of what you start from."
        )
        raise error
    if (gradient._array.dtype.kind == "c") != (kind == "c"):
        raise RuntimeError(
            f"For complex Tensors, both grad_output and output are required to have the same dtype."
            f" Mismatch in dtype: grad_output[{i}] has a dtype of {gradient.dtype} and output[{i}]"
            f" has a dtype of {dtypes.of(value.dtype)}."
        )
    if not requires_grad:
        raise no_graph(i, tensor)
    return gradient


def _start(tensor):
    """What has the shape and dtype of the place to start from, and whether it is in a graph."""
    if isinstance(tensor, Tensor):
        return tensor._array, tensor.requires_grad
    if not hasattr(tensor, "output_nr"):
        raise AssertionError(f"Expected output to be a {naming.prefix}.Tensor")
    from .autograd.engine import target_of

    target = target_of(tensor)
    return getattr(target, "_array", target), True


def stale_grad(leaf):
    """The error for a new gradient that cannot be added to the one that a leaf holds."""
    error = broadcast_error([leaf._grad, leaf])
    if error is not None:
        error.add_note(
            "The tensor got other data of another shape while it held a gradient in .grad: clear "
            "that first, with .grad = None or zero_grad()."
        )
    return error


def unused(i, tensor):
    """The error for an input of `grad` that the outputs do not depend on."""
    error = RuntimeError(
        f"The differentiated Tensor at index {i} appears to not have been used in the graph. Set "
        "allow_unused=True if this is the desired behavior."
    )
    error.add_note(
        "The outputs were not computed from this very tensor. A copy, a detach(), a view made "
        "afterwards is another one, and so is what x is after x = x + 1."
    )
    return error


def no_graph(i, tensor):
    error = RuntimeError(
        f"element {i} of tensors does not require grad and does not have a grad_fn"
    )
    off = "" if mode.enabled else "Recording is switched off here, as by no_grad(). "
    error.add_note(
        f"{off}Either nothing that it was computed from requires a gradient (set requires_grad=True "
        "before computing), or the graph was cut on the way: by no_grad(), detach(), .data, .item(), "
        "NumPy, or by an operation without a gradient, as argmax and comparisons."
    )
    return error


def only_floats(text, dtype):
    """The error, with PyTorch's `text`, for an integer tensor that is to require gradients."""
    return noted(
        RuntimeError(text),
        f"The dtype is {dtype}: write 1.0 in place of 1, pass a dtype=, or convert with .float().",
    )


def leaf_written(text):
    """The error, with PyTorch's `text`, for writing to a leaf while operations are recorded."""
    return noted(
        RuntimeError(text),
        "To update a parameter, write to it inside `with no_grad():`. To go on computing, make a "
        "new tensor (y = x + 1, or y = x.clone() and write to y).",
    )


def check_grad(tensor, value):
    """PyTorch's conditions for `tensor.grad = value`."""

    if not isinstance(value, Tensor):
        raise TypeError(
            "assigned grad expected to be a Tensor or None but got grad of type "
            f"{type(value).__name__}"
        )
    if value is tensor:
        raise RuntimeError("can't assign Variable as its own grad")
    if value.dtype is not tensor.dtype:
        raise RuntimeError(
            f"attempting to assign a gradient with dtype '{value.dtype.title.lower()}' to a tensor "
            f"with grad_dtype '{tensor.dtype.title}'. The gradient must match the tensor's "
            "grad_dtype "
            "(defaults to the tensor's dtype). You can set the tensor's grad_dtype attribute with "
            "a "
            "specific dtype, or None to allow any dtype. Set grad_dtype with caution. Diverging "
            "the "
            "dtypes of a tensor and its gradient may break downstream systems that assume they "
            "match."
        )
    if value._array.shape != tensor._array.shape:
        raise RuntimeError(
            f"attempting to assign a gradient of size '{list(value.shape)}' to a tensor of size "
            f"'{list(tensor.shape)}'. Please ensure that the gradient and the tensor are the same "
            "size"
        )
