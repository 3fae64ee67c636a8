"""Learn to read handwritten digits in a few seconds, then look at what a gradient is.

    python examples/digits.py [--epochs 12] [--lr 0.05] [--seed 0] [--plot digits-loss.png]

Trains a small convolutional network on the 1,797 scans that come with tidu, tests it on the fifth
of them that it never saw, and draws the loss. To run it under PyTorch, change the import lines and
take the digits from elsewhere; the rest is the same.
"""

from __future__ import annotations

import argparse
import sys
import time

import tidu as torch
from tidu import nn
from tidu.utils.data import DataLoader
from tidu.vision.datasets import Digits


def make_network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),  # 8x8 pixels, 16 features of each
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),  # 4x4
        nn.Conv2d(16, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),  # 2x2
        nn.Flatten(),
        nn.Linear(32 * 2 * 2, 10),  # one score a digit
    )


def progress(epochs: int):
    """Count epochs on the screen: with tqdm where it is installed, plainly otherwise."""
    try:
        from tqdm import tqdm
    except ImportError:
        return PlainProgress(epochs)
    return tqdm(range(epochs), unit="epoch")


class PlainProgress:
    """The part of tqdm's interface that `train` uses, on one line that rewrites itself."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.done = 0

    def __iter__(self):
        for epoch in range(self.epochs):
            yield epoch
            self.done = epoch + 1
        print(file=sys.stderr)

    def set_postfix(self, **values: str) -> None:
        shown = ", ".join(f"{name}={value}" for name, value in values.items())
        print(f"\repoch {self.done + 1}/{self.epochs}  {shown}", end="", file=sys.stderr)


def train(network: nn.Module, data: Digits, epochs: int, lr: float) -> list[float]:
    """Return the loss of every step."""
    loader = DataLoader(data, batch_size=64, shuffle=True)
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(network.parameters(), lr=lr, momentum=0.9)
    losses: list[float] = []
    network.train()
    bar = progress(epochs)
    for _ in bar:
        for images, labels in loader:
            optimizer.zero_grad()
            loss = loss_function(network(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        bar.set_postfix(loss=f"{sum(losses[-len(loader) :]) / len(loader):.4f}")
    return losses


@torch.no_grad()
def predict(network: nn.Module, data: Digits):
    """Return the images, their labels and what the network says they are, all as tensors."""
    network.eval()
    images, labels = next(iter(DataLoader(data, batch_size=len(data))))
    return images, labels, network(images).argmax(dim=1)


def draw(image) -> list[str]:
    """One string a row of pixels; the darker the ink, the fuller the character."""
    inks = " .:-=+*#%@"
    return ["".join(inks[round(pixel * 9)] * 2 for pixel in row) for row in image.tolist()]


def show_predictions(images, labels, predictions, count: int = 4) -> None:
    """Draw the first digits side by side, with a mistake among them where there is one."""
    wrong = (predictions != labels).nonzero().flatten().tolist()
    chosen = sorted({*range(count - 1), wrong[0] if wrong else count - 1})
    for rows in zip(*(draw(images[i, 0]) for i in chosen), strict=True):
        print("  " + "   ".join(rows))
    captions = [f"read as {predictions[i]}, is {labels[i]}" for i in chosen]
    print("  " + "   ".join(caption.center(16) for caption in captions))


def save_curve(losses: list[float], path: str) -> None:
    try:
        import matplotlib
    except ImportError:
        print("loss curve: not drawn, matplotlib is not installed (pip install 'tidu[plot]')")
        return
    matplotlib.use("agg")  # draws into a file; a screen is not needed
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4))
    axes.plot(losses)
    axes.set(title="Reading digits", xlabel="step", ylabel="cross-entropy", yscale="log")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120, bbox_inches="tight")
    plt.close(figure)
    print(f"loss curve: {path}")


def show_graph(node, depth: int = 0) -> None:
    """Print a computation's graph from its result back to its inputs."""
    value = f"  <- requires grad, holds {node.variable.item()}" if hasattr(node, "variable") else ""
    print("  " + "    " * depth + node.name() + value)
    for parent, _ in node.next_functions:
        if parent is not None:
            show_graph(parent, depth + 1)


def show_gradient() -> None:
    print("\nA gradient in two lines:\n")
    print("  w = torch.tensor(3., requires_grad=True)")
    print("  loss = (w * 2 - 4) ** 2")
    w = torch.tensor(3.0, requires_grad=True)
    loss = (w * 2 - 4) ** 2
    graph = loss.grad_fn
    print(f"\n  loss: {loss}\n\nThe graph that made it, from the result back to w:\n")
    show_graph(graph)
    loss.backward()
    print("\nloss.backward() walks it and leaves d loss / d w = 2 (2w - 4) 2 in w.grad:\n")
    print(f"  w.grad: {w.grad}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a small network on handwritten digits.")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--lr", type=float, default=0.05, help="learning rate (default 0.05)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plot", default="digits-loss.png", help="where the loss curve goes")
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    training, held_out = Digits(train=True), Digits(train=False)
    network = make_network()
    size = sum(parameter.numel() for parameter in network.parameters())
    print(f"{len(training)} digits to learn from, {len(held_out)} held out, {size:,} parameters")

    start = time.perf_counter()
    losses = train(network, training, options.epochs, options.lr)
    images, labels, predictions = predict(network, held_out)
    right = (predictions == labels).sum().item()
    print(f"{right} of {len(held_out)} held-out digits read right: {right / len(held_out):.1%},")
    print(f"after {len(losses)} steps in {time.perf_counter() - start:.1f} s")
    save_curve(losses, options.plot)
    print()
    show_predictions(images, labels, predictions)
    show_gradient()


if __name__ == "__main__":
    main()
