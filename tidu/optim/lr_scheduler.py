"""Learning-rate schedules: how an optimizer's `lr` changes from step to step.

Most are written, as in PyTorch, by how the rate of this step follows from the rate before ("chainable"),
so that several may act on one optimizer; `_get_closed_form_lr` is the same by the number of steps.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter

from .cycles import CyclicLR, OneCycleLR
from .plateau import ReduceLROnPlateau
from .schedule import LRScheduler, rates_of, set_rate, warn_outside_step

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR",
    "ExponentialLR", "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR",
    "OneCycleLR", "PolynomialLR", "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip

for _class in (CyclicLR, LRScheduler, OneCycleLR, ReduceLROnPlateau):
    _class.__module__ = __name__  # where PyTorch has them, and what their repr shows


class _LRScheduler(LRScheduler):
    """The base class's former name, from which older programs derive."""


class LambdaLR(LRScheduler):
    """The initial rate times `lr_lambda(epoch)`; one function, or one for each group.

    >>> import tidu
    >>> optimizer = tidu.optim.SGD([tidu.zeros(1)], lr=1.0)
    >>> schedule = tidu.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5**epoch)
    >>> for epoch in range(3):
    ...     print(epoch, schedule.get_last_lr())
    ...     optimizer.step()
    ...     schedule.step()
    0 [1.0]
    1 [0.5]
    2 [0.25]
    """

    _product = False

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        self.optimizer = optimizer
        groups = len(optimizer.param_groups)
        if isinstance(lr_lambda, (list, tuple)):
            if len(lr_lambda) != groups:
                raise ValueError(f"Expected {groups} lr_lambdas, but got {len(lr_lambda)}")
            self.lr_lambdas = list(lr_lambda)
        else:
            self.lr_lambdas = [lr_lambda] * groups
        super().__init__(optimizer, last_epoch)

    def state_dict(self):
        """Everything but the optimizer and plain functions, which cannot be saved."""
        state = {k: v for k, v in self.__dict__.items() if k not in ("optimizer", "lr_lambdas")}
        state["lr_lambdas"] = [
            None if hasattr(f, "__code__") else dict(f.__dict__) for f in self.lr_lambdas
        ]
        return state

    def load_state_dict(self, state_dict):
        """Takes over what `state_dict` gave; plain functions stay as they are."""
        state = dict(state_dict)
        for function, saved in zip(self.lr_lambdas, state.pop("lr_lambdas")):
            if saved is not None:
                function.__dict__.update(saved)
        self.__dict__.update(state)

    def get_lr(self):
        warn_outside_step(self)
        return [base * f(self.last_epoch) for f, base in zip(self.lr_lambdas, self.base_lrs)]


class MultiplicativeLR(LambdaLR):
    """The rate before times `lr_lambda(epoch)`; one function, or one for each group.

    >>> import tidu
    >>> optimizer = tidu.optim.SGD([tidu.zeros(1)], lr=1.0)
    >>> schedule = tidu.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 1 / epoch)
    >>> for epoch in range(4):
    ...     print(epoch, round(schedule.get_last_lr()[0], 3))
    ...     optimizer.step()
    ...     schedule.step()
    0 1.0
    1 1.0
    2 0.5
    3 0.167
    """

    def get_lr(self):
        warn_outside_step(self)
        rates = rates_of(self.optimizer)
        if self._is_initial:
            return rates
        return [rate * f(self.last_epoch) for f, rate in zip(self.lr_lambdas, rates)]


class StepLR(LRScheduler):
    """The rate times `gamma` every `step_size` steps.

    >>> import tidu
    >>> optimizer = tidu.optim.SGD([tidu.zeros(1)], lr=1.0)
    >>> schedule = tidu.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for epoch in range(4):
    ...     print(epoch, schedule.get_last_lr())
    ...     optimizer.step()
    ...     schedule.step()
    0 [1.0]
    1 [1.0]
    2 [0.5]
    3 [0.5]
    """

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1):
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        warn_outside_step(self)
        rates = rates_of(self.optimizer)
        if self.last_epoch == 0 or self.last_epoch % self.step_size != 0:
            return rates
        return [rate * self.gamma for rate in rates]

    def _get_closed_form_lr(self):
        return [b * self.gamma ** (self.last_epoch // self.step_size) for b in self.base_lrs]


class MultiStepLR(LRScheduler):
    """The rate times `gamma` at each of the `milestones`, which are numbers of steps.

    >>> import tidu
    >>> optimizer = tidu.optim.SGD([tidu.zeros(1)], lr=1.0)
    >>> schedule = tidu.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[2, 3], gamma=0.5)
    >>> for epoch in range(4):
    ...     print(epoch, schedule.get_last_lr())
    ...     optimizer.step()
    ...     schedule.step()
    0 [1.0]
    1 [1.0]
    2 [0.5]
    3 [0.25]
    """

    def __init__(self, optimizer, milestones, gamma=0.1, last_epoch=-1):
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        warn_outside_step(self)
        rates = rates_of(self.optimizer)
        if self.last_epoch not in self.milestones:
            return rates
        return [rate * self.gamma ** self.milestones[self.last_epoch] for rate in rates]

    def _get_closed_form_lr(self):
        passed = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return [b * self.gamma**passed for b in self.base_lrs]


class ConstantLR(LRScheduler):
    """The rate times `factor` for the first `total_iters` steps.

    Raises ValueError for a factor outside of [0, 1].

    >>> import tidu
    >>> optimizer = tidu.optim.SGD([tidu.zeros(1)], lr=1.0)
    >>> schedule = tidu.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> for epoch in range(4):
    ...     print(epoch, schedule.get_last_lr())
    ...     optimizer.step()
    ...     schedule.step()
    0 [0.5]
    1 [0.5]
    2 [1.0]
    3 [1.0]
    """

    def __init__(self, optimizer, factor=1.0 / 3, total_iters=5, last_epoch=-1):
        if factor > 1.0 or factor < 0:
            raise ValueError("Constant multiplicative factor expected to be between 0 and 1.")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        warn_outside_step(self)
        rates = rates_of(self.optimizer)
        if self.last_epoch == 0:
            return [rate * self.factor for rate in rates]
        if self.last_epoch != self.total_iters:
            return rates
        return [rate * (1.0 / self.factor) for rate in rates]

    def _get_closed_form_lr(self):
        done = self.last_epoch >= self.total_iters
        return [b * (self.factor + done * (1 - self.factor)) for b in self.base_lrs]


class LinearLR(LRScheduler):
    """A factor that goes linearly from `start_factor` to `end_factor` in `total_iters` steps.

    Mostly used to warm up (Goyal et al., 2017). Raises ValueError for factors outside of [0, 1],
    and for a `start_factor` of 0.

    >>> import tidu
    >>> optimizer = tidu.optim.SGD([tidu.zeros(1)], lr=1.0)
    >>> schedule = tidu.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=3)
    >>> for epoch in range(5):
    ...     print(epoch, round(schedule.get_last_lr()[0], 3))
    ...     optimizer.step()
    ...     schedule.step()
    0 0.25
    1 0.5
    2 0.75
    3 1.0
    4 1.0
    """

    def __init__(
        self, optimizer, start_factor=1.0 / 3, end_factor=1.0, total_iters=5, last_epoch=-1
    ):
        if start_factor > 1.0 or start_factor <= 0:
            raise ValueError(
                "Starting multiplicative factor expected to be greater than 0 and less or equal to 1."
            )
        if end_factor > 1.0 or end_factor < 0:
            raise ValueError("Ending multiplicative factor expected to be between 0 and 1.")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        warn_outside_step(self)
        rates = rates_of(self.optimizer)
        if self.last_epoch == 0:
            return [rate * self.start_factor for rate in rates]
        if self._is_initial or self.last_epoch > self.total_iters:
            return rates
        change = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * change
        return [rate * (1.0 + change / before) for rate in rates]

    def _get_closed_form_lr(self):
        change = self.end_factor - self.start_factor
        part = min(self.total_iters, self.last_epoch) / self.total_iters
        return [b * (self.start_factor + change * part) for b in self.base_lrs]


class ExponentialLR(LRScheduler):
    """The rate times `gamma` every step.

    >>> import tidu
    >>> optimizer = tidu.optim.SGD([tidu.zeros(1)], lr=1.0)
    >>> schedule = tidu.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> for epoch in range(3):
    ...     print(epoch, schedule.get_last_lr())
    ...     optimizer.step()
    ...     schedule.step()
    0 [1.0]
    1 [0.5]
    2 [0.25]
    """

    def __init__(self, optimizer, gamma, last_epoch=-1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        warn_outside_step(self)
        rates = rates_of(self.optimizer)
        return rates if self._is_initial else [rate * self.gamma for rate in rates]

    def _get_closed_form_lr(self):
        return [b * self.gamma**self.last_epoch for b in self.base_lrs]


class PolynomialLR(LRScheduler):
    """The rate falls to 0 in `total_iters` steps, as (1 - t / total_iters) ** power.

    >>> import tidu
    >>> optimizer = tidu.optim.SGD([tidu.zeros(1)], lr=1.0)
    >>> schedule = tidu.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4, power=2)
    >>> for epoch in range(5):
    ...     print(epoch, round(schedule.get_last_lr()[0], 4))
    ...     optimizer.step()
    ...     schedule.step()
    0 1.0
    1 0.5625
    2 0.25
    3 0.0625
    4 0.0
    """

    def __init__(self, optimizer, total_iters=5, power=1.0, last_epoch=-1):
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        warn_outside_step(self)
        rates = rates_of(self.optimizer)
        if self._is_initial or self.last_epoch > self.total_iters:
            return rates
        left = 1.0 - self.last_epoch / self.total_iters
        before = 1.0 - (self.last_epoch - 1) / self.total_iters
        return [rate * (left / before) ** self.power for rate in rates]

    def _get_closed_form_lr(self):
        left = 1.0 - min(self.total_iters, self.last_epoch) / self.total_iters
        return [b * left**self.power for b in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the initial rate to `eta_min` in `T_max` steps (Loshchilov, Hutter, 2017).

    After that the rate rises again, as the cosine does.

    >>> import tidu
    >>> optimizer = tidu.optim.SGD([tidu.zeros(1)], lr=1.0)
    >>> schedule = tidu.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    >>> for epoch in range(5):
    ...     print(epoch, round(schedule.get_last_lr()[0], 3))
    ...     optimizer.step()
    ...     schedule.step()
    0 1.0
    1 0.854
    2 0.5
    3 0.146
    4 0.0
    """

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        warn_outside_step(self)
        rates = rates_of(self.optimizer)
        t, low = self.last_epoch, self.eta_min
        if self._is_initial:
            return rates
        if self._step_count == 1 and t > 0:
            return [low + (b - low) * (1 + math.cos(t * math.pi / self.T_max)) / 2 for b in self.base_lrs]
        if (t - 1 - self.T_max) % (2 * self.T_max) == 0:
            turn = (1 - math.cos(math.pi / self.T_max)) / 2
            return [rate + (b - low) * turn for rate, b in zip(rates, self.base_lrs)]
        now = 1 + math.cos(math.pi * t / self.T_max)
        before = 1 + math.cos(math.pi * (t - 1) / self.T_max)
        return [now / before * (rate - low) + low for rate in rates]

    def _get_closed_form_lr(self):
        wave = 1 + math.cos(math.pi * self.last_epoch / self.T_max)
        return [self.eta_min + (b - self.eta_min) * wave / 2 for b in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Cosine annealing that starts anew after T_0 steps, then T_0 * T_mult, ...

    (Loshchilov and Hutter, 2017.) Raises ValueError unless T_0 and T_mult are positive integers.

    >>> import tidu
    >>> optimizer = tidu.optim.SGD([tidu.zeros(1)], lr=1.0)
    >>> schedule = tidu.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> for epoch in range(4):
    ...     print(epoch, round(schedule.get_last_lr()[0], 3))
    ...     optimizer.step()
    ...     schedule.step()
    0 1.0
    1 0.5
    2 1.0
    3 0.5
    """

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1):
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, (float, int)):
            raise ValueError(
                f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}"
            )
        self.T_0 = self.T_i = T_0
        self.T_mult, self.eta_min, self.T_cur = T_mult, eta_min, last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        warn_outside_step(self)
        wave = 1 + math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (b - self.eta_min) * wave / 2 for b in self.base_lrs]

    def step(self, epoch=None):
        """Moves one step on, or to `epoch`, which may be a fraction."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
        else:
            if epoch < 0:
                raise ValueError(f"Expected non-negative epoch, but got {epoch}")
            self.T_cur, self.T_i = epoch, self.T_0
            if epoch >= self.T_0:
                if self.T_mult == 1:
                    self.T_cur = epoch % self.T_0
                else:
                    n = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
                    self.T_cur = epoch - self.T_0 * (self.T_mult**n - 1) / (self.T_mult - 1)
                    self.T_i = self.T_0 * self.T_mult**n
        self.last_epoch = math.floor(epoch)
        self._set(self._next())


def _check_combined(name, schedulers, optimizer):
    """Refuses what cannot be combined: no schedules, or schedules that do not step `optimizer` by count."""
    if len(schedulers) < 1:
        chained = " to be chained" if name == "ChainedScheduler" else ""
        raise ValueError(f"{name} expects at least one scheduler{chained}, but got no scheduler.")
    for i, scheduler in enumerate(schedulers):
        if not hasattr(scheduler, "optimizer"):
            raise TypeError(f"{name} at index {i} should have `optimizer` as its attribute.")
        if isinstance(scheduler, ReduceLROnPlateau):
            raise ValueError(
                f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional "
                f"kwargs to be specified when calling `step`, but got one at index {i} in the "
                "given schedulers sequence."
            )
        if scheduler.optimizer is not optimizer:
            raise ValueError(
                f"{name} expects all schedulers to belong to the same optimizer, but got scheduler "
                f"{type(scheduler).__name__} at index {i} has {scheduler.optimizer}, which is "
                f"different from {type(optimizer).__name__}."
            )


class SequentialLR(LRScheduler):
    """Several schedules, one after the other; `milestones`: where each next one takes over.

    Raises ValueError where the schedules are not one more than the milestones, or act on different
    optimizers.

    >>> import tidu
    >>> optimizer = tidu.optim.SGD([tidu.zeros(1)], lr=1.0)
    >>> warm_up = tidu.optim.lr_scheduler.ConstantLR(optimizer, factor=0.25, total_iters=2)
    >>> decay = tidu.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = tidu.optim.lr_scheduler.SequentialLR(optimizer, [warm_up, decay], milestones=[2])
    >>> for epoch in range(5):
    ...     print(epoch, schedule.get_last_lr())
    ...     optimizer.step()
    ...     schedule.step()
    0 [0.25]
    1 [0.25]
    2 [1.0]
    3 [0.5]
    4 [0.25]
    """

    def __init__(self, optimizer, schedulers, milestones, last_epoch=-1):
        _check_combined(type(self).__name__, schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the "
                f"number of milestone points, but got number of schedulers {len(schedulers)} and the "
                f"number of milestones to be equal to {len(milestones)}"
            )
        self._schedulers, self._milestones = schedulers, milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        # Every schedule set its first rate when it was made; the first one's counts.
        for group in optimizer.param_groups:
            set_rate(group, "lr", group["initial_lr"])
        for scheduler in schedulers:
            scheduler.last_epoch -= 1
        schedulers[0]._initial_step()
        self._last_lr = schedulers[0].get_last_lr()

    def step(self):  # type: ignore[override]  # PyTorch's signature
        """Moves the schedule whose turn it is one step on."""
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[i]
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            _start_anew(scheduler)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def state_dict(self):
        """The state of this and of all schedules in it."""
        return _nested_state(self)

    def load_state_dict(self, state_dict):
        """Takes over what `state_dict` gave."""
        _load_nested(self, state_dict)


def _start_anew(scheduler):
    """Lets a schedule whose turn has come set its first rate."""
    if isinstance(scheduler, (SequentialLR, ChainedScheduler)):
        scheduler.step()
    elif isinstance(scheduler, CosineAnnealingWarmRestarts):
        scheduler.step(0)
    else:
        scheduler._jump(0)


class ChainedScheduler(LRScheduler):
    """Several schedules at once, each on the rate that the one before left.

    Raises ValueError for schedules that act on different optimizers.

    >>> import tidu
    >>> optimizer = tidu.optim.SGD([tidu.zeros(1)], lr=1.0)
    >>> warm_up = tidu.optim.lr_scheduler.ConstantLR(optimizer, factor=0.25, total_iters=2)
    >>> decay = tidu.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = tidu.optim.lr_scheduler.ChainedScheduler([warm_up, decay], optimizer)
    >>> for epoch in range(4):
    ...     print(epoch, schedule.get_last_lr())
    ...     optimizer.step()
    ...     schedule.step()
    0 [0.25]
    1 [0.125]
    2 [0.25]
    3 [0.125]
    """

    def __init__(self, schedulers, optimizer=None):
        if optimizer is None and schedulers:
            optimizer = schedulers[0].optimizer
        _check_combined(type(self).__name__, schedulers, optimizer)
        self._schedulers, self.optimizer = schedulers, optimizer
        self._last_lr = rates_of(optimizer)

    def step(self):  # type: ignore[override]  # PyTorch's signature
        """Moves every schedule one step on."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = rates_of(self.optimizer)

    def state_dict(self):
        """The state of this and of all schedules in it."""
        return _nested_state(self)

    def load_state_dict(self, state_dict):
        """Takes over what `state_dict` gave."""
        _load_nested(self, state_dict)


def _nested_state(scheduler):
    state = {k: v for k, v in scheduler.__dict__.items() if k not in ("optimizer", "_schedulers")}
    state["_schedulers"] = [s.state_dict() for s in scheduler._schedulers]
    return state


def _load_nested(scheduler, state_dict):
    state = dict(state_dict)
    for inner, saved in zip(scheduler._schedulers, state.pop("_schedulers")):
        inner.load_state_dict(saved)
    scheduler.__dict__.update(state)
