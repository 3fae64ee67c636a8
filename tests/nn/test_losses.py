"""Losses: weights, ignored classes, older parameters, extremes, nodes, errors."""

import math

import numpy as np
import pytest

import tidu
from tidu import nn
from tidu.nn import functional as F

LOGS = tidu.tensor([[-1.0, -2.0, -4.0], [-3.0, -5.0, -7.0]])
X = tidu.tensor([[0.5, 0.25], [0.75, 0.125]])
WEIGHT = tidu.tensor([1.0, 2.0, 4.0])


@pytest.mark.parametrize(
    ("target", "options", "want"),
    [
        ([2, 1], {}, (4 + 5) / 2),
        ([2, 1], {"weight": WEIGHT}, (16 + 10) / 6),
        ([2, 1], {"ignore_index": 2}, 5),
        ([2, 1], {"weight": WEIGHT, "ignore_index": 1}, 4),
        ([2, 1], {"weight": WEIGHT, "reduction": "none"}, [16, 10]),
        ([2, -100], {"reduction": "sum"}, 4),
        ([-100, -100], {}, math.nan),
    ],
)
def test_nll_weights_and_ignored_classes(target, options, want):
    found = F.nll_loss(LOGS, tidu.tensor(target), **options)
    np.testing.assert_allclose(found.numpy(), want, rtol=1e-6)


def test_what_is_ignored_has_no_gradient_even_where_the_mean_is_nan():
    x = tidu.zeros(2, 3, requires_grad=True)
    F.cross_entropy(x, tidu.tensor([-100, -100])).backward()
    assert x.grad.tolist() == [[0] * 3] * 2


def test_cross_entropy_takes_classes_and_their_probabilities_alike():
    classes = tidu.tensor([[1, 0], [2, 2]])
    x = tidu.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 2)))
    shares = F.one_hot(classes, 3).movedim(-1, 1).double()
    for options in ({}, {"label_smoothing": 0.2}, {"reduction": "sum", "weight": WEIGHT.double()}):
        a, b = F.cross_entropy(x, classes, **options), F.cross_entropy(x, shares, **options)
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12)


def test_extremes():
    huge = tidu.tensor([1000.0, -1000.0])
    assert F.binary_cross_entropy_with_logits(huge, 1 - (huge > 0).float()).item() == 1000
    assert F.binary_cross_entropy(tidu.tensor([0.0]), tidu.tensor([1.0])).item() == 100
    assert F.cross_entropy(huge[None], tidu.tensor([1])).item() == 2000


def test_positive_weight_counts_the_ones():
    zeros, ones = tidu.zeros(2), tidu.tensor([1.0, 0.0])
    found = F.binary_cross_entropy_with_logits(
        zeros, ones, pos_weight=tidu.tensor(3.0), reduction="none"
    )
    np.testing.assert_allclose(found.numpy(), [3 * math.log(2), math.log(2)], rtol=1e-6)


def test_complex_difference():
    found = nn.L1Loss()(tidu.tensor([3 + 4j]), tidu.tensor([0j]))
    assert found.dtype is tidu.float32
    assert found.item() == 5


@pytest.mark.parametrize(
    ("size_average", "reduce", "meant"), [(False, None, "sum"), (True, None, "mean"), (None, False, "none")]
)
def test_older_parameters_warn_and_work(size_average, reduce, meant):
    text = f"size_average and reduce args will be deprecated, please use reduction='{meant}' instead"
    with pytest.warns(UserWarning, match=text):
        layer = nn.MSELoss(size_average=size_average, reduce=reduce)
    assert layer.reduction == meant
    with pytest.warns(UserWarning, match=text):
        found = F.mse_loss(X, X + 1, size_average, reduce)
    assert found.tolist() == F.mse_loss(X, X + 1, reduction=meant).tolist()


@pytest.mark.parametrize(
    ("dtype", "text"),
    [
        (tidu.int64, "result type Float can't be cast to the desired output type Long"),
        (tidu.bool, "Subtraction, the `-` operator, with two bool tensors is not supported"),
    ],
)
def test_logits_need_floating_targets(dtype, text):
    with pytest.raises(RuntimeError, match=text):
        F.binary_cross_entropy_with_logits(X, tidu.ones_like(X, dtype=dtype))


def test_gradient_of_logits_does_not_cancel():
    """Near the minimum it is the difference of close numbers: adding 1 on the way loses digits."""
    x = tidu.tensor([-0.7], requires_grad=True)
    y = tidu.sigmoid(x.detach()) + 2**-24
    F.binary_cross_entropy_with_logits(x, y).backward()
    assert x.grad.item() == (tidu.sigmoid(x) - y).item() != 0


@pytest.mark.parametrize("loss", [F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss])
def test_broadcasting_warns_and_the_gradient_counts_every_element(loss):
    x = tidu.zeros(2, requires_grad=True)
    with pytest.warns(UserWarning, match="Using a target size .* different to the input size"):
        loss(x, tidu.full((3, 2), 5.0)).backward()
    want = {"mse_loss": -5.0}.get(loss.__name__, -0.5)
    assert x.grad.tolist() == [want] * 2


@pytest.mark.parametrize(
    ("loss", "node"),
    [
        (lambda x: F.mse_loss(x, X), "MseLossBackward0"),
        (lambda x: F.cross_entropy(x, tidu.tensor([0, 1])), "NllLossBackward0"),
        (lambda x: F.cross_entropy(x[..., None], tidu.tensor([[0], [1]])), "NllLoss2DBackward0"),
        (lambda x: F.binary_cross_entropy_with_logits(x, X), "BinaryCrossEntropyWithLogitsBackward0"),
        (lambda x: F.smooth_l1_loss(x, X), "SmoothL1LossBackward0"),
    ],
)
def test_nodes(loss, node):
    assert type(loss(X.clone().requires_grad_()).grad_fn).__name__ == node


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: F.mse_loss(X, X, reduction="foo"), ValueError,
         "foo is not a valid value for reduction"),
        (lambda: F.nll_loss(LOGS, tidu.tensor([1])), ValueError,
         "Expected input batch_size (2) to match target batch_size (1)."),
        (lambda: F.nll_loss(LOGS, tidu.tensor([1, 3])), IndexError, "Target 3 is out of bounds."),
        (lambda: F.nll_loss(LOGS, tidu.tensor([1.0, 2.0])), RuntimeError,
         "expected target dtype to be Long or Byte, but got Float"),
        (lambda: F.cross_entropy(LOGS, tidu.tensor([1, 2]), weight=X[0]), RuntimeError,
         "weight tensor should be defined either for all 3 classes or no classes but got weight "
         "tensor of shape: [2]"),
        (lambda: F.cross_entropy(LOGS, tidu.tensor([1, 2]), label_smoothing=2), RuntimeError,
         "label_smoothing must be between 0.0 and 1.0. Got: 2"),
        (lambda: F.binary_cross_entropy(X + 1, X), RuntimeError,
         "all elements of input should be between 0 and 1"),
        (lambda: F.binary_cross_entropy_with_logits(X, X[0]), ValueError,
         "Target size (tidu.Size([2])) must be the same as input size (tidu.Size([2, 2]))"),
        (lambda: F.huber_loss(X, X, delta=0), RuntimeError,
         "huber_loss does not support non-positive values for delta."),
        (lambda: F.multi_margin_loss(X, tidu.tensor([0, 1]), p=3), ValueError,
         "only p == 1 and p == 2 supported"),
        (lambda: F.gaussian_nll_loss(X, X, X - 1), ValueError, "var has negative entry/entries"),
        (lambda: F.binary_cross_entropy(tidu.tensor([float("nan")]), tidu.ones(1)), RuntimeError,
         "all elements of input should be between 0 and 1"),
        (lambda: F.binary_cross_entropy(X.long(), X.long()), NotImplementedError,
         "\"binary_cross_entropy\" not implemented for 'Long'"),
        (lambda: F.binary_cross_entropy_with_logits(X.long(), X), NotImplementedError,
         "\"log_sigmoid_cpu\" not implemented for 'Long'"),
        (lambda: F.mse_loss(X, None), AttributeError, "'NoneType' object has no attribute 'size'"),
        (lambda: F.huber_loss(X.long(), X), RuntimeError,
         "result type Float can't be cast to the desired output type Long"),
        (lambda: F.soft_margin_loss(X.long(), X.long()), RuntimeError,
         "result type Float can't be cast to the desired output type Long"),
        (lambda: F.huber_loss(X.long(), X.long()), NotImplementedError,
         "\"huber_cpu\" not implemented for 'Long'"),
        (lambda: F.multilabel_margin_loss(X.long(), X.long()), NotImplementedError,
         "\"multilabel_margin_loss_forward_out_frame\" not implemented for 'Long'"),
        (lambda: F.hinge_embedding_loss(X, None), TypeError,
         "hinge_embedding_loss(): argument 'target' (position 2) must be Tensor, not NoneType"),
        (lambda: F.cross_entropy(tidu.ones(2, 3), tidu.tensor([0, 1]), [1, 2, 3]), TypeError,
         "cross_entropy_loss(): argument 'weight' (position 3) must be Tensor, not list"),
        (lambda: F.cross_entropy(tidu.ones(2, 3), tidu.tensor([0, 1]), label_smoothing="a"), TypeError,
         "cross_entropy_loss(): argument 'label_smoothing' (position 6) must be float, not str"),
        (lambda: nn.TripletMarginLoss(margin=0), ValueError,
         "TripletMarginLoss: expected margin to be greater than 0, got 0 instead"),
    ],
)  # fmt: skip
def test_errors(call, error, text):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == text


@pytest.mark.parametrize("loss", [F.huber_loss, F.soft_margin_loss])
def test_losses_of_the_inputs_dtype(loss):
    assert loss(X, X.double()).dtype is tidu.float32
    assert loss(X.double(), X).dtype is tidu.float64
    assert loss(X, X.long()).dtype is tidu.float32


def test_no_smoothing_below_zero():
    target = tidu.tensor([1, 2])
    assert F.cross_entropy(LOGS, target, label_smoothing=-1.0).equal(F.cross_entropy(LOGS, target))


def test_a_losss_distance_is_a_module():
    assert "(distance_function): PairwiseDistance()" in repr(nn.TripletMarginWithDistanceLoss())


def test_ctc_is_the_sum_over_all_paths():
    """Against every path of 4 steps through 3 classes, of which 0 is the blank."""
    rng = np.random.default_rng(1)
    logs = tidu.from_numpy(rng.normal(size=(4, 1, 3))).log_softmax(-1)
    for target in ([1], [1, 2], [2, 2], [1, 2, 1], []):
        total = 0.0
        for path in np.ndindex(3, 3, 3, 3):
            spelled = [c for i, c in enumerate(path) if c and (i == 0 or path[i - 1] != c)]
            if spelled == target:
                total += math.exp(sum(logs[t, 0, c].item() for t, c in enumerate(path)))
        found = F.ctc_loss(logs, tidu.tensor([target]).long(), (4,), (len(target),), reduction="sum")
        assert found.item() == pytest.approx(-math.log(total), rel=1e-9)


def test_ctc_gradient_through_log_softmax():
    x = tidu.from_numpy(np.random.default_rng(0).normal(size=(5, 2, 4))).requires_grad_()

    def loss(x):
        logs = x.log_softmax(-1)
        return F.ctc_loss(logs, tidu.tensor([[1, 2], [3, 3]]), (5, 4), (2, 2), reduction="none")

    assert tidu.autograd.gradcheck(loss, (x,))


def test_ctc_target_that_does_not_fit():
    logs = tidu.zeros(2, 1, 3).log_softmax(-1).requires_grad_()
    target = tidu.tensor([[1, 1]])  # needs a blank in between
    assert F.ctc_loss(logs, target, (2,), (2,)).item() == math.inf
    F.ctc_loss(logs, target, (2,), (2,), zero_infinity=True).backward()
    assert logs.grad.abs().sum() == 0
