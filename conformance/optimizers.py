"""tidu's optimizers and schedules against torch's, on the configurations of ``optim_db``.

python -m conformance.optimizers SGD Adam -v
"""

from __future__ import annotations

import argparse
import fnmatch
import random
import sys
import warnings

import numpy as np
from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db

from .convert import Translator, counterpart
from .libraries import Missing, Untranslatable, lookup, subject, torch
from .outcome import Result, attempt, error_reason, reason, short, summary

ASPECTS = ("steps", "groups", "schedules", "errors")
STEPS = 6

# Schedules of `torch.optim.lr_scheduler` with arguments; each runs for 12 epochs.
SCHEDULES = [
    ("StepLR", {"step_size": 3, "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [2, 5, 5], "gamma": 0.1}),
    ("ConstantLR", {"factor": 0.3, "total_iters": 4}),
    ("LinearLR", {"start_factor": 0.2, "total_iters": 5}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("PolynomialLR", {"total_iters": 7, "power": 2.0}),
    ("CosineAnnealingLR", {"T_max": 5, "eta_min": 1e-3}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2}),
    ("LambdaLR", {"lr_lambda": lambda epoch: 0.95**epoch}),
    ("MultiplicativeLR", {"lr_lambda": lambda epoch: 0.9}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 13}),
    ("OneCycleLR", {"max_lr": 0.5, "epochs": 4, "steps_per_epoch": 4, "three_phase": True}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 3, "cycle_momentum": False}),
    ("ReduceLROnPlateau", {"patience": 1, "factor": 0.5, "cooldown": 1}),
]


def parameters(library):
    """Two matrices and the same loss in both libraries."""
    source = np.random.default_rng(7)
    made = [library.from_numpy(source.standard_normal((4, 3))) for _ in range(2)]
    inputs = library.from_numpy(source.standard_normal((5, 4)))
    weights = [library.nn.Parameter(each) for each in made]

    def loss():
        return ((inputs @ weights[0]).tanh() * (inputs @ weights[1])).pow(2).mean()

    return weights, loss


def _train(library, optimizer, loss, weights, steps=STEPS):
    def closure():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    losses = [optimizer.step(closure) for _ in range(steps)]
    return {"losses": losses, "weights": weights, "state": optimizer.state_dict()}


def steps(library, name, case):
    """Parameters and state after a few steps of one configuration."""
    weights, loss = parameters(library)
    optimizer = lookup(f"optim.{name}", library)(weights, **Translator(library)(case.kwargs))
    return _train(library, optimizer, loss, weights) | {"repr": repr(optimizer)}


def groups(library, name, case):
    """The same with two parameter groups, saved and loaded into a new optimizer half way."""
    weights, loss = parameters(library)
    make = lookup(f"optim.{name}", library)
    kwargs = Translator(library)(case.kwargs)

    def grouped():
        optimizer = make([{"params": [weights[0]], "lr": 0.02}], **kwargs)
        optimizer.add_param_group({"params": [weights[1]]})
        return optimizer

    first = grouped()
    _train(library, first, loss, weights, 3)
    second = grouped()
    second.load_state_dict(first.state_dict())
    return _train(library, second, loss, weights, 3)


def refusal(library, name, case):
    """A construction or a step that torch refuses, or warns about."""
    given = case.optimizer_error_input
    translate = Translator(library)
    weights, loss = parameters(library)
    chosen = weights if given.params is None else translate(given.params)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer = lookup(f"optim.{name}", library)(chosen, **translate(given.kwargs))
        if case.error_on is OptimizerErrorEnum.STEP_ERROR:
            _train(library, optimizer, loss, weights, 1)


def _rates(library, optimizer, schedule, weights, loss, epochs=12):
    """The learning rates of every epoch, for a loss that stops falling."""
    rates = []
    for epoch in range(epochs):
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
        plateau = type(schedule).__name__ == "ReduceLROnPlateau"
        schedule.step(max(1.0, 4.0 - epoch)) if plateau else schedule.step()
    state = {k: v for k, v in schedule.state_dict().items() if not callable(v)}
    state = {k: v for k, v in state.items() if not k.startswith(("_", "anneal_func", "lr_lambdas"))}
    return {"rates": rates, "state": state}


def schedule(library, name, kwargs):
    """One schedule of SCHEDULES on SGD."""
    weights, loss = parameters(library)
    optimizer = library.optim.SGD(weights, lr=0.1, momentum=0.9)
    made = lookup(f"optim.lr_scheduler.{name}", library)(optimizer, **kwargs)
    return _rates(library, optimizer, made, weights, loss)


def schedules_of_entry(library, name, makers):
    """The schedules that optim_db names for an optimizer, one after the other."""
    weights, loss = parameters(library)
    optimizer = lookup(f"optim.{name}", library)(weights, lr=0.05)
    made = [maker(optimizer) if library is torch else counterpart(maker)(optimizer)
            for maker in makers]  # fmt: skip
    return [_rates(library, optimizer, each, weights, loss, 4) for each in made]


def _cases(info, aspect):
    torch.manual_seed(0)
    random.seed(0)
    if aspect == "schedules":
        return [] if info.step_requires_closure else list(info.scheduler_inputs)
    if aspect == "errors":
        return list(info.optim_error_inputs_func("cpu", torch.float64))
    return list(info.optim_inputs_func("cpu", torch.float64))


def check(info, aspect: str, say=None) -> Result | None:
    """How one aspect of one optimizer compares; None where there is nothing to compare."""
    name = info.name
    try:
        lookup(f"optim.{name}")
    except Missing as error:
        return summary(name, "", torch.float64, aspect, 0, [f"missing: {error}"])
    program = {"steps": steps, "groups": groups, "errors": refusal}.get(aspect, schedules_of_entry)
    count, reasons = 0, []
    for number, case in enumerate(_cases(info, aspect)):
        expected, got = (attempt(program, side, name, case) for side in (torch, subject))
        if isinstance(expected.error, Untranslatable) or isinstance(got.error, Untranslatable):
            continue
        if (expected.error is None) == (aspect == "errors"):
            continue
        count += 1
        found = error_reason(expected, got) if aspect == "errors" else reason(expected, got)
        if found:
            reasons.append(found)
            if say is not None:
                say(f"--- {name} {aspect} case {number}: {found}\n    {short(case, 300)}")
                say("".join(got.trace.splitlines(keepends=True)[-12:]))
    return summary(name, "", torch.float64, aspect, count, reasons) if count else None


def check_schedules(patterns=("*",), say=None) -> list[Result]:
    """Results of the schedules in SCHEDULES."""
    results = []
    for name, kwargs in SCHEDULES:
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            continue
        expected, got = (attempt(schedule, side, name, kwargs) for side in (torch, subject))
        found = reason(expected, got)
        results.append(summary(name, "", torch.float64, "rates", 1, [found] if found else []))
        if found and say is not None:
            say(f"--- {name} {kwargs}: {found}\n{got.trace}")
    return results


def check_all(patterns=("*",), say=None) -> list[Result]:
    """Results of all optimizers whose name matches one of the patterns."""
    chosen = [info for info in optim_db if any(fnmatch.fnmatchcase(info.name, p) for p in patterns)]
    found = (check(info, aspect, say) for info in chosen for aspect in ASPECTS)
    return [result for result in found if result is not None]


def main(arguments=None) -> int:
    """Checks the optimizers named on the command line; the status is 1 if any differs."""
    parser = argparse.ArgumentParser(prog="python -m conformance.optimizers", description=__doc__)
    parser.add_argument("names", nargs="*", default=["*"], help="such as SGD or '*LR'")
    parser.add_argument("-v", action="store_true", help="print every differing case")
    options = parser.parse_args(arguments)
    say = print if options.v else None
    results = check_all(options.names, say) + check_schedules(options.names, say)
    for result in results:
        print(result.line())
    return int(any(result.status != "agrees" for result in results))


if __name__ == "__main__":
    sys.exit(main())
