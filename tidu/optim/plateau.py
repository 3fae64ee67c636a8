"""ReduceLROnPlateau: a lower rate when a metric stops improving."""

from __future__ import annotations

import math
import warnings

from .optimizer import Optimizer
from .schedule import LRScheduler, rates_of, set_rate


class ReduceLROnPlateau(LRScheduler):
    """The rate times `factor` after `patience` steps without improvement of the metric.

    `mode`: "min" or "max"; an improvement is one beyond `threshold` (relative or absolute,
    `threshold_mode`); `cooldown` steps after a reduction do not count.

    >>> import tidu
    >>> optimizer = tidu.optim.SGD([tidu.zeros(1)], lr=1.0)
    >>> schedule = tidu.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, factor=0.5)
    >>> for loss in [1.0, 1.0, 1.0, 1.0]:
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self, optimizer, mode="min", factor=0.1, patience=10, threshold=1e-4, threshold_mode="rel",
        cooldown=0, min_lr=0, eps=1e-8,
    ):  # fmt: skip
        if factor >= 1.0:
            raise ValueError("Factor should be < 1.0.")
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        if mode not in ("min", "max"):
            raise ValueError("mode " + mode + " is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError("threshold mode " + threshold_mode + " is unknown!")
        groups = len(optimizer.param_groups)
        if isinstance(min_lr, (list, tuple)):
            if len(min_lr) != groups:
                raise ValueError(f"expected {groups} min_lrs, got {len(min_lr)}")
            self.default_min_lr = None
            self.min_lrs = list(min_lr)
        else:
            self.default_min_lr = min_lr
            self.min_lrs = [min_lr] * groups
        self.factor, self.optimizer, self.patience = factor, optimizer, patience
        self.cooldown, self.eps, self.last_epoch = cooldown, eps, 0
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self._last_lr = rates_of(optimizer)
        self._reset()

    def _reset(self):
        """Forgets the metrics seen so far."""
        self.best = math.inf if self.mode == "min" else -math.inf
        self.mode_worse = self.best
        self.cooldown_counter = self.num_bad_epochs = 0

    def step(self, metrics, epoch=None):  # type: ignore[override]  # PyTorch's signature
        """Takes the newest value of the metric, and lowers the rates if it is time to."""
        current = float(metrics)
        if epoch is None:
            epoch = self.last_epoch + 1
        else:
            from .schedule import EPOCH_DEPRECATED

            warnings.warn(EPOCH_DEPRECATED, UserWarning, stacklevel=2)
        self.last_epoch = epoch
        if self.is_better(current, self.best):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce_lr(epoch)
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = rates_of(self.optimizer)

    def _reduce_lr(self, epoch):
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(
                    "The number of param groups in the `optimizer` "
                    f"({len(groups)}) differs from when `ReduceLROnPlateau` was initialized "
                    f"({len(self.min_lrs)}), usually due to a new param group being added to the "
                    "optimizer. Please modify the `min_lrs` field to match the length of the "
                    "`optimizer` param groups."
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for i, group in enumerate(groups):
            old = float(group["lr"])
            new = max(old * self.factor, self.min_lrs[i])
            if old - new > self.eps:
                set_rate(group, "lr", new)

    @property
    def in_cooldown(self):
        """Whether the rate was lowered so recently that bad values do not count."""
        return self.cooldown_counter > 0

    def is_better(self, a, best):
        """Whether `a` improves on `best` by more than the threshold."""
        relative, lower = self.threshold_mode == "rel", self.mode == "min"
        if relative:
            return a < best * (1.0 - self.threshold) if lower else a > best * (self.threshold + 1.0)
        return a < best - self.threshold if lower else a > best + self.threshold
