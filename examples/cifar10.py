"""Train a convolutional network on CIFAR-10, with checkpoints that resume exactly.

    python examples/cifar10.py --epochs 10 --lr 0.01
    python examples/cifar10.py --epochs 20 --resume checkpoints/cifar10.pt

The images (60,000 of 32x32 pixels in ten classes, about 170 MB) are downloaded on first use into
--data, or taken from there if they are there already. With --mirror, they come from a folder or
URL that holds cifar-10-python.tar.gz and its MD5SUMS. To run this under PyTorch, change the four
import lines.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import tidu as torch
from tidu import nn
from tidu.utils.data import DataLoader
from tidu.vision import datasets, transforms


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model1 = nn.Sequential(
            nn.Conv2d(3, 32, 5, padding=2),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 32, 5, padding=2),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 5, padding=2),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(1024, 64),
            nn.Linear(64, 10),
        )

    def forward(self, x):
        return self.model1(x)


class Run:
    """A network in training: everything that has to come back for a run to go on as if unbroken."""

    def __init__(self, lr: float, momentum: float) -> None:
        self.network = Network()
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=lr, momentum=momentum)
        self.loss_function = nn.CrossEntropyLoss()
        self.epoch = 0  # how many are done

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        checkpoint = {
            "epoch": self.epoch,
            "model": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            # Without it the next epoch would be shuffled differently than in an unbroken run.
            "rng": torch.get_rng_state(),
        }
        torch.save(checkpoint, path)

    def resume(self, path: Path) -> None:
        checkpoint = torch.load(path)
        self.epoch = checkpoint["epoch"]
        self.network.load_state_dict(checkpoint["model"])
        self.optimizer.load_state_dict(checkpoint["optimizer"])
        torch.set_rng_state(checkpoint["rng"])

    def train_epoch(self, loader: DataLoader, max_steps: int | None = None) -> None:
        """Go through the data once, or stop after `max_steps`."""
        self.network.train()
        steps = len(loader) if max_steps is None else min(len(loader), max_steps)
        start, total = time.perf_counter(), 0.0
        for step, (images, labels) in enumerate(loader, 1):
            self.optimizer.zero_grad()
            loss = self.loss_function(self.network(images), labels)
            loss.backward()
            self.optimizer.step()
            total += loss.item()
            if step % 50 == 0 or step == steps:
                seconds = time.perf_counter() - start
                print(
                    f"  step {step}/{steps}  mean loss {total / step:.4f}  "
                    f"{seconds:.0f} s, {seconds / step * (steps - step):.0f} s to go",
                    flush=True,
                )
            if step == steps:
                break
        self.epoch += 1

    @torch.no_grad()
    def evaluate(self, loader: DataLoader) -> tuple[float, float]:
        """Return the mean loss and the share of images classified right."""
        self.network.eval()
        loss = right = count = 0.0
        for images, labels in loader:
            scores = self.network(images)
            loss += self.loss_function(scores, labels).item() * len(labels)
            right += (scores.argmax(dim=1) == labels).sum().item()
            count += len(labels)
        return loss / count, right / count


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a convolutional network on CIFAR-10.")
    parser.add_argument("--data", default="data", help="folder of the data set (default: data)")
    parser.add_argument("--mirror", help="folder or URL to take the archive from")
    parser.add_argument("--epochs", type=int, default=10, help="in all, those resumed included")
    parser.add_argument("--lr", type=float, default=0.01, help="learning rate (default 0.01)")
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps-per-epoch", type=int, help="stop early, for a quick look")
    parser.add_argument("--resume", type=Path, help="checkpoint to go on from")
    parser.add_argument("--save", type=Path, default=Path("checkpoints/cifar10.pt"))
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    if options.mirror:
        os.environ["TIDU_DATASETS_MIRROR"] = options.mirror
    to_tensor = transforms.ToTensor()
    training = datasets.CIFAR10(options.data, train=True, transform=to_tensor, download=True)
    held_out = datasets.CIFAR10(options.data, train=False, transform=to_tensor, download=True)

    torch.manual_seed(options.seed)
    training_loader = DataLoader(training, batch_size=options.batch_size, shuffle=True)
    held_out_loader = DataLoader(held_out, batch_size=256)

    run = Run(options.lr, options.momentum)
    if options.resume:
        run.resume(options.resume)
        print(f"resumed from {options.resume} after epoch {run.epoch}")
    while run.epoch < options.epochs:
        print(f"epoch {run.epoch + 1} of {options.epochs}")
        run.train_epoch(training_loader, options.steps_per_epoch)
        loss, accuracy = run.evaluate(held_out_loader)
        run.save(options.save)
        print(f"  held out: loss {loss:.4f}, {accuracy:.2%} right; saved to {options.save}")


if __name__ == "__main__":
    main()
