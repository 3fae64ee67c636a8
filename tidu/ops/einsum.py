"""Einstein's summation convention."""

from __future__ import annotations

from ..autograd.public import composite
from ..tensor import Tensor

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@composite(out=False)
def einsum(equation, *operands):
    """Sums of products of elements, as the equation's letters say: "ij,jk->ik" is a matrix product.

    Each operand's dimensions have letters; letters that the result lacks are summed over. "..."
    stands for dimensions that broadcast. Without "->" the result has the letters that occur once,
    in alphabetical order. Operands are contracted from left to right.

    >>> import tidu
    >>> tidu.einsum("i,j->ij", tidu.tensor([1, 2]), tidu.tensor([3, 4]))
    tensor([[3, 4],
            [6, 8]])
    """
    if not isinstance(equation, str):
        equation, operands = _from_lists([equation, *operands])
    elif len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = tuple(operands[0])
    if not operands:
        raise RuntimeError("einsum(): must provide at least one operand")
    inputs, result = _parse(equation, operands)
    _check_sizes(inputs, operands)
    terms = [_diagonals(x, labels) for x, labels in zip(operands, inputs)]
    x, labels = terms[0]
    for i, (y, more) in enumerate(terms[1:], 2):
        kept = {*result, *(label for _, later in terms[i:] for label in later)}
        x, labels = _contract(x, labels, y, more, kept)
    dropped = [i for i, label in enumerate(labels) if label not in result]
    if dropped:
        x = x.sum(dropped)
        labels = [label for label in labels if label in result]
    return x.permute([labels.index(label) for label in result])


def _from_lists(arguments):
    """einsum(a, [0, 1], b, [1, 2], [0, 2]) as an equation and its operands."""
    terms, operands = [], []
    for i in range(0, len(arguments) - 1, 2):
        operands.append(arguments[i])
        terms.append(_letters(arguments[i + 1]))
    equation = ",".join(terms)
    if len(arguments) % 2:
        equation += "->" + _letters(arguments[-1])
    return equation, tuple(operands)


def _letters(numbers):
    letters = ""
    for n in numbers:
        if n is Ellipsis:
            letters += "..."
        elif not 0 <= n < len(_LETTERS):
            raise RuntimeError("einsum(): expected subscripts to be within the range [0, 52)")
        else:
            letters += _LETTERS[n]
    return letters


def _parse(equation, operands):
    """Labels for each dimension of each operand, and of the result.

    A label is a letter, or for "..." a number that counts dimensions from the right: -1, -2, ...
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        more = "fewer" if len(terms) > len(operands) else "more"
        raise RuntimeError(
            f"einsum(): {more} operands were provided than specified in the equation"
        )
    inputs = [_labels(term, x, i) for i, (term, x) in enumerate(zip(terms, operands))]
    every = [label for labels in inputs for label in labels]
    dots = sorted({label for label in every if not isinstance(label, str)})
    if not arrow:
        once = sorted(
            (c for c in {*every} if isinstance(c, str) and every.count(c) == 1),
            key=_LETTERS.index,
        )
        return inputs, dots + once
    result = []
    for part in _split_dots(right):
        if part == "...":
            result += dots
            continue
        _check_letter(part)
        if part in result:
            raise RuntimeError(
                f"einsum(): output subscript {part} appears more than once in the output"
            )
        if part not in every:
            raise RuntimeError(
                f"einsum(): output subscript {part} does not appear in the equation for any input "
                "operand"
            )
        result.append(part)
    return inputs, result


def _split_dots(term):
    before, dots, after = term.partition("...")
    return [*before, "...", *after] if dots else [*before]


def _check_letter(letter):
    if letter not in _LETTERS:
        if letter == ".":
            raise RuntimeError("einsum(): found '.' for operand that is not part of any ellipsis")
        raise RuntimeError(
            "einsum(): invalid subscript given at index 0 in the equation string, subscripts must "
            "be in [a-zA-Z]"
        )


def _labels(term, x, number):
    parts = _split_dots(term)
    letters = [part for part in parts if part != "..."]
    for letter in letters:
        _check_letter(letter)
    free = x.ndim - len(letters)
    if "..." not in parts:
        if free:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(letters)}) does not "
                f"match the number of dimensions ({x.ndim}) for operand {number} and no ellipsis "
                "was given"
            )
        return letters
    if free < 0:
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({len(letters)}) is more than the "
            f"number of dimensions ({x.ndim}) for operand {number}"
        )
    at = parts.index("...")
    return [*parts[:at], *range(-free, 0), *parts[at + 1 :]]


def _check_sizes(inputs, operands):
    seen: dict = {}
    for number, (labels, x) in enumerate(zip(inputs, operands)):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"einsum(): argument 'operands' (position 2) must be tuple of Tensors, not "
                f"{type(x).__name__}"
            )
        own: dict = {}
        for label, size in zip(labels, x.shape):
            if own.setdefault(label, size) != size:
                raise RuntimeError(
                    f"einsum(): subscript {label} is repeated for operand {number} but the sizes "
                    f"don't match, {size} != {own[label]}"
                )
            before = seen.get(label, 1)
            if size not in (1, before) and before != 1:
                raise RuntimeError(
                    f"einsum(): subscript {label} has size {size} for operand {number} which does "
                    f"not broadcast with previously seen size {before}"
                )
            seen[label] = max(size, before) if size and before else 0 if before != 1 else size


def _diagonals(x, labels):
    """The operand with every label only once: a repeated one takes the diagonal."""
    labels = list(labels)
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            i = labels.index(label)
            j = labels.index(label, i + 1)
            x = x.diagonal(0, i, j)  # goes to the end
            labels = [other for n, other in enumerate(labels) if n not in (i, j)] + [label]
    return x, labels


def _contract(x, x_labels, y, y_labels, kept):
    """The product of two operands, summed over the labels that nothing later needs."""
    x, x_labels = _sum_out(x, x_labels, [*y_labels, *kept])
    y, y_labels = _sum_out(y, y_labels, [*x_labels, *kept])
    for label in [label for label in x_labels if label in y_labels]:  # size 1 beside another size
        n, m = x.shape[x_labels.index(label)], y.shape[y_labels.index(label)]
        if n == m:
            continue
        if n == 1:
            x, x_labels = _drop(x, x_labels, label)
            if label not in kept:
                y, y_labels = _sum_out(y, y_labels, [*(c for c in y_labels if c != label)])
        else:
            y, y_labels = _drop(y, y_labels, label)
            if label not in kept:
                x, x_labels = _sum_out(x, x_labels, [*(c for c in x_labels if c != label)])
    shared = [c for c in x_labels if c in y_labels]
    batch = [c for c in shared if c in kept]
    summed = [c for c in shared if c not in kept]
    rows = [c for c in x_labels if c not in shared]
    columns = [c for c in y_labels if c not in shared]
    sizes = {**dict(zip(y_labels, y.shape)), **dict(zip(x_labels, x.shape))}
    labels = batch + rows + columns
    if not summed:
        left = _arrange(x, x_labels, batch + rows).reshape(
            _sizes(sizes, batch + rows, [1] * len(columns))
        )
        right = _arrange(y, y_labels, batch + columns)
        middle = [sizes[c] for c in batch] + [1] * len(rows) + [sizes[c] for c in columns]
        return left * right.reshape(middle), labels
    b, n, m, s = (_count(sizes, part) for part in (batch, rows, columns, summed))
    left = _arrange(x, x_labels, batch + rows + summed).reshape([b, n, s] if batch else [n, s])
    right = _arrange(y, y_labels, batch + summed + columns).reshape([b, s, m] if batch else [s, m])
    return (left @ right).reshape(_sizes(sizes, labels)), labels


def _sizes(sizes, labels, more=()):
    return [*(sizes[c] for c in labels), *more]


def _count(sizes, labels):
    n = 1
    for label in labels:
        n *= sizes[label]
    return n


def _arrange(x, labels, wanted):
    order = [labels.index(label) for label in wanted]
    return x if order == list(range(len(order))) else x.permute(order)


def _sum_out(x, labels, needed):
    dims = [i for i, label in enumerate(labels) if label not in needed]
    return (x.sum(dims) if dims else x), [label for label in labels if label in needed]


def _drop(x, labels, label):
    return x.squeeze(labels.index(label)), [c for c in labels if c != label]
