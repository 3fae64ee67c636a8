"""Switches of autograd, each thread with its own: `no_grad`, `enable_grad`, `inference_mode`..."""

from __future__ import annotations

import functools
import threading
from contextvars import ContextVar
from typing import Any

PLAIN, CAREFUL = 1, 2


# All that an operation looks at: 0 while recording is off, PLAIN while it is on, and CAREFUL if
# there is more to do (anomaly detection, hooks on saved tensors). A context variable costs a third of
# what a thread-local attribute does, and a new thread starts with the default, as in PyTorch.
_record = ContextVar("tidu_record", default=PLAIN)
recording_now, recording_variable = _record.get, _record


class _Mode(threading.local):
    """This thread's other switches."""

    inference = False
    anomaly = False  # keep the forward's stack with each node, look for nan in backward
    check_nan = True
    running = None  # under anomaly detection: the node whose backward runs now
    saved_hooks: tuple = ()  # (pack, unpack) pairs of saved_tensors_hooks, the last one counts
    no_saved_hooks = None  # under disable_saved_tensors_hooks: its message
    walk: Any = None  # the backward pass that runs now

    @property
    def enabled(self):
        return recording_now() != 0

    @enabled.setter
    def enabled(self, value):
        careful = self.anomaly or self.saved_hooks
        # Inference mode records nothing, whatever is switched on inside it.
        _record.set((CAREFUL if careful else PLAIN) if value and not self.inference else 0)


mode = _Mode()


class _Switch:
    """Base of the switches: a context manager that is also a decorator."""

    def __call__(self, function):
        import inspect

        if inspect.isclass(function):
            import warnings

            warnings.warn(
                "Decorating classes is deprecated and will be disabled in future versions. You "
                "should only decorate functions or methods. To preserve the current behavior of "
                "class decoration, you can directly decorate the `__init__` method and nothing "
                "else.",
                FutureWarning,
                stacklevel=2,
            )
        if inspect.isgeneratorfunction(function):
            return self._wrap_generator(function)

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            with self.clone():
                return function(*args, **kwargs)

        return wrapper

    def _wrap_generator(self, function):
        # The switch holds while the generator's own code runs, not while its consumer's does.
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            generator = function(*args, **kwargs)
            action, value = generator.send, None
            while True:
                try:
                    with self.clone():
                        item = action(value)
                except StopIteration as stop:
                    return stop.value
                try:
                    value = yield item
                    action = generator.send
                except GeneratorExit:
                    with self.clone():
                        generator.close()
                    raise
                except BaseException as error:
                    action, value = generator.throw, error

        return wrapper

    def clone(self):
        return type(self)()


class no_grad(_Switch):
    """Context manager and decorator: operations inside are not recorded.

    >>> import tidu
    >>> x = tidu.ones(2, requires_grad=True)
    >>> with tidu.no_grad():
    ...     (x * 2).requires_grad
    False
    """

    _value = False

    def __new__(cls, function=None):
        # `@no_grad` without parentheses decorates, as in PyTorch.
        self = object.__new__(cls)
        return self if function is None else self(function)

    def __enter__(self):
        self.previous = mode.enabled
        mode.enabled = self._value

    def __exit__(self, *exception):
        mode.enabled = self.previous


class enable_grad(no_grad):
    """Context manager and decorator: operations inside are recorded, also within `no_grad`.

    >>> import tidu
    >>> x = tidu.ones(2, requires_grad=True)
    >>> with tidu.no_grad(), tidu.enable_grad():
    ...     (x * 2).requires_grad
    True
    """

    _value = True


class set_grad_enabled(_Switch):
    """Sets recording on or off: as a call for good, as a context manager or decorator for a while.

    >>> import tidu
    >>> with tidu.set_grad_enabled(False):
    ...     tidu.is_grad_enabled()
    False
    """

    def __init__(self, mode_):
        if type(mode_) is not bool:
            raise TypeError(
                "set_grad_enabled(): argument 'enabled' (position 1) must be bool, not "
                f"{type(mode_).__name__}"
            )
        self.previous = mode.enabled
        self.mode = mode_
        mode.enabled = mode_

    def __call__(self, function):
        mode.enabled = self.previous  # used as a decorator: nothing changes until it is called
        return super().__call__(function)

    def __enter__(self):
        mode.enabled = self.mode

    def __exit__(self, *exception):
        mode.enabled = self.previous

    def clone(self):
        return type(self)(self.mode)


class inference_mode(_Switch):
    """Like `no_grad`; tensors made inside can never take part in autograd.

    >>> import tidu
    >>> with tidu.inference_mode():
    ...     tidu.ones(1).is_inference()
    True
    """

    mode: bool

    def __new__(cls, mode=True):
        self = object.__new__(cls)
        if callable(mode):
            self.mode = True
            return self(mode)
        self.mode = mode
        return self

    def __enter__(self):
        from .inference import opened

        opened()
        self.previous = mode.enabled, mode.inference
        mode.inference = bool(self.mode)
        mode.enabled = not self.mode  # also inside no_grad

    def __exit__(self, *exception):
        from .inference import closed

        enabled, mode.inference = self.previous
        mode.enabled = enabled
        closed()

    def clone(self):
        return type(self)(self.mode)


def is_grad_enabled():
    """Whether operations are recorded in this thread now.

    >>> import tidu
    >>> with tidu.no_grad():
    ...     tidu.is_grad_enabled()
    False
    """
    return mode.enabled


def is_inference_mode_enabled():
    """Whether this thread is inside `inference_mode` now.

    >>> import tidu
    >>> with tidu.inference_mode():
    ...     tidu.is_inference_mode_enabled()
    True
    """
    return mode.inference


class set_multithreading_enabled(_Switch):
    """PyTorch's switch for the threads of backward; tidu's backward runs in the calling thread.

    >>> import tidu
    >>> x = tidu.ones(2, requires_grad=True)
    >>> with tidu.autograd.set_multithreading_enabled(False):
    ...     x.sum().backward()
    >>> x.grad
    tensor([1., 1.])
    """

    def __init__(self, mode):
        self.mode = mode

    def __enter__(self):
        """Nothing to switch."""

    def __exit__(self, *exception):
        """Nothing to switch back."""

    def clone(self):
        return type(self)(self.mode)
