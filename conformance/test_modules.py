"""Layers that agree with torch; the list only grows."""

from __future__ import annotations

import pytest

from .collect import by_name

LAYERS = """
    Linear Bilinear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d
    MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d
    AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d
    AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d
    BatchNorm1d BatchNorm2d BatchNorm3d LayerNorm GroupNorm RMSNorm
    InstanceNorm1d InstanceNorm2d InstanceNorm3d Embedding
    CELU ELU GELU GLU Hardshrink Hardswish Hardtanh LeakyReLU LogSigmoid Mish PReLU ReLU ReLU6
    SELU SiLU Sigmoid Softplus Softshrink Softsign Tanh Tanhshrink Threshold
    Softmax Softmin LogSoftmax
    L1Loss MSELoss CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss SmoothL1Loss HuberLoss
    KLDivLoss
"""


@pytest.mark.parametrize("aspect", ["initial", "training", "evaluation"])
def test_layers(collected, aspect):
    found = by_name(collected.modules, aspect)
    wrong = {}
    for name in LAYERS.split():
        bad = [r for r in found.get(f"nn.{name}", []) if r.status != "agrees"]
        if bad or f"nn.{name}" not in found:
            wrong[name] = bad[0].reason if bad else "not compared"
    assert not wrong
