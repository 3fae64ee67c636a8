"""What a node shows of its saved values: `grad_fn._saved_self`, `grad_fn._saved_result`...

The attributes are made for a node's class when somebody first holds such a node in hand, since
programs that never look should not pay for them.
"""

from __future__ import annotations

from ..errors import freed
from .hooks import Packed
from .node import Saveable


def show(cls):
    """Gives a class of nodes its `_saved_...` attributes."""
    cls.shown = True
    op = cls.op
    if op is None:
        return
    names = {
        p: "self" if public == "input" else public for p, public in zip(op.params, op.public_params)
    }
    if len(op.outputs) == 1:
        names[op.outputs[0]] = "result"
    else:
        names.update({name: name for name in op.outputs})
    names.update({f"{p}_shape": f"{names[p]}_sym_sizes" for p in op.params})
    used = {name for rule in op.rules.values() for name in rule.__code__.co_varnames}
    for own, public in names.items():
        if own not in used:
            continue
        setattr(cls, f"_saved_{public}", property(_reader(own, _value)))
        setattr(cls, f"_raw_saved_{public}", property(_reader(own, SavedTensor)))


def _reader(name, read):
    def get(node):
        names = node.plan.saved_names
        if name not in names:
            raise AttributeError(f"{node.name()} does not save {name!r}")
        return read(node, names.index(name))

    return get


def _value(node, i):
    return node.unpack(False)[i]


class SavedTensor:
    """A saved value as hooks can get at it."""

    def __init__(self, node, index):
        self._node, self._index = node, index

    def register_hooks(self, pack_hook, unpack_hook):
        """Packs the value now, and unpacks it whenever backward needs it."""
        node, i = self._node, self._index
        if node.saved is None:
            raise RuntimeError(
                "Calling register_hooks on a saved tensor after it has been freed. "
                + str(freed(node)).partition("). ")[2]
            )
        node.unpack(False)  # an error if it is overwritten
        value = node.saved[i]
        if not isinstance(value, Saveable):
            raise RuntimeError("hooks are for saved tensors: this value is none")
        if isinstance(value, Packed):
            raise RuntimeError("Calling register_hooks on a saved tensor with value already packed")
        packed = Packed(value, node, pack_hook, unpack_hook)
        node.saved = (*node.saved[:i], packed, *node.saved[i + 1 :])


def call(node, gradients):
    """`grad_fn(gradient)`: the gradients of the node's inputs, None for those that need none."""
    from .hooks import align
    from .public import operations

    gradients = tuple(gradients) if node.outputs else gradients[0]
    found = node.apply(gradients, operations, False)
    results = align(node, found)
    return results[0] if len(results) == 1 else results
