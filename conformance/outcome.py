"""What a call gave, what two calls differ in, and how a comparison is told."""

from __future__ import annotations

import contextlib
import signal
import traceback
import types
from collections import Counter
from dataclasses import dataclass

import numpy as np

from .compare import difference
from .convert import Plain, plain
from .libraries import Missing, Untranslatable, as_torch_says, subject, torch

SECONDS_PER_CALL = 10


@dataclass
class Outcome:
    """What one run gave: a plain result, or an exception."""

    result: object = None
    error: BaseException | None = None
    trace: str = ""

    @property
    def message(self) -> str:
        return f"{type(self.error).__name__}: {as_torch_says(str(self.error))}"


@contextlib.contextmanager
def time_limit(seconds: float):
    """Raises TimeoutError in the main thread when the block takes more processor time."""

    def expired(signum, frame):
        raise TimeoutError(f"took more than {seconds} s")

    # Processor time, so that a busy machine does not change what agrees.
    previous = signal.signal(signal.SIGPROF, expired)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


def attempt(program, *arguments) -> Outcome:
    """Runs a program and keeps what it returned, as plain data, or what it raised."""
    try:
        with time_limit(SECONDS_PER_CALL):
            return Outcome(plain(program(*arguments)))
    except Exception as error:
        return Outcome(error=error, trace=traceback.format_exc())


def reason(expected: Outcome, got: Outcome, **options) -> str | None:
    """Why two runs of one program differ, or None."""
    if got.error is not None:
        if expected.error is not None:
            return None
        return f"missing: {got.error}" if is_missing(got.error) else short(got.message)
    if expected.error is not None:
        return short(f"torch refuses, got a result: {expected.message}")
    return difference(expected.result, got.result, **options)


def error_reason(expected: Outcome, got: Outcome) -> str | None:
    """Why two refusals differ, in type or wording, or None."""
    if got.error is None:
        return short(f"no error; torch: {expected.message}")
    if is_missing(got.error):
        return f"missing: {got.error}"
    if got.message != expected.message:
        return f"torch: {short(expected.message)} | got: {short(got.message)}"
    return None


def is_missing(error: BaseException) -> bool:
    """Whether an exception says that the subject has no such name."""
    if isinstance(error, AttributeError):
        owner = error.obj
        if isinstance(owner, types.ModuleType):
            return owner.__name__.partition(".")[0] == subject.__name__
        return owner is subject.Tensor or type(owner) is subject.Tensor
    return isinstance(error, (Missing, NotImplementedError))


def described(value) -> str:
    """An argument or result in a few words, with small tensors written out."""
    if isinstance(value, torch.Tensor):
        with contextlib.suppress(Untranslatable):
            return described(plain(value)) + f" strides={tuple(value.stride())}"
        return f"<tensor {value.layout}>"
    if isinstance(value, Plain):
        shown = np.array2string(value.array, precision=8, threshold=40, separator=", ")
        return f"<{value.dtype}{list(value.array.shape)} {shown}>"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {described(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(described, value)) + "]"
    return repr(value)


@dataclass
class Result:
    """How one aspect of one entry in one dtype compares."""

    name: str
    variant: str
    dtype: str
    aspect: str
    status: str  # agrees, differs, missing
    samples: int
    bad: int = 0
    reason: str = ""

    @property
    def title(self) -> str:
        return f"{self.name}/{self.variant}" if self.variant else self.name

    def line(self) -> str:
        """The result on one line of a listing."""
        share = f"{self.samples - self.bad}/{self.samples}" if self.samples else ""
        start = f"{self.title:36} {self.aspect:10} {self.dtype:8} {self.status:8} {share:>7}"
        return f"{start}  {self.reason}".rstrip()


def short(text: str, limit: int = 160) -> str:
    """`text` on one line, cut to `limit` characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def summary(name, variant, dtype, aspect, count, reasons) -> Result:
    """A result from the reasons found in `count` comparisons."""
    status = "agrees" if not reasons else "differs"
    if reasons and all(each.startswith("missing: ") for each in reasons):
        status = "missing"
    most_common = Counter(reasons).most_common(1)[0][0] if reasons else ""
    dtype = str(dtype).removeprefix("torch.")
    return Result(name, variant, dtype, aspect, status, count, len(reasons), most_common)
