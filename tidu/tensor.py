"""Tensor: an ndarray with a place in the graph. Its operations are installed from `tidu/ops`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import dtypes
from .autograd.grad_mode import mode
from .autograd.inference import INFERENCE
from .autograd.node import LEAF, Counter, Output, Saveable, shown
from .device import CPU
from .size import Size

new = object.__new__
_new_tuple = tuple.__new__  # NumPy's sizes are ints: Size need not look at them

_ONLY_FLOATS = "Only Tensors of floating point and complex dtype can require gradients"


class View:
    """How a view was made: `steps` are (operation, arguments, index of the result) from `base` on.

    `history` is the counter's when the view last looked up its node; `recorded` is whether
    operations were being recorded when it was made.
    """

    __slots__ = ("base", "steps", "history", "recorded")

    def __init__(self, base, steps, history, recorded):
        self.base, self.steps, self.history, self.recorded = base, steps, history, recorded


if TYPE_CHECKING:

    class TensorMeta(type):
        """What type checkers have to know: operations install methods and properties."""

        def __getattr__(cls, name: str) -> Any: ...
        def __setattr__(cls, name: str, value: Any) -> None: ...

else:
    TensorMeta = type


class Tensor(Saveable, metaclass=TensorMeta):
    """A multi-dimensional array of one dtype that can record what is done with it.

    Made by `tidu.tensor`, `tidu.zeros`, ...; `Tensor(2, 3)` and `Tensor([1.0])` are PyTorch's older
    forms (uninitialised memory of that shape, values as float32).

    >>> import tidu
    >>> x = tidu.tensor([[1, 2], [3, 4]])
    >>> x.shape, x.dtype
    (tidu.Size([2, 2]), tidu.int64)
    >>> x[0] + x[1]
    tensor([4, 6])
    """

    # `_array`: the memory. `_node`: None if no gradient is needed, LEAF for a leaf that needs one,
    # else the Node that made it. `_view`: a View, if this is one that autograd follows. `_counter`:
    # the version of the memory, None while nobody has written to it. Every tensor has these four;
    # what few tensors have gets its usual value here, in the class.
    __slots__ = ("_array", "_node", "_view", "_counter", "__dict__", "__weakref__")

    if TYPE_CHECKING:  # operations install these

        _node: Any
        _view: Any
        __getitem__: Any
        __setitem__: Any
        __invert__: Any
        __neg__: Any
        __add__: Any
        __radd__: Any
        __sub__: Any
        __rsub__: Any
        __mul__: Any
        __rmul__: Any
        __truediv__: Any
        __rtruediv__: Any
        __matmul__: Any
        __pow__: Any
        __eq__: Any
        __ne__: Any
        __lt__: Any
        __le__: Any
        __gt__: Any
        __ge__: Any
        __bool__: Any
        __float__: Any
        __int__: Any

        def __getattr__(self, name: str) -> Any: ...

    _grad = None
    _hooks = None  # of a leaf: {id: hook}; a result's hooks are on its node
    _post_hooks = None  # called with the leaf after its `.grad` grew
    _before_hooks = _after_hooks = None  # of a leaf's AccumulateGrad
    _accumulator = None  # a weak reference to that
    _retains = 0  # the id under which retain_grad's hook is kept

    __array_priority__ = 1000  # ndarray * tensor is the tensor's business

    def __new__(cls, *args, device=None):
        from .ops.from_data import legacy_tensor

        return legacy_tensor(cls, dtypes.get_default_dtype(), args, device)

    @staticmethod
    def _wrap(array):
        """A tensor around an ndarray, unchecked and sharing its memory."""
        tensor = new(Tensor)
        tensor._array = array if type(array) is np.ndarray else np.asarray(array)
        tensor._node = tensor._view = tensor._counter = None
        return tensor

    # State

    @property
    def shape(self):
        """The sizes of the dimensions."""
        return _new_tuple(Size, self._array.shape)

    @property
    def dtype(self):
        """The type of the elements."""
        return dtypes.of(self._array)

    @property
    def device(self):
        """Where the memory is."""
        return CPU

    @property
    def ndim(self):
        """The number of dimensions."""
        return self._array.ndim

    @property
    def requires_grad(self):
        """Whether operations on this tensor are recorded; assignable on leaves."""
        if self._view is not None:
            self._refresh()
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, value):
        if type(value) is not bool:
            raise RuntimeError("requires_grad must be a bool")
        if self._view is not None and not self._view.recorded and self.is_leaf:
            self._view = self._node = None  # a leaf of its own from here on
        if self.requires_grad == value and self.is_leaf:
            return
        if not self.is_leaf:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables."
                + (" If you want to use a computed variable in a subgraph that doesn't require "
                   "differentiation use var_no_grad = var.detach()." if not value else "")
            )  # fmt: skip
        if value and self._array.dtype.kind not in "fc":
            from .errors import only_floats

            raise only_floats("o" + _ONLY_FLOATS[1:], self.dtype)
        if value and self.is_inference() and not mode.inference:
            raise RuntimeError(
                "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."
            )
        self._node = LEAF if value else None

    def requires_grad_(self, requires_grad=True):
        """Sets `requires_grad` and returns the tensor.

        >>> import tidu
        >>> tidu.ones(2).requires_grad_()
        tensor([1., 1.], requires_grad=True)
        """
        if type(requires_grad) is not bool:
            raise TypeError(
                "requires_grad_(): argument 'requires_grad' (position 1) must be bool, not "
                f"{type(requires_grad).__name__}"
            )
        if requires_grad and self._array.dtype.kind not in "fc":
            from .errors import only_floats

            raise only_floats(
                "only Tensors of floating point dtype can require gradients", self.dtype
            )
        if not requires_grad or self.is_leaf:
            self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self):
        """Whether no recorded operation made this tensor."""
        if self._view is not None:
            self._refresh()
        return self._node is None or self._node is LEAF

    @property
    def grad_fn(self):
        """The node of the operation that made this tensor; None for leaves."""
        if self._view is not None:
            self._refresh()
        node = self._node
        if node is None or node is LEAF:
            return None
        return shown(node.node if type(node) is Output else node)

    @property
    def output_nr(self):
        """Which of its node's results this tensor is."""
        return self._node.index if type(self._node) is Output else 0

    @property
    def grad(self):
        """The gradient that `backward` left here; None before."""
        if self._grad is None and not self._retains and not self.is_leaf:
            import warnings

            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its "
                ".grad attribute won't be populated during autograd.backward(). If you indeed want "
                "the .grad field to be populated for a non-leaf Tensor, use .retain_grad() on the "
                "non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access "
                "the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more "
                "information.",
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, value):
        if value is not None:
            from .errors import check_grad

            check_grad(self, value)
        self._grad = value

    @grad.deleter
    def grad(self):
        self._grad = None

    @property
    def data(self):
        """The same memory, outside the graph and outside version counting."""
        out = Tensor._wrap(self._array)
        if self._counter is INFERENCE:
            out._counter = INFERENCE
        return out

    @data.setter
    def data(self, value):
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        if self._node is not None and value._array.dtype.kind not in "fc":
            raise RuntimeError(
                "data set to a tensor that requires gradients must be floating point or complex dtype"
            )
        self._array = value._array

    def detach(self):
        """The same memory, outside the graph; writes to it still count as writes to this tensor.

        >>> import tidu
        >>> x = tidu.ones(2, requires_grad=True)
        >>> (x * 2).detach()
        tensor([2., 2.])
        """
        out = Tensor._wrap(self._array)
        if self._counter is None:
            self._counter = Counter()
        out._counter = self._counter
        return out

    def detach_(self):
        """Takes this tensor out of the graph that made it.

        >>> import tidu
        >>> y = tidu.ones(2, requires_grad=True) * 3
        >>> y.detach_()
        tensor([3., 3.])
        """
        if self._view is not None:
            raise RuntimeError(
                "Can't detach views in-place. Use detach() instead. If you are using "
                "DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as "
                "True, gradients are views of DDP buckets, and hence detach_() cannot be called on "
                "these gradients. To fix this error, please refer to the Optimizer.zero_grad() "
                "function in torch/optim/optimizer.py as the solution."
            )
        self._node = None
        return self

    @property
    def _version(self):
        if self._counter is INFERENCE:
            raise RuntimeError("Inference tensors do not track version counter.")
        return 0 if self._counter is None else self._counter.version

    def _bump(self, operation):
        """Notes that the memory was written to."""
        if self._counter is None:
            self._counter = Counter()
        self._counter.bump(operation)

    @property
    def _base(self):
        return None if self._view is None else self._view.base

    def _is_view(self):
        return self._view is not None

    def is_inference(self):
        """Whether this tensor was made inside `inference_mode`.

        >>> import tidu
        >>> with tidu.inference_mode():
        ...     x = tidu.ones(2)
        >>> x.is_inference()
        True
        """
        return self._counter is INFERENCE

    def _unpack(self, node):
        return self

    def _refresh(self):
        """Looks up a view's place in the graph again, if its base was written to since."""
        if self._view.history == self._counter.history:
            return
        from .autograd.inplace import refresh

        refresh(self)

    # Autograd (`backward` is installed by the engine)

    def retain_grad(self):
        """Keeps the gradient of this tensor in `.grad` though it is no leaf.

        >>> import tidu
        >>> x = tidu.tensor(3.0, requires_grad=True)
        >>> y = x * 2
        >>> y.retain_grad()
        >>> (y * y).backward()
        >>> y.grad
        tensor(12.)
        """
        from .autograd.hooks import retain_grad

        retain_grad(self)

    @property
    def retains_grad(self):
        """Whether `retain_grad` was called on this (non-leaf) tensor."""
        return self._retains != 0

    def register_hook(self, hook):
        """Calls `hook(grad)` when this tensor's gradient is known; it may return another one.

        >>> import tidu
        >>> x = tidu.tensor(3.0, requires_grad=True)
        >>> handle = x.register_hook(lambda grad: grad * 10)
        >>> (x * 2).backward()
        >>> x.grad
        tensor(20.)
        >>> handle.remove()
        """
        from .autograd.hooks import register

        return register(self, hook)

    def register_post_accumulate_grad_hook(self, hook):
        """Calls `hook(tensor)` after a gradient was added to this leaf's `.grad`.

        >>> import tidu
        >>> x = tidu.tensor(3.0, requires_grad=True)
        >>> handle = x.register_post_accumulate_grad_hook(lambda t: print(t.grad))
        >>> (x * 2).backward()
        tensor(2.)
        """
        from .autograd.hooks import register_post

        return register_post(self, hook)

    # Python's own protocols

    __hash__ = object.__hash__

    def __repr__(self, *, tensor_contents=None):
        from .printing import format_tensor

        return format_tensor(self, tensor_contents=tensor_contents)

    def __format__(self, spec):
        from .printing import format_item

        return format_item(self, spec, plain=type(self) is Tensor)

    def __len__(self):
        if self._array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __iter__(self):
        if self._array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __contains__(self, element):
        if isinstance(element, (Tensor, int, float, complex)):
            return bool((self == element).any())
        raise RuntimeError(
            f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
        )
