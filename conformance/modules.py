"""tidu's layers against torch's, on the inputs of torch's ``module_db``.

python -m conformance.modules nn.Linear 'nn.Conv*' -v
"""

from __future__ import annotations

import argparse
import fnmatch
import random
import sys

import numpy as np
from torch.testing._internal.common_modules import ModuleErrorEnum, module_db

from .bridge import gradients, seed
from .convert import Translator
from .libraries import Missing, Untranslatable, lookup, subject, torch
from .ops import cotangent, tensors_in
from .outcome import Outcome, Result, attempt, described, error_reason, reason, short, summary

ASPECTS = ("initial", "training", "evaluation", "errors")


def built(library, path, constructor, dtype=None):
    """A layer made in `library` right after the seed is set."""
    translate = Translator(library)
    args, kwargs = translate((constructor.args, constructor.kwargs))
    seed(library, 0)
    layer = lookup(path, library)(*args, **kwargs)
    return layer if dtype is None else layer.to(dtype)


def initial(library, path, case, _state):
    """How a new layer prints, and its parameters and buffers."""
    layer = built(library, path, case.constructor_input)
    state = layer.state_dict()
    return {"repr": repr(layer), "keys": list(state), "state": dict(state)}


def forward(library, path, case, state, training):
    """Outputs, gradients of inputs and parameters, and the buffers afterwards."""
    layer = built(library, path, case.constructor_input, library.float64)
    if state is not None:
        layer.load_state_dict(Translator(library)(dict(state)))
    layer.train(training)
    translate = Translator(library)
    args, kwargs = translate((case.forward_input.args, case.forward_input.kwargs))
    seed(library, 1)
    outputs = layer(*args, **kwargs)
    named = dict(layer.named_parameters())
    grown = [output for output in tensors_in(outputs) if output.requires_grad]
    found = []
    if grown:
        seeds = [cotangent(library, output, i) for i, output in enumerate(grown)]
        leaves = [*translate.leaves, *named.values()]
        found = gradients(library, grown, leaves, seeds)
    return {
        "result": outputs,
        "gradient": found,
        "buffers": dict(layer.named_buffers()),
    }


def training(library, path, case, state):
    """`forward` after ``train()``."""
    return forward(library, path, case, state, True)


def evaluation(library, path, case, state):
    """`forward` after ``eval()``."""
    return forward(library, path, case, state, False)


PROGRAMS = {"initial": initial, "training": training, "evaluation": evaluation}


def cases(info, aspect: str) -> list:
    """The entry's inputs for an aspect, the same each time."""
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    options = {"device": "cpu", "dtype": torch.float64, "requires_grad": True}
    options["training"] = aspect != "evaluation"
    if aspect != "errors":
        return list(info.module_inputs_func(info, **options))
    if info.module_error_inputs_func is None:
        return []
    return list(info.module_error_inputs_func(info, **options))


def _refusal(library, path, case):
    inner = case.module_error_input
    layer = built(library, path, inner.constructor_input)
    if case.error_on is ModuleErrorEnum.FORWARD_ERROR:
        translate = Translator(library)
        layer.to(library.float64)
        layer(*translate(inner.forward_input.args), **translate(inner.forward_input.kwargs))


def _state(info, path, case):
    if info.is_lazy:
        return None
    return built(torch, path, case.constructor_input, torch.float64).state_dict()


def check(info, aspect: str, say=None) -> Result | None:
    """How one aspect of one layer compares; None where there is nothing to compare."""
    path, dtype = info.name, torch.float64
    try:
        lookup(path)
    except Missing as error:
        return summary(path, "", dtype, aspect, 0, [f"missing: {error}"])
    count, reasons = 0, []
    for number, case in enumerate(cases(info, aspect)):
        expected, got, found = _compared(info, aspect, path, case)
        if isinstance(expected.error, Untranslatable) or isinstance(got.error, Untranslatable):
            continue
        if expected.error is not None and aspect != "errors":
            continue
        count += 1
        if found:
            reasons.append(found)
            if say is not None:
                _tell(say, f"{path} {aspect} case {number}", case, found, expected, got)
    return summary(path, "", dtype, aspect, count, reasons) if count else None


def _compared(info, aspect, path, case) -> tuple[Outcome, Outcome, str | None]:
    if aspect == "errors":
        expected, got = (attempt(_refusal, side, path, case) for side in (torch, subject))
        agreed = None if expected.error is None else error_reason(expected, got)
        return expected, got, agreed
    state = _state(info, path, case)
    program = PROGRAMS[aspect]
    expected, got = (attempt(program, side, path, case, state) for side in (torch, subject))
    return expected, got, reason(expected, got)


def _tell(say, heading, case, found, expected, got):
    say(f"--- {heading}: {found}")
    inputs = getattr(case, "module_error_input", case)
    for name in ("constructor_input", "forward_input"):
        given = getattr(inputs, name)
        if given is not None:
            say(f"    {name}: {short(described([given.args, given.kwargs]), 400)}")
    for side, outcome in (("torch", expected), ("tidu", got)):
        text = outcome.message if outcome.error else described(outcome.result)
        say(f"    {side + ':':7} {short(text, 800)}")
    if got.trace and not expected.error:
        say("".join(got.trace.splitlines(keepends=True)[-12:]))


def check_all(patterns=("*",), aspects=ASPECTS, say=None) -> list[Result]:
    """Results of all layers whose name matches one of the patterns."""
    chosen = [m for m in module_db if any(fnmatch.fnmatchcase(m.name, p) for p in patterns)]
    found = (check(info, aspect, say) for info in chosen for aspect in aspects)
    return [result for result in found if result is not None]


def main(arguments=None) -> int:
    """Checks the layers named on the command line; the status is 1 if any differs."""
    parser = argparse.ArgumentParser(prog="python -m conformance.modules", description=__doc__)
    parser.add_argument("names", nargs="*", default=["*"], help="layers, such as 'nn.Conv*'")
    parser.add_argument("-v", action="store_true", help="print every differing case")
    options = parser.parse_args(arguments)
    results = check_all(options.names, say=print if options.v else None)
    for result in results:
        print(result.line())
    return int(any(result.status != "agrees" for result in results))


if __name__ == "__main__":
    sys.exit(main())
