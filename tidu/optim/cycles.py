"""Schedules that raise and lower the rate, and momentum the other way: OneCycleLR, CyclicLR."""

from __future__ import annotations

import math

from .schedule import LRScheduler, set_rate, warn_outside_step


def _per_group(name, value, optimizer):
    groups = len(optimizer.param_groups)
    if isinstance(value, (list, tuple)):
        if len(value) != groups:
            raise ValueError(
                f"{name} must have the same length as optimizer.param_groups. "
                f"{name} has {len(value)} values, param_groups has {groups}."
            )
        return list(value)
    return [value] * groups


def _set_momentum(schedule, group, value):
    if schedule.use_beta1:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value


class OneCycleLR(LRScheduler):
    """One rise to `max_lr` and one fall to nearly nothing over the whole training (Smith, 2018).

    The length is `total_steps`, or `epochs` times `steps_per_epoch`; `pct_start` of it rises, from
    max_lr / div_factor; the end is that divided by `final_div_factor`. Momentum (or Adam's beta1)
    goes the other way between `base_momentum` and `max_momentum`. `step()` is called after every
    batch; ValueError is raised when it is called more often than planned.

    >>> import tidu
    >>> optimizer = tidu.optim.SGD([tidu.zeros(1)], lr=0.1, momentum=0.9)
    >>> schedule = tidu.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=6)
    >>> for step in range(6):
    ...     momentum = optimizer.param_groups[0]["momentum"]
    ...     print(step, round(schedule.get_last_lr()[0], 3), round(momentum, 3))
    ...     optimizer.step()
    ...     schedule.step()
    0 0.04 0.95
    1 0.994 0.851
    2 0.812 0.869
    3 0.463 0.904
    4 0.133 0.937
    5 0.0 0.95
    """

    def __init__(
        self, optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3,
        anneal_strategy="cos", cycle_momentum=True, base_momentum=0.85, max_momentum=0.95,
        div_factor=25.0, final_div_factor=1e4, three_phase=False, last_epoch=-1,
    ):  # fmt: skip
        self._check_optimizer(optimizer)
        self.optimizer = optimizer
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or pct_start < 0 or pct_start > 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        self._schedule_phases = self._phases(pct_start, three_phase)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self._anneal_func_type = anneal_strategy
        if last_epoch == -1:
            for group, top in zip(optimizer.param_groups, _per_group("max_lr", max_lr, optimizer)):
                group["initial_lr"] = top / div_factor
                group["max_lr"] = top
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
                raise ValueError(
                    "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"
                )
            self.use_beta1 = "betas" in optimizer.defaults
            if last_epoch == -1:
                for top, low, group in zip(
                    _per_group("max_momentum", max_momentum, optimizer),
                    _per_group("base_momentum", base_momentum, optimizer),
                    optimizer.param_groups,
                ):
                    _set_momentum(self, group, top)
                    group["max_momentum"], group["base_momentum"] = top, low
        super().__init__(optimizer, last_epoch)

    def _phases(self, pct_start, three_phase):
        """(last step, start and end of the rate, start and end of the momentum) of each phase."""
        end, peak = self.total_steps - 1, float(pct_start * self.total_steps) - 1

        def phase(end_step, start_lr, end_lr, start_momentum, end_momentum):
            return {
                "end_step": end_step, "start_lr": start_lr, "end_lr": end_lr,
                "start_momentum": start_momentum, "end_momentum": end_momentum,
            }  # fmt: skip

        up = phase(peak, "initial_lr", "max_lr", "max_momentum", "base_momentum")
        if not three_phase:
            return [up, phase(end, "max_lr", "min_lr", "base_momentum", "max_momentum")]
        down = float(2 * pct_start * self.total_steps) - 2
        return [
            up,
            phase(down, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
            phase(end, "initial_lr", "min_lr", "max_momentum", "max_momentum"),
        ]

    def _anneal(self, start, end, part):
        if self._anneal_func_type == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)

    def get_lr(self):
        warn_outside_step(self)
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"Tried to step {step} times. The specified number of total steps is "
                f"{self.total_steps}"
            )
        rates = []
        for group in self.optimizer.param_groups:
            start = 0.0
            for i, phase in enumerate(self._schedule_phases):
                end = phase["end_step"]
                if step <= end or i == len(self._schedule_phases) - 1:
                    part = (step - start) / (end - start)
                    rates.append(self._anneal(group[phase["start_lr"]], group[phase["end_lr"]], part))
                    if self.cycle_momentum:
                        first, last = group[phase["start_momentum"]], group[phase["end_momentum"]]
                        _set_momentum(self, group, self._anneal(first, last, part))
                    break
                start = phase["end_step"]
        return rates


def _total_steps(total_steps, epochs, steps_per_epoch):
    if total_steps is not None:
        if total_steps <= 0 or not isinstance(total_steps, int):
            raise ValueError(f"Expected positive integer total_steps, but got {total_steps}")
        return total_steps
    if epochs is None or steps_per_epoch is None:
        raise ValueError(
            "You must define either total_steps OR (epochs AND steps_per_epoch)"
        )
    if not isinstance(epochs, int) or epochs <= 0:
        raise ValueError(f"Expected positive integer epochs, but got {epochs}")
    if not isinstance(steps_per_epoch, int) or steps_per_epoch <= 0:
        raise ValueError(f"Expected positive integer steps_per_epoch, but got {steps_per_epoch}")
    return epochs * steps_per_epoch


class CyclicLR(LRScheduler):
    """Up and down between `base_lr` and `max_lr`, again and again (Smith, 2017).

    `step_size_up` and `step_size_down`: the length of each half; `mode`: "triangular", "triangular2"
    (half as high each time), "exp_range" (`gamma ** step` as high); or `scale_fn` of the cycle's
    number or of the step (`scale_mode`).

    >>> import tidu
    >>> optimizer = tidu.optim.SGD([tidu.zeros(1)], lr=1.0)
    >>> schedule = tidu.optim.lr_scheduler.CyclicLR(
    ...     optimizer, base_lr=0.0, max_lr=1.0, step_size_up=2, cycle_momentum=False
    ... )
    >>> for step in range(5):
    ...     print(step, schedule.get_last_lr())
    ...     optimizer.step()
    ...     schedule.step()
    0 [0.0]
    1 [0.5]
    2 [1.0]
    3 [0.5]
    4 [0.0]
    """

    def __init__(
        self, optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None, mode="triangular",
        gamma=1.0, scale_fn=None, scale_mode="cycle", cycle_momentum=True, base_momentum=0.8,
        max_momentum=0.9, last_epoch=-1,
    ):  # fmt: skip
        self._check_optimizer(optimizer)
        self.optimizer = optimizer
        bases = _per_group("base_lr", base_lr, optimizer)
        if last_epoch == -1:
            for low, group in zip(bases, optimizer.param_groups):
                set_rate(group, "lr", low)
        self.max_lrs = _per_group("max_lr", max_lr, optimizer)
        up = float(step_size_up)
        down = float(step_size_down) if step_size_down is not None else up
        self.total_size, self.step_ratio = up + down, up / (up + down)
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        self.mode, self.gamma, self._scale_fn_custom = mode, gamma, scale_fn
        if scale_fn is not None:
            self.scale_mode = scale_mode
        else:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
                raise ValueError(
                    "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"
                )
            self.use_beta1 = "betas" in optimizer.defaults
            self.base_momentums = _per_group("base_momentum", base_momentum, optimizer)
            self.max_momentums = _per_group("max_momentum", max_momentum, optimizer)
            if last_epoch == -1:
                for high, low, group in zip(
                    self.max_momentums, self.base_momentums, optimizer.param_groups
                ):
                    _set_momentum(self, group, high)
                    group["max_momentum"], group["base_momentum"] = high, low
        super().__init__(optimizer, last_epoch)
        self.base_lrs = bases

    def scale_fn(self, x):
        """How high cycle (or step) number `x` goes."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular2":
            return 1 / (2.0 ** (x - 1))
        return 1.0 if self.mode == "triangular" else self.gamma**x

    def get_lr(self):
        warn_outside_step(self)
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        part = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        rates = [
            low + (high - low) * part * scale for low, high in zip(self.base_lrs, self.max_lrs)
        ]
        if self.cycle_momentum:
            for low, high, group in zip(
                self.base_momentums, self.max_momentums, self.optimizer.param_groups
            ):
                _set_momentum(self, group, high - (high - low) * part * scale)
        return rates
