"""One network trained from one seed in both libraries; draws both curves of the loss.

TIDU_DATASETS_MIRROR=... python -m conformance.training --steps 300
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from .libraries import Missing, lookup, subject, subject_name, torch

TARGET = Path(__file__).parent.parent / "docs" / "cifar10_curve.png"


def images() -> tuple[np.ndarray, np.ndarray, str]:
    """CIFAR-10's training images where a mirror of it is named, else patterns of the same shape."""
    if "TIDU_DATASETS_MIRROR" in os.environ:
        try:
            kind = lookup("vision.datasets.CIFAR10")
        except Missing:
            pass
        else:
            with tempfile.TemporaryDirectory() as folder:
                found = kind(folder, train=True, download=True)
            return found.data, np.asarray(found.targets), "CIFAR-10"
    source = np.random.default_rng(0)
    labels = source.integers(0, 10, 20_000)
    patterns = source.uniform(60, 200, (10, 32, 32, 3))
    noise = source.normal(0, 40, (len(labels), 32, 32, 3))
    return (patterns[labels] + noise).clip(0, 255).astype(np.uint8), labels, "made-up images"


class Images:
    """A dataset that makes its tensors in one of the libraries."""

    def __init__(self, library, pixels, labels):
        self.library, self.pixels, self.labels = library, pixels, labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image = np.ascontiguousarray(self.pixels[index].transpose(2, 0, 1))
        return self.library.from_numpy(image).float().div(255), int(self.labels[index])


def network(library):
    """The network of CIFAR-10 tutorials: three convolutions with pooling, two linear layers."""
    nn = library.nn
    return nn.Sequential(
        *(nn.Conv2d(3, 32, 5, padding=2), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 32, 5, padding=2), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 5, padding=2), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(1024, 64), nn.Linear(64, 10)),
    )


def losses(library, pixels, labels, steps: int) -> tuple[list[float], float]:
    """The loss before each step of SGD, and the seconds it took."""
    lookup("utils.data", library), lookup("optim", library)
    library.manual_seed(0)
    model = network(library)
    loss_of = library.nn.CrossEntropyLoss()
    optimizer = library.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    dataset = Images(library, pixels, labels)
    loader = library.utils.data.DataLoader(dataset, batch_size=64, shuffle=True)
    found: list[float] = []
    started = time.perf_counter()
    while len(found) < steps:
        for batch, targets in loader:
            loss = loss_of(model(batch), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            found.append(loss.item())
            if len(found) == steps:
                break
    return found, time.perf_counter() - started


def relative_differences(expected, got) -> np.ndarray:
    """|got - expected| / |expected|, step by step."""
    one, other = np.asarray(expected), np.asarray(got)
    return np.abs(other - one) / np.abs(one)


def draw(expected, got, name: str, target: Path):
    """Both curves above, their relative difference below."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, (above, below) = pyplot.subplots(
        2, 1, figsize=(8, 6), sharex=True, height_ratios=(3, 1), layout="constrained"
    )
    above.plot(expected, color="tab:orange", linewidth=3, alpha=0.6, label="PyTorch")
    above.plot(got, color="tab:blue", linewidth=1, label=subject_name)
    above.set(ylabel="cross-entropy", title=f"{name}: one seed, SGD, lr 0.05, momentum 0.9")
    above.legend()
    below.semilogy(np.maximum(relative_differences(expected, got), 1e-9), color="black")
    below.axhline(1e-3, color="tab:red", linestyle="dashed", linewidth=1)
    below.set(xlabel="step (batches of 64)", ylabel="relative difference")
    figure.savefig(target, dpi=110)


def main(arguments=None) -> int:
    """Trains in both libraries, prints the differences and draws the curves."""
    parser = argparse.ArgumentParser(prog="python -m conformance.training", description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--to", type=Path, default=TARGET, help="where to draw the curves")
    options = parser.parse_args(arguments)
    pixels, labels, name = images()
    expected, seconds = losses(torch, pixels, labels, options.steps)
    got, own_seconds = losses(subject, pixels, labels, options.steps)
    apart = relative_differences(expected, got)
    print(f"{name}: torch {seconds:.1f} s, {subject_name} {own_seconds:.1f} s")
    print(f"first loss {expected[0]:.6f} {got[0]:.6f}; last {expected[-1]:.6f} {got[-1]:.6f}")
    for end in (1, 10, 100, options.steps):
        print(f"largest relative difference in {end} steps: {apart[:end].max():.2e}")
    draw(expected, got, name, options.to)
    print(f"drawn in {options.to}")
    return int(apart[:100].max() >= 1e-3)


if __name__ == "__main__":
    sys.exit(main())
