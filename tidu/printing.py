"""What a tensor looks like when it is printed.

The numbers are laid out in three steps, each on plain NumPy arrays and strings:

1. `_shown` takes the part of the array that is printed. Of a tensor of more than `threshold`
   elements these are the first and last `edgeitems` along every dimension, so a big tensor costs
   no more than a small one.
2. `_cells` turns that part into one text per element, all of one width. Which notation fits
   (integers, fixed point or scientific) is decided once for the tensor, from its finite
   elements other than zero.
3. `_Layout` puts the texts into brackets and breaks the lines.

`format_tensor` then appends what cannot be seen from the numbers: the device, the dtype where it
is not the one to expect, and the place in the graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import compress, islice
from typing import Any

import numpy as np

from tidu import dtypes

__all__ = ["get_printoptions", "printoptions", "set_printoptions"]


class PrintOptions:
    """How tensors are printed now; `set_printoptions` says what each option means."""

    def __init__(self) -> None:
        self.precision = 4
        self.threshold: float = 1000
        self.edgeitems = 3
        self.linewidth = 80
        self.sci_mode: bool | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


PRINT_OPTS = PrintOptions()

_PROFILES: dict[str | None, dict[str, float]] = {
    None: {},
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": float("inf"), "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Choose how tensors are printed from now on.

    precision: digits after the point (4). threshold: a tensor with more elements than this is
    shortened (1000). edgeitems: how many elements a shortened tensor shows at both ends of each
    dimension (3). linewidth: columns after which a line is broken (80). profile: "default",
    "short" or "full" sets those four at once; the others given override it. sci_mode: scientific
    notation always (True), never (False), or where it reads better (None). Arguments left out
    keep what they were, except sci_mode, which goes back to None.

    >>> import tidu
    >>> tidu.set_printoptions(precision=2)
    >>> tidu.tensor([1.2345, 100.0])
    tensor([  1.23, 100.00])
    >>> tidu.set_printoptions(profile="default")
    """
    options = dict(_PROFILES.get(profile, {}))
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    options.update((name, value) for name, value in given.items() if value is not None)
    vars(PRINT_OPTS).update(options, sci_mode=sci_mode)


def get_printoptions() -> dict[str, Any]:
    """Return the present options, in the form in which `set_printoptions(**options)` takes them.

    >>> import tidu
    >>> tidu.get_printoptions()["precision"]
    4
    """
    return dict(vars(PRINT_OPTS))


@contextmanager
def printoptions(**options) -> Iterator[None]:
    """Set print options for the length of a `with` block; the arguments of `set_printoptions`.

    >>> import tidu
    >>> from tidu.printing import printoptions
    >>> with printoptions(edgeitems=1, threshold=4):
    ...     print(tidu.arange(10))
    tensor([0,  ..., 9])
    """
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


def format_tensor(tensor, plain: bool | None = None, tensor_contents: str | None = None) -> str:
    """Return the text of `repr(tensor)`.

    plain: whether it reads `tensor(...)`; otherwise the name of its class stands there. Left
    out, it is so for objects of class Tensor itself, not of a subclass. tensor_contents: a text
    to print in place of the numbers.
    """
    if plain is None:
        from tidu.tensor import Tensor

        plain = type(tensor) is Tensor
    array = tensor._array
    opening = "tensor(" if plain else f"{type(tensor).__name__}("
    on_host = tensor.device.type == "cpu"
    suffixes = [] if on_host else [f"device='{tensor.device}'"]
    if tensor_contents is not None:
        text = tensor_contents
    elif array.size == 0:
        text = "[]"
    else:
        shown: Any = _shown(array)
        text = _Layout(array.shape, shown if on_host else shown.get()).text(len(opening))
    if (array.ndim != 1) if array.size == 0 else not PRINT_OPTS.edgeitems:
        # The text does not tell the shape.
        suffixes.append(f"size={tuple(array.shape)}")
    if not _dtype_is_expected(tensor.dtype, empty=array.size == 0):
        suffixes.append(f"dtype={tensor.dtype}")
    suffixes.extend(_graph_suffix(tensor))
    return _with_suffixes(opening + text, suffixes, len(opening))


def format_parameter(parameter, plain: bool) -> str:
    """Return the text of `repr` of an `nn.Parameter`; plain: it is of no class derived from it."""
    text = format_tensor(parameter, plain)
    return "Parameter containing:\n" + (text if plain else f"Parameter({text})")


def format_item(tensor, spec: str, plain: bool) -> str:
    """Return the text of `format(tensor, spec)`: a plain tensor with no dimension formats as its
    number, so that `f"{loss:.3f}"` works; every other tensor takes no spec, as any object.
    """
    if plain and tensor._array.ndim == 0:
        return format(tensor._array.item(), spec)
    return object.__format__(tensor, spec)


def _shown(array: np.ndarray) -> np.ndarray:
    """The elements that are printed: all, or those near both ends of every dimension."""
    edge = PRINT_OPTS.edgeitems
    if array.size <= PRINT_OPTS.threshold or array.ndim == 0:
        return array
    ends = [
        range(length) if length <= 2 * edge else [*range(edge), *range(length - edge, length)]
        for length in array.shape
    ]
    return array[np.ix_(*ends)]


def _cells(array: np.ndarray) -> tuple[list[str], int]:
    """One text per element, and the room to reserve for each on a line."""
    if array.dtype.kind == "c":
        real, real_width = _numbers(array.real)
        imag, imag_width = _numbers(array.imag)
        cells = [
            f"{re:>{real_width}}{'' if im[0] in '+-' else '+'}{im}j" for re, im in zip(real, imag)
        ]
        return cells, real_width + imag_width + 1
    texts, width = _numbers(array)
    return [text.rjust(width) for text in texts], width


def _numbers(array: np.ndarray) -> tuple[list[str], int]:
    """The real numbers of an array as texts, in one notation, and the width of the widest.

    Zeros, infinities and nan have no say in the notation or the width, and may stick out.
    """
    if array.dtype.kind in "biu":
        texts = [str(value) for value in array.ravel().tolist()]
        return texts, max(map(len, texts), default=1)
    values = array.ravel().astype(np.float64)
    finite = np.isfinite(values)
    counted = finite & (values != 0)
    sizes = np.abs(values[counted])
    scientific: bool | None = False
    whole = True
    if sizes.size:
        low, high = float(sizes.min()), float(sizes.max())
        whole = bool((sizes == np.floor(sizes)).all())
        scientific = PRINT_OPTS.sci_mode
        if scientific is None:
            scientific = high / low > 1000.0 or high > 1.0e8 or low < 1.0e-4
    if scientific:
        notation = f".{PRINT_OPTS.precision}e"
    else:
        notation = ".0f" if whole else f".{PRINT_OPTS.precision}f"
    texts = [format(value, notation) for value in values.tolist()]
    if whole and not scientific:
        # The point tells these from integers; the letters of nan and inf do so already.
        texts = [text + "." if ok else text for text, ok in zip(texts, finite.tolist())]
    return texts, max(map(len, compress(texts, counted.tolist())), default=1)


class _Layout:
    """The elements of a tensor of shape `full`, of which the array `shown` is printed."""

    def __init__(self, full: tuple[int, ...], shown: np.ndarray) -> None:
        self.shape = shown.shape
        self.shortened = [length != kept for length, kept in zip(full, shown.shape)]
        self.cells, self.width = _cells(shown)

    def text(self, indent: int) -> str:
        """All of it, for a place that begins `indent` columns into the line."""
        if not self.shape:
            return self.cells[0]
        return self._block(iter(self.cells), 0, indent)

    def _block(self, cells: Iterator[str], dim: int, indent: int) -> str:
        """The next block along dimension `dim` in brackets, and the blocks inside it."""
        edge = PRINT_OPTS.edgeitems
        inner_dims = len(self.shape) - dim - 1
        if inner_dims == 0:
            items = list(islice(cells, self.shape[dim]))
            ellipsis = " ..." if edge else "..."
        else:
            items = [self._block(cells, dim + 1, indent + 1) for _ in range(self.shape[dim])]
            ellipsis = "..."
        if self.shortened[dim]:
            items.insert(edge, ellipsis)
        margin = " " * (indent + 1)
        if inner_dims:
            return "[" + ("," + "\n" * inner_dims + margin).join(items) + "]"
        per_line = max(1, (PRINT_OPTS.linewidth - indent) // (self.width + len(", ")))
        lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
        return "[" + (",\n" + margin).join(lines) + "]"


def _dtype_is_expected(dtype, empty: bool) -> bool:
    """Whether the reader knows the dtype from the numbers, so that it need not be printed."""
    default = dtypes.get_default_dtype()
    if empty:
        return dtype is default
    complex_default = dtypes.complex128 if default is dtypes.float64 else dtypes.complex64
    return dtype in (default, complex_default, dtypes.int64, dtypes.bool)


def _graph_suffix(tensor) -> list[str]:
    """The tensor's place in the graph: the operation it came from, or that it is a leaf."""
    try:
        grad_fn = tensor.grad_fn
    except RuntimeError:
        # A view that was overwritten where its history could not follow has no valid grad_fn.
        # That must not keep anybody from looking at its numbers.
        return ["grad_fn=<Invalid>"]
    if grad_fn is not None:
        return [f"grad_fn=<{type(grad_fn).__name__}>"]
    return ["requires_grad=True"] if tensor.requires_grad else []


def _with_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    """Append the suffixes, each on a new line where it no longer fits, and the parenthesis."""
    parts = [text]
    # PyTorch counts two columns too many here; so do we, since it decides where lines break.
    column = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if column + len(suffix) + 2 > PRINT_OPTS.linewidth:
            parts.append(",\n" + " " * indent + suffix)
            column = indent + len(suffix)
        else:
            parts.append(", " + suffix)
            column += len(suffix) + 2
    return "".join(parts) + ")"
