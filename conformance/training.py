"""One network trained from one seed in both libraries; draws both curves of the loss.

TIDU_DATASETS_MIRROR=... python -m conformance.training --steps 300

At this learning rate training is chaotic: a difference in the last bit of one product, such as
PyTorch itself has between one thread and two, grows by a fixed factor at each step. In float32 it
passes 1e-3 after some fifty steps, whoever computes; in float64 it would do so after several
hundred. So what shows that both compute the same is float64, and float32 at a fifth of that rate:
the test compares both over 100 steps.

The pixels are scaled to -1..1: from 0..1, as `ToTensor` leaves them, PyTorch's own loss is not
finite any more after some forty steps at this rate, in float64 too.
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

LR, CALM_LR, MOMENTUM, BATCH = 0.05, 0.01, 0.9, 64
STEPS = 100  # that the test compares
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
    kinds, labels = source.integers(0, 10, (2, 20_000))
    patterns = source.uniform(0, 255, (10, 4, 4, 3)).repeat(8, axis=1).repeat(8, axis=2)
    pixels = (patterns[kinds] + source.normal(0, 40, (len(kinds), 32, 32, 3))).clip(0, 255)
    # Half of the labels are at random: what can be learned whole gives no loss to compare.
    labels = np.where(source.random(len(kinds)) < 0.5, kinds, labels)
    return pixels.astype(np.uint8), labels, "made-up images"


class Images:
    """A dataset that makes its tensors in one of the libraries."""

    def __init__(self, library, pixels, labels):
        self.library, self.pixels, self.labels = library, pixels, labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image = np.ascontiguousarray(self.pixels[index].transpose(2, 0, 1))
        return self.library.from_numpy(image).float().div(127.5).sub(1), int(self.labels[index])


def network(library):
    """The network of CIFAR-10 tutorials: three convolutions with pooling, two linear layers."""
    nn = library.nn
    return nn.Sequential(
        *(nn.Conv2d(3, 32, 5, padding=2), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 32, 5, padding=2), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 5, padding=2), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(1024, 64), nn.Linear(64, 10)),
    )


def losses(
    library, data, steps: int, dtype: str = "float32", lr: float = LR
) -> tuple[np.ndarray, float]:
    """The loss before each step of SGD from seed 0, and the seconds that it took."""
    lookup("utils.data", library), lookup("optim", library)
    library.manual_seed(0)
    dtype = getattr(library, dtype)
    model = network(library).to(dtype)
    loss_of = library.nn.CrossEntropyLoss()
    optimizer = library.optim.SGD(model.parameters(), lr=lr, momentum=MOMENTUM)
    dataset = Images(library, *data)
    loader = library.utils.data.DataLoader(dataset, batch_size=BATCH, shuffle=True)
    found: list[float] = []
    started = time.perf_counter()
    while len(found) < steps:
        for batch, targets in loader:
            loss = loss_of(model(batch.to(dtype)), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            found.append(loss.item())
            if len(found) == steps:
                break
    return np.array(found), time.perf_counter() - started


def relative_differences(expected: np.ndarray, got: np.ndarray) -> np.ndarray:
    """|got - expected| / |expected|, step by step."""
    return np.abs(got - expected) / np.abs(expected)


def draw(expected, got, apart: dict[str, np.ndarray], title: str, target: Path):
    """Both curves above; below, the relative differences by name."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, (above, below) = pyplot.subplots(
        2, 1, figsize=(8, 7), sharex=True, height_ratios=(3, 2), layout="constrained"
    )
    above.plot(expected, color="tab:orange", linewidth=3, alpha=0.6, label="PyTorch")
    above.plot(got, color="tab:blue", linewidth=1, label=subject_name)
    above.set(ylabel="cross-entropy", title=title)
    above.legend()
    for (label, values), color in zip(
        apart.items(), ("tab:blue", "tab:orange", "tab:green"), strict=True
    ):
        below.semilogy(np.maximum(values, 1e-17), color=color, linewidth=1, label=label)
    below.axhline(1e-3, color="black", linestyle="dashed", linewidth=1)
    below.set(xlabel=f"step (batches of {BATCH})", ylabel="relative difference")
    below.legend(fontsize="small")
    figure.savefig(target, dpi=110)


def main(arguments=None) -> int:
    """Trains in both libraries, prints the differences and draws the curves."""
    parser = argparse.ArgumentParser(prog="python -m conformance.training", description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--to", type=Path, default=TARGET, help="where to draw the curves")
    options = parser.parse_args(arguments)
    *data, name = images()
    torch.set_num_threads(1)
    again, _ = losses(torch, data, options.steps)
    torch.set_num_threads(2)
    expected, seconds = losses(torch, data, options.steps)
    got, own_seconds = losses(subject, data, options.steps)
    doubles = [losses(side, data, STEPS, "float64")[0] for side in (torch, subject)]
    apart = {
        f"float32: {subject_name} and PyTorch": relative_differences(expected, got),
        "float32: PyTorch with 2 threads and with 1": relative_differences(expected, again),
        f"float64: {subject_name} and PyTorch": relative_differences(*doubles),
    }
    print(f"{name}: torch {seconds:.1f} s, {subject_name} {own_seconds:.1f} s")
    print(f"first loss {expected[0]:.6f} {got[0]:.6f}; last {expected[-1]:.6f} {got[-1]:.6f}")
    print("largest relative difference in the first 1, 10, 30, 100 and all steps")
    for label, values in apart.items():
        largest = (f"{values[:end].max():.1e}" for end in (1, 10, 30, 100, None))
        print(f"  {label:44}", *largest)
    title = f"{name}, one seed: SGD, lr {LR}, momentum {MOMENTUM}"
    draw(expected, got, apart, title, options.to)
    print(f"drawn in {options.to}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
