"""Losses as layers; the functions of `nn.functional` say what each computes."""

from __future__ import annotations

from .. import functional as F
from ..functional.loss import legacy_reduction
from .distance import PairwiseDistance
from .module import Module


class _Loss(Module):
    __constants__ = ["reduction"]

    def __init__(self, size_average=None, reduce=None, reduction="mean"):
        super().__init__()
        if size_average is not None or reduce is not None:
            reduction = legacy_reduction(size_average, reduce)
        self.reduction = reduction


class _WeightedLoss(_Loss):
    def __init__(self, weight=None, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class L1Loss(_Loss):
    """The mean absolute difference, of real and complex numbers.

    Shapes: input and target (*) to (), in their unit; `reduction="none"` keeps (*).

    >>> import tidu
    >>> tidu.nn.L1Loss()(tidu.tensor([1.0, 2.0]), tidu.tensor([1.0, 5.0]))
    tensor(1.5000)
    """

    def forward(self, input, target):
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(_Loss):
    """The mean squared difference.

    Shapes: input and target (*), floating point, to (), in their unit squared; `reduction="none"`
    keeps (*).

    >>> import tidu
    >>> tidu.nn.MSELoss()(tidu.tensor([1.0, 2.0]), tidu.tensor([1.0, 5.0]))
    tensor(4.5000)
    """

    def forward(self, input, target):
        return F.mse_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """The absolute difference less beta / 2; within `beta` the square over 2 * beta instead.

    (Girshick, Fast R-CNN, 2015.) Shapes: input and target (*), floating point, to (), or (*) with
    `reduction="none"`. Calling it raises RuntimeError if beta is negative.

    >>> import tidu
    >>> loss = tidu.nn.SmoothL1Loss(reduction="none")
    >>> loss(tidu.tensor([0.0, 0.0]), tidu.tensor([0.5, 3.0]))  # 0.5 ** 2 / 2, 3 - 1 / 2
    tensor([0.1250, 2.5000])
    """

    def __init__(self, size_average=None, reduce=None, reduction="mean", beta=1.0):
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input, target):
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """Half the squared difference; from `delta` on it grows linearly.

    (Huber, 1964.) Shapes: input and target (*), floating point, to (), or (*) with
    `reduction="none"`. Calling it raises RuntimeError unless delta is positive.

    >>> import tidu
    >>> loss = tidu.nn.HuberLoss(reduction="none", delta=2.0)
    >>> loss(tidu.tensor([0.0, 0.0]), tidu.tensor([1.0, 5.0]))  # 1 ** 2 / 2, 2 * (5 - 2 / 2)
    tensor([0.5000, 8.0000])
    """

    __constants__ = ["reduction", "delta"]

    def __init__(self, reduction="mean", delta=1.0):
        super().__init__(reduction=reduction)
        if not isinstance(delta, (int, float)):
            raise TypeError(f"delta must be a float or int, got: {type(delta)}")
        self.delta = delta

    def forward(self, input, target):
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class SoftMarginLoss(_Loss):
    """log(1 + exp(-target * input)) for targets of 1 or -1.

    Shapes: input and target (*) to (), or (*) with `reduction="none"`.

    >>> import tidu
    >>> tidu.nn.SoftMarginLoss()(tidu.zeros(2), tidu.tensor([1.0, -1.0]))  # log(2)
    tensor(0.6931)
    """

    def forward(self, input, target):
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class BCELoss(_WeightedLoss):
    """-(target * log(input) + (1 - target) * log(1 - input)): both are probabilities.

    Shapes: input and target (*), floating point, to (), or (*) with `reduction="none"`. Calling it
    raises RuntimeError if an input is outside [0, 1], and ValueError if the shapes differ.
    Logarithms count as at least -100.

    >>> import tidu
    >>> loss = tidu.nn.BCELoss(reduction="none")
    >>> loss(tidu.tensor([0.25, 0.25]), tidu.tensor([1.0, 0.0]))  # -log(0.25), -log(0.75)
    tensor([1.3863, 0.2877])
    """

    def forward(self, input, target):
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """`BCELoss` of sigmoid(input), computed without overflow.

    Shapes: input and target (*), floating point, to (), or (*) with `reduction="none"`.
    `pos_weight` multiplies what the targets of 1 contribute. Calling it raises ValueError if the
    shapes differ.

    >>> import tidu
    >>> tidu.nn.BCEWithLogitsLoss()(tidu.zeros(2), tidu.ones(2))  # -log(0.5)
    tensor(0.6931)
    """

    def __init__(
        self, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None
    ):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input, target):
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )


class KLDivLoss(_Loss):
    """target * (log(target) - input), for log-probabilities `input`; see `F.kl_div`.

    Shapes: input and target (*) to (), or (*) with `reduction="none"`. (Kullback and Leibler, 1951:
    their divergence is what `reduction="batchmean"` gives, the mean over the first dimension only.)

    >>> import tidu
    >>> loss = tidu.nn.KLDivLoss(reduction="batchmean")
    >>> loss(tidu.tensor([[0.5, 0.5]]).log(), tidu.tensor([[1.0, 0.0]]))  # log(1) - log(0.5)
    tensor(0.6931)
    """

    def __init__(self, size_average=None, reduce=None, reduction="mean", log_target=False):
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input, target):
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class GaussianNLLLoss(_Loss):
    """A normal distribution's -log density at the target: mean `input`, variance `var`.

    (log(var) + (input - target) ** 2 / var) / 2 (Nix and Weigend, 1994); `full` adds log(2 pi) / 2.
    Shapes: input and target (*) to (), or (*) with `reduction="none"`; `var` (*), or its last size
    1 or left out, or a number. Calling it raises ValueError if a variance is negative.

    >>> import tidu
    >>> mean, target, var = tidu.tensor([1.0]), tidu.tensor([3.0]), tidu.tensor([1.0])
    >>> tidu.nn.GaussianNLLLoss()(mean, target, var)  # (0 + 2 ** 2 / 1) / 2
    tensor(2.)
    """

    __constants__ = ["full", "eps", "reduction"]

    def __init__(self, *, full=False, eps=1e-6, reduction="mean"):
        super().__init__(reduction=reduction)
        self.full, self.eps = full, eps

    def forward(self, input, target, var):
        return F.gaussian_nll_loss(
            input, target, var, full=self.full, eps=self.eps, reduction=self.reduction
        )


class PoissonNLLLoss(_Loss):
    """A Poisson distribution's -log probability of the target; `input` is the rate's logarithm.

    exp(input) - target * input, less a term without the input, which `full` adds;
    `log_input=False`: the input is the rate itself. Shapes: (*) and (*) to (), or (*) with
    `reduction="none"`.

    >>> import tidu
    >>> tidu.nn.PoissonNLLLoss()(tidu.zeros(1), tidu.tensor([3.0]))  # exp(0) - 3 * 0
    tensor(1.)
    """

    __constants__ = ["log_input", "full", "eps", "reduction"]

    def __init__(
        self, log_input=True, full=False, size_average=None, eps=1e-8, reduce=None, reduction="mean"
    ):
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, log_input, target):
        return F.poisson_nll_loss(
            log_input, target, log_input=self.log_input, full=self.full, eps=self.eps,
            reduction=self.reduction,
        )  # fmt: skip


class _MarginLoss(_Loss):
    __constants__ = ["margin", "reduction"]
    default_margin = 0.0

    def __init__(self, margin=None, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self.margin = self.default_margin if margin is None else margin


class HingeEmbeddingLoss(_MarginLoss):
    """The input where the target is 1, max(0, margin - input) where it is -1.

    Shapes: input and target (*) to (), or (*) with `reduction="none"`.

    >>> import tidu
    >>> loss = tidu.nn.HingeEmbeddingLoss(reduction="none")
    >>> loss(tidu.tensor([0.25, 0.25, 4.0]), tidu.tensor([1, -1, -1]))
    tensor([0.2500, 0.7500, 0.0000])
    """

    default_margin = 1.0

    def forward(self, input, target):
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(_MarginLoss):
    """max(0, -target * (input1 - input2) + margin): target 1 if input1 should be the larger.

    Target -1 if it should be the smaller. Shapes: three of (N) to (), or (N) with
    `reduction="none"`.

    >>> import tidu
    >>> first, second = tidu.tensor([3.0, 1.0]), tidu.tensor([1.0, 2.0])
    >>> tidu.nn.MarginRankingLoss(reduction="none")(first, second, tidu.tensor([1, 1]))
    tensor([0., 1.])
    """

    def forward(self, input1, input2, target):
        return F.margin_ranking_loss(
            input1, input2, target, margin=self.margin, reduction=self.reduction
        )


class CosineEmbeddingLoss(_MarginLoss):
    """1 - cosine where the target is 1, max(0, cosine - margin) where it is -1.

    Shapes: two of (N, D) and a target (N) to (), or (N) with `reduction="none"`; or all without N.

    >>> import tidu
    >>> right, up = tidu.tensor([[1.0, 0.0]]), tidu.tensor([[0.0, 1.0]])
    >>> loss = tidu.nn.CosineEmbeddingLoss()
    >>> loss(right, up, tidu.tensor([1])), loss(right, up, tidu.tensor([-1]))
    (tensor(1.), tensor(0.))
    """

    def forward(self, input1, input2, target):
        return F.cosine_embedding_loss(
            input1, input2, target, margin=self.margin, reduction=self.reduction
        )


class TripletMarginLoss(_Loss):
    """max(0, distance to the positive - distance to the negative + margin).

    (Balntas et al., 2016.) Shapes: three of (N, D) to (), or (N) with `reduction="none"`; or all
    without N. `swap` takes the negative's distance to the positive if that is less. Raises
    ValueError unless the margin is positive.

    >>> import tidu
    >>> anchor, positive, negative = tidu.tensor([[[0., 0.]], [[3., 4.]], [[4., 0.]]])
    >>> tidu.nn.TripletMarginLoss()(anchor, positive, negative)  # 5 - 4 + 1
    tensor(2.0000)
    """

    __constants__ = ["margin", "p", "eps", "swap", "reduction"]

    def __init__(
        self, margin=1.0, p=2.0, eps=1e-6, swap=False, size_average=None, reduce=None,
        reduction="mean",
    ):  # fmt: skip
        super().__init__(size_average, reduce, reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginLoss: expected margin to be greater than 0, got {margin} instead")
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor, positive, negative):
        return F.triplet_margin_loss(
            anchor, positive, negative, margin=self.margin, p=self.p, eps=self.eps, swap=self.swap,
            reduction=self.reduction,
        )  # fmt: skip


class TripletMarginWithDistanceLoss(_Loss):
    """`TripletMarginLoss` with a distance of one's own (default: `PairwiseDistance`).

    `distance_function` takes two tensors (N, *) and gives their distances (N).

    >>> import tidu
    >>> anchor, positive, negative = tidu.tensor([[[0., 0.]], [[3., 4.]], [[4., 0.]]])
    >>> blocks = tidu.nn.TripletMarginWithDistanceLoss(
    ...     distance_function=lambda a, b: (a - b).abs().sum(-1)
    ... )
    >>> blocks(anchor, positive, negative)  # 7 - 4 + 1
    tensor(4.)
    """

    __constants__ = ["margin", "swap", "reduction"]

    def __init__(self, *, distance_function=None, margin=1.0, swap=False, reduction="mean"):
        super().__init__(reduction=reduction)
        if margin <= 0:
            raise ValueError(
                "TripletMarginWithDistanceLoss: expected margin to be greater than 0, got "
                f"{margin} instead"
            )
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin, self.swap = margin, swap

    def forward(self, anchor, positive, negative):
        return F.triplet_margin_with_distance_loss(
            anchor, positive, negative, distance_function=self.distance_function,
            margin=self.margin, swap=self.swap, reduction=self.reduction,
        )  # fmt: skip


class MultiMarginLoss(_WeightedLoss):
    """The mean over classes of max(0, margin - input[target] + input[class]) ** p.

    The target's own class counts as 0. Shapes: input (N, C), target (N) of class numbers (int64),
    to (), or (N) with `reduction="none"`; or both without N. Raises ValueError unless p is 1 or 2.

    >>> import tidu
    >>> loss = tidu.nn.MultiMarginLoss()
    >>> loss(tidu.tensor([[1.0, 2.0, 4.0]]), tidu.tensor([1]))  # (max(0, 0) + max(0, 3)) / 3
    tensor(1.)
    """

    __constants__ = ["p", "margin", "reduction"]

    def __init__(
        self, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction="mean"
    ):
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        if weight is not None and weight.dim() != 1:
            raise ValueError(
                f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.dim()}D instead"
            )
        self.p, self.margin = p, margin

    def forward(self, input, target):
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight,
            reduction=self.reduction,
        )  # fmt: skip


class MultiLabelMarginLoss(_Loss):
    """The mean over classes of max(0, 1 - input[label] + input[class]), summed over labels.

    Classes that are labels count as 0. Shapes: input (N, C), target (N, C) of int64, to (), or (N)
    with `reduction="none"`; or both without N. A row of the target lists its labels; the first -1
    ends them.

    >>> import tidu
    >>> loss = tidu.nn.MultiLabelMarginLoss()
    >>> loss(tidu.tensor([[4.0, 2.0, 6.0]]), tidu.tensor([[0, -1, -1]]))  # (0 + 1 - 4 + 6) / 3
    tensor(1.)
    """

    def forward(self, input, target):
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """`BCEWithLogitsLoss`, averaged over the classes.

    Shapes: input and target (N, C) to (), or (N) with `reduction="none"`.

    >>> import tidu
    >>> loss = tidu.nn.MultiLabelSoftMarginLoss(reduction="none")
    >>> loss(tidu.zeros(2, 4), tidu.ones(2, 4))  # -log(0.5)
    tensor([0.6931, 0.6931])
    """

    def forward(self, input, target):
        return F.multilabel_soft_margin_loss(
            input, target, weight=self.weight, reduction=self.reduction
        )


class NLLLoss(_WeightedLoss):
    """Minus the log-probability of the target's class: input (N, C, ...), target (N, ...).

    The target holds class numbers (int64); those of `ignore_index` do not count. With `weight` (C)
    the mean is a weighted one. Calling it raises IndexError for a class that is not there.

    >>> import tidu
    >>> log_probs = tidu.tensor([[0.25, 0.75]]).log()
    >>> tidu.nn.NLLLoss()(log_probs, tidu.tensor([0]))  # -log(0.25)
    tensor(1.3863)
    """

    __constants__ = ["ignore_index", "reduction"]

    def __init__(
        self, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input, target):
        return F.nll_loss(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


class CrossEntropyLoss(_WeightedLoss):
    """-log softmax(input) at the target: input (N, C, ...) or (C).

    Target: classes (N, ...), or probabilities of the input's shape. The result is (), or with
    `reduction="none"` has the shape of class targets. Classes are int64; one that is not there
    raises IndexError, one equal to `ignore_index` does not count.

    >>> import tidu
    >>> tidu.nn.CrossEntropyLoss()(tidu.zeros(1, 4), tidu.tensor([1]))  # -log(1 / 4)
    tensor(1.3863)
    >>> tidu.nn.CrossEntropyLoss()(tidu.tensor([[0.1, 0.2, 0.3]]), tidu.tensor([1]))
    tensor(1.1019)
    """

    __constants__ = ["ignore_index", "reduction", "label_smoothing"]

    def __init__(
        self, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean",
        label_smoothing=0.0,
    ):  # fmt: skip
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input, target):
        return F.cross_entropy(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )  # fmt: skip


class CTCLoss(_Loss):
    """-log of the probability that log-probabilities (T, N, C) spell the targets (N, S).

    Summed over all ways to spread the labels over time, with blanks between (Graves et al., 2006).
    The mean divides each by its target's length first. Lengths: (N), or numbers.

    >>> import tidu
    >>> log_probs = tidu.zeros(2, 1, 2).log_softmax(-1)
    >>> tidu.nn.CTCLoss()(log_probs, tidu.tensor([[1]]), (2,), (1,))  # 11, 10, 01: -log(3 / 4)
    tensor(0.2877)
    """

    __constants__ = ["blank", "reduction"]

    def __init__(self, blank=0, reduction="mean", zero_infinity=False):
        super().__init__(reduction=reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(self, log_probs, targets, input_lengths, target_lengths):
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction,
            self.zero_infinity,
        )  # fmt: skip
