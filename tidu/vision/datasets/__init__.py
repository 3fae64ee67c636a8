"""Datasets of images, downloaded on request or shipped with the package."""

from __future__ import annotations

from tidu.vision.datasets.cifar import CIFAR10, CIFAR100
from tidu.vision.datasets.digits import Digits
from tidu.vision.datasets.folder import DatasetFolder, ImageFolder
from tidu.vision.datasets.mnist import MNIST, FashionMNIST
from tidu.vision.datasets.vision import VisionDataset

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "MNIST",
    "DatasetFolder",
    "Digits",
    "FashionMNIST",
    "ImageFolder",
    "VisionDataset",
]
