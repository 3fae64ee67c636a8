"""tidu against torch, operation by operation, on the samples of torch's ``op_db``.

python -m conformance.ops sum 'nn.functional.conv*' --aspect grad -v
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import itertools
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
from torch.testing._internal.common_methods_invocations import op_db

from .bridge import blank, from_array, gradients, seed
from .compare import difference
from .convert import Translator, counterpart, plain
from .freedom import settled
from .libraries import Missing, Untranslatable, lookup, subject, torch
from .outcome import (
    Outcome,
    Result,
    attempt,
    described,
    error_reason,
    reason,
    short,
    summary,
)

ASPECTS = ("value", "layouts", "grad", "gradgrad", "inplace", "method", "out", "errors")
FORMS = ("strides", "views", "nodes")  # asked for by name; reported without a floor
DTYPES = ("float64", "int64", "bool", "float32", "complex128")
SAMPLES = 30
LAYOUT_SAMPLES = 8
LARGEST = 50_000  # elements of a sample's tensors together; larger ones are left out

# Operations whose result depends on the memory beside the input's elements.
IN_MEMORY = {"as_strided", "as_strided_copy", "as_strided_scatter"}
# Operations whose result is memory that nobody wrote: only shape and dtype are compared.
UNWRITTEN = {"empty", "empty_like", "empty_strided", "empty_permuted", "new_empty"} | {
    "new_empty_strided",
    "resize_",
    "resize_as_",
}
# Not part of PyTorch's public interface on a CPU.
PRIVATE = ("_", "jiterator_", "torch.", "ops.")


def is_public(op) -> bool:
    """Whether an OpInfo stands for something users call on a CPU."""
    if type(op.op).__module__ == "torch._ops":
        return False
    return op.name.startswith("__") or not op.name.startswith(PRIVATE)


def title(op) -> str:
    """An entry's name with its variant: ``max.binary``."""
    return f"{op.name}/{op.variant_test_name}" if op.variant_test_name else op.name


# ------------------------------------------------------------------ one call in one library


@dataclass
class Sample:
    """A sample's arguments in one library, and its leaves that require a gradient."""

    input: object
    args: tuple
    kwargs: dict
    process: object
    leaves: list

    @property
    def tensors(self):
        return tensors_in([self.input, self.args, self.kwargs])


def tensors_in(value) -> list:
    if isinstance(value, (torch.Tensor, subject.Tensor)):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return []
    return [tensor for item in value for tensor in tensors_in(item)]


def translated(sample, library) -> Sample:
    """A SampleInput's arguments rebuilt for `library`, sharing no memory with the original."""
    translate = Translator(library)
    first, args, kwargs = translate((sample.input, tuple(sample.args), dict(sample.kwargs)))
    process = sample.output_process_fn_grad
    if library is not torch:
        process = counterpart(process)
    return Sample(first, args, kwargs, process, translate.leaves)


def run(program, library, call, sample) -> Outcome:
    """`program` in one library, on a fresh copy of the sample, from the same random state."""

    def fresh():
        own = translated(sample, library)
        seed(library, 0)
        return program(library, call, own)

    return attempt(fresh)


# ------------------------------------------------------------------ programs, one per aspect


def value(library, call, sample):
    """The result, and the inputs afterwards, which the call must not have changed."""
    return {"result": call(sample.input, *sample.args, **sample.kwargs), "inputs": sample.tensors}


def _differentiable_outputs(call, sample) -> list:
    result = sample.process(call(sample.input, *sample.args, **sample.kwargs))
    return [output for output in tensors_in(result) if output.requires_grad]


def cotangent(library, output, number):
    """A random array like `output`, the same in both libraries."""
    source = np.random.default_rng([number, *output.shape])
    array = source.standard_normal(tuple(output.shape))
    dtype = str(output.dtype).partition(".")[2]
    if dtype.startswith("complex"):
        array = array + 1j * source.standard_normal(array.shape)
    return from_array(library, np.asarray(array).astype(dtype, copy=True))


def grad(library, call, sample):
    """Gradients of the inputs for a random cotangent, and which outputs require one."""
    outputs = _differentiable_outputs(call, sample)
    if not outputs:
        return []
    cotangents = [cotangent(library, output, i) for i, output in enumerate(outputs)]
    return gradients(library, outputs, sample.leaves, cotangents)


def gradgrad(library, call, sample):
    """Gradients of the gradients, for the inputs and for the first cotangents."""
    outputs = _differentiable_outputs(call, sample)
    if not outputs:
        return []
    cotangents = [
        cotangent(library, output, i).requires_grad_() for i, output in enumerate(outputs)
    ]
    first = gradients(library, outputs, sample.leaves, cotangents, create_graph=True)
    kept = [(i, each) for i, each in enumerate(first) if each is not None and each.requires_grad]
    if not kept:
        return [None] * (len(sample.leaves) + len(cotangents))
    return gradients(
        library,
        [each for _, each in kept],
        [*sample.leaves, *cotangents],
        [cotangent(library, each, 100 + i) for i, each in kept],
    )


def inplace(library, call, sample):
    """The overwritten input, what the call returned, and the gradient through it."""
    leaf = sample.input
    target = leaf.clone()
    returned = call(target, *sample.args, **sample.kwargs)
    found = []
    if target.requires_grad and sample.leaves:
        found = gradients(library, target, sample.leaves, cotangent(library, target, 0))
    return {"target": target, "same object": returned is target, "grad": found}


def out(library, call, sample):
    """The result written through ``out=`` into tensors of the right and of the wrong shape."""
    arguments = (sample.input, *sample.args)
    with library.no_grad():
        expected = call(*arguments, **sample.kwargs)
        single = not isinstance(expected, (tuple, list))
        results = {}
        for name in ("full", "empty"):
            given = tensors_in(expected)
            targets = [blank(library, x, x.shape if name == "full" else (0,)) for x in given]
            target = targets[0] if single else tuple(targets)
            seed(library, 0)
            returned = call(*arguments, **sample.kwargs, out=target)
            same = [a is b for a, b in zip(tensors_in(returned), targets, strict=True)]
            results[name] = {"written": targets, "same object": same}
            if library is torch and difference(plain(tensors_in(expected)), plain(targets)):
                raise Untranslatable("torch's own out= writes something else")
    return results


def forms(library, call, sample):
    """How each result lies in memory, which inputs it shares memory with, and its node's name."""
    inputs = [plain(tensor).memory for tensor in sample.tensors]
    results = call(sample.input, *sample.args, **sample.kwargs)
    found = [plain(tensor) for tensor in tensors_in(results)]
    return {
        "strides": [str(each.strides) for each in found if each.array.size > 1],
        "views": [[np.may_share_memory(each.memory, i) for i in inputs] for each in found],
        "nodes": [each.node for each in found],
    }


def layouts(library, call, sample):
    """Results, and gradients where there are any, for inputs whose elements lie apart."""
    found = value(library, call, sample)
    return found | {"grad": grad(library, call, sample)} if sample.leaves else found


PROGRAMS = {
    "value": value,
    "layouts": layouts,
    "grad": grad,
    "gradgrad": gradgrad,
    "inplace": inplace,
    "method": value,
    "out": out,
    **{
        form: lambda library, call, sample, form=form: forms(library, call, sample)[form]
        for form in FORMS
    },
}


# ------------------------------------------------------------------ choosing what to run


def functions(op, aspect: str):
    """The torch function and the subject's for an aspect; None where torch has none."""
    if aspect == "inplace":
        return _pair(op.inplace_variant)
    if aspect == "method":
        return _pair(op.method_variant)
    if aspect == "out" and not op.supports_out:
        return None
    return op.op, _function_of(op)


def _pair(function):
    return None if function is None else (function, counterpart(function))


def _function_of(op):
    module = getattr(op.op, "__module__", None) or ""
    if module.startswith("torch.testing"):
        return counterpart(op.op)
    if module == "torch._tensor" or isinstance(op.op, _METHODS):
        return lookup(f"Tensor.{op.op.__name__}")
    return lookup(op.name)


_METHODS = (type(torch.Tensor.add), type(object.__str__))


def dtype_of(op, dtype: str | None):
    """The dtype to check in, or None; without a wish float64, or the widest there is."""
    supported = op.supported_dtypes("cpu")
    wishes = [dtype] if dtype else ["float64", "int64", "bool", "float32", "complex128"]
    for wish in wishes:
        if getattr(torch, wish) in supported:
            return getattr(torch, wish)
    return None


def applies(op, aspect: str, dtype) -> bool:
    """Whether torch itself has this aspect of the operation in this dtype."""
    if aspect in ("grad", "gradgrad", "nodes"):
        differentiable = op.supports_autograd and dtype in op.supported_backward_dtypes("cpu")
        return differentiable and (aspect != "gradgrad" or op.supports_gradgrad)
    if aspect == "errors":
        return op.error_inputs_func is not None
    if aspect == "inplace":
        return op.inplace_variant is not None
    if aspect == "method":
        return op.method_variant is not None
    if aspect == "layouts":
        return op.name not in IN_MEMORY
    return op.supports_out if aspect == "out" else True


def samples(op, dtype, requires_grad: bool, cap: int, more: bool = False) -> list:
    """Up to `cap` sample inputs, spread evenly over the first few hundred.

    `more` takes torch's larger set: extreme values, mixed dtypes, odd layouts.
    """
    make = op.reference_inputs if more else op.sample_inputs
    _seed_all()
    with contextlib.suppress(Exception):  # torch's own generators fail for a few entries
        made = list(itertools.islice(make("cpu", dtype, requires_grad), 10 * cap))
        made = [sample for sample in made if _size(sample) <= LARGEST]
        return _spread(made, cap)
    return []


def _spread(items: list, count: int) -> list:
    step = max(1, len(items) / count)
    return [items[int(i * step)] for i in range(min(count, len(items)))]


def with_gaps(given) -> list:
    """The samples with gaps between the elements of their tensors."""
    made = []
    for sample in given:
        with contextlib.suppress(RuntimeError):  # sparse tensors have no gaps
            made.append(sample.noncontiguous())
            made[-1].output_process_fn_grad = sample.output_process_fn_grad
    return made


def _size(sample) -> int:
    return sum(t.numel() for t in tensors_in([sample.input, sample.args, sample.kwargs]))


def _seed_all():
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)


# ------------------------------------------------------------------ comparing


class Checker:
    """Runs the aspects of one entry in one dtype and collects what differs."""

    def __init__(self, op, dtype, cap=SAMPLES, say=None, more=False):
        self.op, self.dtype, self.cap, self.say, self.more = op, dtype, cap, say, more
        self._samples_made: dict[bool, list] = {}

    def samples(self, requires_grad: bool) -> list:
        """The entry's samples, made once."""
        if requires_grad not in self._samples_made:
            made = samples(self.op, self.dtype, requires_grad, self.cap, self.more)
            self._samples_made[requires_grad] = made
        return self._samples_made[requires_grad]

    def check(self, aspect: str) -> Result | None:
        """The result for an aspect; None where torch has nothing to compare with."""
        if not applies(self.op, aspect, self.dtype):
            return None
        try:
            pair = functions(self.op, aspect)
        except Missing as error:
            return self._result(aspect, 0, ["missing: " + str(error)])
        if pair is None:
            return None
        compare = self._errors if aspect == "errors" else self._samples
        count, reasons = compare(aspect, *pair)
        return self._result(aspect, count, reasons) if count else None

    def _result(self, aspect, count, reasons) -> Result:
        op = self.op
        return summary(op.name, op.variant_test_name, self.dtype, aspect, count, reasons)

    def _samples(self, aspect, reference_call, subject_call):
        program = PROGRAMS[aspect]
        wants_grad = aspect in ("grad", "gradgrad") or (
            aspect in ("inplace", "layouts", "nodes") and applies(self.op, "grad", self.dtype)
        )
        count, reasons = 0, []
        given = self.samples(wants_grad)
        if aspect == "layouts":
            given = with_gaps(_spread(given, LAYOUT_SAMPLES))
        for number, sample in enumerate(given):
            if aspect == "inplace" and (
                sample.broadcasts_input or not isinstance(sample.input, torch.Tensor)
            ):
                continue
            expected = run(program, torch, reference_call, sample)
            if isinstance(expected.error, (Untranslatable, NotImplementedError)):
                continue
            if expected.error is not None and aspect != "inplace":
                continue
            got = run(program, subject, subject_call, sample)
            if isinstance(got.error, Untranslatable):
                continue
            count += 1
            found = self._reason(aspect, expected, got)
            if found:
                reasons.append(found)
                self._tell(aspect, number, sample, found, expected, got)
            if isinstance(got.error, TimeoutError):
                break
        return count, reasons

    def _reason(self, aspect, expected: Outcome, got: Outcome) -> str | None:
        values = self.op.name not in UNWRITTEN
        if aspect in ("value", "layouts", "method", "out"):
            got.result = settled(self.op.name, expected.result, got.result)
        return reason(expected, got, values=values, lenient_none=aspect == "gradgrad")

    def _errors(self, aspect, reference_call, subject_call):
        _seed_all()
        count, reasons = 0, []
        for number, error_input in enumerate(self.op.error_inputs("cpu")):
            sample = error_input.sample_input
            expected = run(value, torch, reference_call, sample)
            if expected.error is None or isinstance(expected.error, Untranslatable):
                continue
            if "torch._C" in str(expected.error):  # about torch's own classes, not about the call
                continue
            got = run(value, subject, subject_call, sample)
            if isinstance(got.error, Untranslatable):
                continue
            count += 1
            found = error_reason(expected, got)
            if found:
                reasons.append(found)
                self._tell(aspect, number, sample, found, expected, got)
        return count, reasons

    def _tell(self, aspect, number, sample, found, expected, got):
        if self.say is None:
            return
        say = self.say
        say(f"--- {title(self.op)} {aspect} {self.dtype} sample {number}: {found}")
        say(f"    input:  {short(described(sample.input), 400)}")
        say(f"    args:   {short(described(sample.args), 400)}")
        say(f"    kwargs: {short(described(sample.kwargs), 400)}")
        for side, outcome in (("torch", expected), ("tidu", got)):
            text = outcome.message if outcome.error else described(outcome.result)
            say(f"    {side + ':':7} {short(text, 800)}")
        if got.trace and not isinstance(got.error, Missing) and not expected.error:
            say("".join(got.trace.splitlines(keepends=True)[-12:]))


# ------------------------------------------------------------------ command line


def selected(patterns) -> list:
    """The entries of op_db whose name, or whose alias's name, matches one of the patterns."""
    if not patterns:
        return [op for op in op_db if is_public(op)]

    def matches(op):
        names = [op.name, title(op), *(alias.name for alias in op.aliases)]
        return any(fnmatch.fnmatchcase(name, p) for name in names for p in patterns)

    return [op for op in op_db if matches(op)]


def check(op, aspects=ASPECTS, dtype=None, cap=SAMPLES, say=None, more=False) -> list[Result]:
    """Results of the aspects of one OpInfo, in float64 or the dtype asked for."""
    chosen = dtype_of(op, dtype)
    if chosen is None:
        return []
    checker = Checker(op, chosen, cap, say, more)
    return [result for aspect in aspects if (result := checker.check(aspect)) is not None]


def main(arguments=None) -> int:
    """Checks the operations named on the command line; the status is 1 if any differs."""
    parser = argparse.ArgumentParser(prog="python -m conformance.ops", description=__doc__)
    parser.add_argument("names", nargs="*", help="operations, with * and ?; none means all")
    parser.add_argument(
        "--aspect", default=",".join(ASPECTS), help="some of " + ",".join(ASPECTS + FORMS)
    )
    parser.add_argument("--dtype", help="float64 (the default), int64, bool, float32, ...")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="at most so many a case")
    parser.add_argument("--more", action="store_true", help="torch's larger set of samples")
    parser.add_argument("--bad", action="store_true", help="list only what does not agree")
    parser.add_argument("-v", action="store_true", help="print every differing sample")
    options = parser.parse_args(arguments)
    aspects = options.aspect.split(",")
    if unknown := set(aspects) - {*ASPECTS, *FORMS}:
        parser.error(f"no such aspect: {', '.join(sorted(unknown))}")
    chosen = selected(options.names)
    if not chosen:
        parser.error("no operation of op_db has such a name")
    counts: Counter = Counter()
    started = time.perf_counter()
    for op in chosen:
        say = print if options.v else None
        results = check(op, aspects, options.dtype, options.samples, say, options.more)
        for result in results:
            counts[result.aspect, result.status] += 1
            if result.status == "agrees" and options.bad:
                continue
            print(result.line(), flush=True)
    seconds = time.perf_counter() - started
    print(f"\n{len(chosen)} entries in {seconds:.1f} s; agree / differ / missing:")
    for aspect in aspects:
        row = [counts[aspect, status] for status in ("agrees", "differs", "missing")]
        print(f"  {aspect:9} {row[0]:4} / {row[1]:4} / {row[2]:4}")
    return int(any(status != "agrees" for _, status in counts))


if __name__ == "__main__":
    sys.exit(main())
