"""Transforming a batch at once gives what its images give one by one."""

import numpy as np
import pytest

import tidu
from tidu.vision import transforms as T
from tidu.vision.transforms.batches import transform_batch

Image = pytest.importorskip("PIL.Image")


class Mine(T.ToTensor):
    pass


KNOWN = [
    T.ToTensor(),
    T.Compose([T.ToTensor()]),
    T.Compose([T.ToTensor(), T.Normalize((0.5, 0.4, 0.3), (0.1, 0.2, 0.3))]),
    T.Compose([T.ToTensor(), T.Normalize((0.5,), [0.1])]),
    T.Compose([T.RandomCrop(8, padding=2), T.RandomHorizontalFlip(), T.ToTensor()]),
    T.Compose([T.ToTensor(), T.RandomCrop((3, 8), padding=(1, 0, 2, 3), fill=9)]),
    T.Compose([T.RandomVerticalFlip(), T.Compose([T.RandomCrop(5), T.ToTensor()])]),
    T.Compose([T.RandomCrop((8, 9)), T.ToTensor(), T.RandomVerticalFlip(1)]),
    T.Compose([T.CenterCrop(5), T.ToTensor(), T.CenterCrop((2, 5))]),
]

UNKNOWN = [
    T.RandomHorizontalFlip(),
    T.Normalize((0.5,), (0.5,)),
    Mine(),
    lambda image: image,
    T.Compose([T.ToTensor(), T.ToTensor()]),
    T.Compose([T.Normalize((0.5,), (0.5,)), T.ToTensor()]),
    T.Compose([T.ToTensor(), T.Normalize((0.5, 0.5), (0.5, 0.5))]),
    T.Compose([T.ToTensor(), T.Normalize((0.5,), (1e-60,))]),
    T.Compose([T.RandomCrop(20), T.ToTensor()]),
    T.Compose([T.RandomCrop(4, padding_mode="edge", padding=1), T.ToTensor()]),
    T.Compose([T.RandomCrop(4, pad_if_needed=True), T.ToTensor()]),
    T.Compose([T.RandomCrop(4, padding=-1), T.ToTensor()]),
    T.Compose([T.CenterCrop(20), T.ToTensor()]),
    T.Compose([T.Resize(4), T.ToTensor()]),
    T.Compose([]),
]


@pytest.mark.parametrize("transform", KNOWN, ids=repr)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_batch_is_what_its_images_give(transform, channels):
    batch = np.random.default_rng(0).integers(0, 256, (20, channels, 8, 9), np.uint8)
    if channels == 1 and "0.4" in repr(transform):
        assert transform_batch(transform, batch.copy, batch.shape[1:]) is None
        return
    tidu.manual_seed(1)
    whole = transform_batch(transform, batch.copy, batch.shape[1:])
    drawn = tidu.rand(1).item()
    tidu.manual_seed(1)
    images = [Image.fromarray(np.squeeze(pixels.transpose(1, 2, 0))) for pixels in batch]
    single = tidu.stack([transform(image) for image in images])
    assert tidu.rand(1).item() == drawn
    assert whole.dtype == single.numpy().dtype
    assert whole.flags.c_contiguous
    assert np.array_equal(whole, single.numpy())


@pytest.mark.parametrize("transform", UNKNOWN, ids=lambda t: getattr(t, "__name__", repr(t)))
def test_what_is_not_known_is_neither_read_nor_drawn(transform):
    def read():
        raise AssertionError("read")

    tidu.manual_seed(1)
    expected = tidu.rand(1).item()
    tidu.manual_seed(1)
    assert transform_batch(transform, read, (3, 8, 9)) is None
    assert tidu.rand(1).item() == expected
