"""`detect_anomaly`: which forward operation is to blame for an error or a nan in backward.

While it is on, every node keeps the stack of the call that made it (`record.py`), and the backward
pass runs each node through `apply_watched`.
"""

from __future__ import annotations

import traceback
import warnings

import numpy as np

from ..tensor import Tensor
from .grad_mode import mode

_RUNNER = __file__.rpartition("autograd")[0] + "__main__.py"


class set_detect_anomaly:
    """Turns anomaly detection on or off: as a call for good, in a `with` for a while.

    With `check_nan`, a nan among the gradients that a node computes is an error.

    >>> import tidu
    >>> x = tidu.tensor(-1.0, requires_grad=True)
    >>> with tidu.autograd.set_detect_anomaly(False):
    ...     (x.sqrt() * 0).backward()
    >>> x.grad
    tensor(nan)
    """

    def __init__(self, mode: bool, check_nan: bool = True):  # PyTorch's names
        self._set(mode, check_nan)

    def _set(self, on, check_nan):
        self.previous = mode.anomaly, mode.check_nan
        mode.anomaly, mode.check_nan = on, check_nan
        mode.enabled = mode.enabled  # operations look at one switch, which is made of all

    def __enter__(self):
        return None

    def __exit__(self, *exception):
        mode.anomaly, mode.check_nan = self.previous
        mode.enabled = mode.enabled


class detect_anomaly(set_detect_anomaly):
    """Context manager: errors in backward come with the forward call that they belong to.

    A nan among the gradients is an error too, unless `check_nan=False`. It slows everything down
    and warns of that.

    >>> import tidu, warnings
    >>> x = tidu.tensor(-1.0, requires_grad=True)
    >>> with warnings.catch_warnings(action="ignore"), tidu.autograd.detect_anomaly():
    ...     try:
    ...         (x.sqrt() * 0).backward()
    ...     except RuntimeError as error:
    ...         print(error)
    Function 'SqrtBackward0' returned nan values in its 0th output.
    """

    def __init__(self, check_nan: bool = True):
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.",
            stacklevel=2,
        )

    def __enter__(self):
        self._set(True, self.check_nan)


def is_anomaly_enabled():
    """Whether anomaly detection is on in this thread.

    >>> import tidu
    >>> tidu.is_anomaly_enabled()
    False
    """
    return mode.anomaly


def is_anomaly_check_nan_enabled():
    """Whether anomaly detection looks for nan.

    >>> import tidu
    >>> tidu.is_anomaly_check_nan_enabled()
    True
    """
    return mode.check_nan


def program_stack(frame):
    """The lines of a traceback up to `frame`, from where the user's program begins."""
    frames = traceback.extract_stack(frame)
    runner = [i for i, f in enumerate(frames) if f.filename == _RUNNER]
    del frames[: runner[-1] + 1 if runner else 0]
    return frames.format()


def apply_watched(walk, node, gradient):
    """`node.apply`, with the forward's stack in a warning if it fails or returns nan."""
    previous, mode.running = mode.running, node
    try:
        found = node.apply(gradient, walk.k, walk.raw)
        if mode.check_nan:
            _check_nan(node, found)
    except Exception:
        warn_with_stack(node)
        raise
    finally:
        mode.running = previous
    return found


def _check_nan(node, found):
    for i, (_, gradient) in enumerate(found):
        array = gradient._array if isinstance(gradient, Tensor) else gradient
        if array is not None and np.isnan(np.sum(array)) and np.isnan(array).any():
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.")


def warn_with_stack(node):
    """PyTorch's warning: where the node, and what computed it in turn, was recorded."""
    text = f"Error detected in {node.name()}. "
    if node.stack is None:
        text += (
            "No forward pass information available. Enable detect anomaly during forward pass for "
            "more information."
        )
    else:
        text += f"Traceback of forward call that caused the error:\n{''.join(node.stack)}"
    warnings.warn(text, stacklevel=2)
    seen = node.parent
    while seen is not None:
        where = "".join(seen.stack or ["No forward pass information available.\n"])
        warnings.warn(
            f"\n\nPrevious calculation was induced by {seen.name()}. Traceback of forward call "
            "that "
            f"induced the previous calculation:\n{where}",
            stacklevel=2,
        )
        seen = seen.parent
