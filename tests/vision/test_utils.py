"""Grids of images."""

import numpy as np
import pytest

import tidu
from tidu.vision.utils import make_grid, save_image


def test_a_grid_has_images_in_rows_and_borders_around_them():
    images = tidu.arange(1.0, 6.0).view(5, 1, 1, 1).expand(5, 1, 2, 3)
    grid = make_grid(images, nrow=2, padding=1, pad_value=9.0)
    assert grid.shape == (3, 3 * 3 + 1, 2 * 4 + 1)
    nine = [9.0] * 9
    assert grid[2].tolist() == [
        nine,
        *[[9, 1, 1, 1, 9, 2, 2, 2, 9]] * 2,
        nine,
        *[[9, 3, 3, 3, 9, 4, 4, 4, 9]] * 2,
        nine,
        *[[9, 5, 5, 5, 9, 9, 9, 9, 9]] * 2,
        nine,
    ]


@pytest.mark.parametrize(
    ("images", "shape"),
    [
        (tidu.zeros(4, 6), (3, 4, 6)),
        (tidu.zeros(2, 4, 6), (2, 4, 6)),
        (tidu.zeros(1, 4, 6), (3, 4, 6)),
        ([tidu.zeros(3, 4, 6)] * 3, (3, 8, 26)),
        (tidu.zeros(2, 5, 4, 6), (5, 8, 18)),
    ],
)
def test_shapes(images, shape):
    assert make_grid(images).shape == shape


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ({}, [0.0, 0.25, 0.5, 1.0]),
        ({"scale_each": True}, [0.0, 1.0, 0.0, 1.0]),
        ({"value_range": (1.0, 3.0)}, [0.0, 0.0, 0.5, 1.0]),
    ],
)
def test_normalizing(options, values):
    images = tidu.tensor([0.0, 1.0, 2.0, 4.0]).view(2, 1, 1, 2)
    grid = make_grid(images, normalize=True, padding=0, **options)
    assert grid[0, 0].tolist() == values
    assert images.flatten().tolist() == [0.0, 1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        ("x", TypeError, "tensor or list of tensors expected, got <class 'str'>"),
        ([1], TypeError, "tensor or list of tensors expected, got a list containing <class 'int'>"),
        (tidu.zeros(3), ValueError, "expected images of 2 to 4 dimensions, got 1"),
    ],
)
def test_errors(images, error, message):
    with pytest.raises(error) as caught:
        make_grid(images)
    assert str(caught.value) == message


def test_saving(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    save_image(tidu.tensor([[[0.0, 0.2], [0.5, 2.0]]]), tmp_path / "x.png")
    with Image.open(tmp_path / "x.png") as image:
        assert np.asarray(image)[..., 0].tolist() == [[0, 51], [128, 255]]
