"""Transforms of tensors and PIL images."""

import numpy as np
import pytest

import tidu
from tidu.vision import transforms as T
from tidu.vision.transforms import functional as F

Image = pytest.importorskip("PIL.Image")

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (5, 7, 3), np.uint8)  # height, width, channels


def image_of(pixels, mode=None):
    return Image.fromarray(pixels) if mode is None else Image.fromarray(pixels).convert(mode)


def tensor_of(pixels):
    return tidu.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def pixels_of(image):
    """Return the pixels (H, W, C) of a tensor or a PIL image."""
    if isinstance(image, tidu.Tensor):
        return image.numpy().transpose(1, 2, 0)
    return np.atleast_3d(np.asarray(image))


# ---- to and from tensors ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("RGB", COLOUR.astype(np.float32) / np.float32(255)),
        ("L", None),
        ("RGBA", None),
        ("CMYK", None),
        ("LA", None),
    ],
)
def test_to_tensor_scales_bytes(mode, expected):
    image = image_of(COLOUR, mode)
    if expected is None:
        expected = np.atleast_3d(np.asarray(image)).astype(np.float32) / np.float32(255)
    tensor = T.ToTensor()(image)
    assert tensor.dtype == tidu.float32
    assert tensor.is_contiguous()
    assert np.array_equal(pixels_of(tensor), expected)


@pytest.mark.parametrize(
    ("image", "dtype", "values"),
    [
        pytest.param(lambda: Image.new("I", (2, 1), -70000), tidu.int32, [-70000] * 2, id="I"),
        pytest.param(lambda: Image.new("I;16", (2, 1), 40), tidu.int16, [40, 40], id="I;16"),
        pytest.param(lambda: Image.new("F", (2, 1), 2.5), tidu.float32, [2.5, 2.5], id="F"),
        pytest.param(lambda: Image.new("1", (2, 1), 1), tidu.float32, [1.0, 1.0], id="1"),
        pytest.param(lambda: Image.new("L", (2, 1), 51), tidu.float32, [0.2, 0.2], id="L"),
    ],
)
def test_to_tensor_of_other_modes(image, dtype, values):
    tensor = T.ToTensor()(image())
    assert (tensor.dtype, tuple(tensor.shape)) == (dtype, (1, 1, 2))
    assert tensor.flatten().tolist() == pytest.approx(values)


@pytest.mark.parametrize(
    ("array", "shape", "dtype"),
    [
        (COLOUR, (3, 5, 7), tidu.float32),
        (COLOUR[..., 0], (1, 5, 7), tidu.float32),
        (COLOUR.astype(np.float64), (3, 5, 7), tidu.float64),
        (COLOUR.astype(np.int64), (3, 5, 7), tidu.int64),
    ],
)
def test_to_tensor_of_arrays(array, shape, dtype):
    tensor = T.ToTensor()(array)
    assert (tuple(tensor.shape), tensor.dtype) == (shape, dtype)
    scale = np.float32(255) if array.dtype == np.uint8 else 1
    assert np.array_equal(pixels_of(tensor)[..., 0], np.atleast_3d(array)[..., 0] / scale)


def test_to_tensor_follows_the_default_dtype():
    tidu.set_default_dtype(tidu.float64)
    try:
        tensor = T.ToTensor()(COLOUR)
    finally:
        tidu.set_default_dtype(tidu.float32)
    assert tensor.dtype == tidu.float64
    assert np.array_equal(pixels_of(tensor), COLOUR / 255)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "I", "F"])
def test_pil_to_tensor_keeps_values(mode):
    image = image_of(COLOUR, mode)
    tensor = T.PILToTensor()(image)
    assert tensor.shape[1:] == (5, 7)
    assert np.array_equal(pixels_of(tensor), np.atleast_3d(np.asarray(image)))


ROUND_TRIPS = [
    ("RGB", np.uint8, 3, None),
    ("L", np.uint8, 1, None),
    ("LA", np.uint8, 2, None),
    ("RGBA", np.uint8, 4, None),
    ("CMYK", np.uint8, 4, "CMYK"),
    ("RGBX", np.uint8, 4, "RGBX"),
    ("HSV", np.uint8, 3, "HSV"),
    ("YCbCr", np.uint8, 3, "YCbCr"),
    ("I", np.int32, 1, None),
    ("I;16", np.int16, 1, None),
    ("F", np.float32, 1, "F"),
]


@pytest.mark.parametrize(("mode", "dtype", "channels", "asked"), ROUND_TRIPS)
def test_to_pil_image(mode, dtype, channels, asked):
    pixels = RNG.integers(0, 100, (4, 6, channels)).astype(dtype)
    for source in (pixels, tensor_of(pixels)):
        image = T.ToPILImage(asked)(source)
        assert (image.mode, image.size) == (mode, (6, 4))
        assert np.array_equal(pixels_of(image), pixels)


def test_to_pil_image_scales_floats():
    values = tidu.tensor([[0.0, 0.2, 0.999, 1.0]])
    assert pixels_of(T.ToPILImage()(values)).flatten().tolist() == [0, 51, 254, 255]


def test_images_survive_the_round_trip():
    image = image_of(COLOUR)
    assert np.array_equal(pixels_of(T.ToPILImage()(T.ToTensor()(image))), COLOUR)


ERRORS = [
    (
        lambda: T.ToTensor()([1]),
        TypeError,
        "pic should be PIL Image or ndarray. Got <class 'list'>",
    ),
    (
        lambda: T.ToTensor()(np.ones(3)),
        ValueError,
        "pic should be 2/3 dimensional. Got 1 dimensions.",
    ),
    (
        lambda: T.PILToTensor()(COLOUR),
        TypeError,
        "pic should be PIL Image. Got <class 'numpy.ndarray'>",
    ),
    (
        lambda: T.ToPILImage()("x"),
        TypeError,
        "pic should be Tensor or ndarray. Got <class 'str'>.",
    ),
    (
        lambda: T.ToPILImage()(tidu.ones(1, 2, 3, 4)),
        ValueError,
        "pic should be 2/3 dimensional. Got 4 dimensions.",
    ),
    (
        lambda: T.ToPILImage()(tidu.ones(5, 2, 3)),
        ValueError,
        "pic should not have > 4 channels. Got 5 channels.",
    ),
    (
        lambda: T.ToPILImage("L")(COLOUR),
        ValueError,
        "Only modes ['RGB', 'YCbCr', 'HSV'] are supported for 3D inputs",
    ),
    (
        lambda: T.ToPILImage()(COLOUR.astype(np.int64)),
        TypeError,
        "Input type int64 is not supported",
    ),
    (
        lambda: T.Normalize((0.5,), (0.5,))(image_of(COLOUR)),
        TypeError,
        "img should be Tensor Image. Got <class 'PIL.Image.Image'>",
    ),
    (
        lambda: T.Normalize((0.5,), (0.5,))(tidu.ones(2, 2)),
        ValueError,
        "Expected tensor to be a tensor image of size (..., C, H, W). "
        f"Got tensor.size() = {tidu.ones(2, 2).size()}",
    ),
    (
        lambda: T.Normalize((0.5,), (0.5,))(tensor_of(COLOUR)),
        TypeError,
        f"Input tensor should be a float tensor. Got {tidu.uint8}.",
    ),
    (
        lambda: T.Normalize((0.5,), (0.0,))(tidu.ones(1, 2, 2)),
        ValueError,
        f"std evaluated to zero after conversion to {tidu.float32}, leading to division by zero.",
    ),
    (lambda: T.Lambda(3), TypeError, "Argument lambd should be callable, got 'int'"),
    (lambda: T.Resize(2.5), TypeError, "Size should be int or sequence. Got <class 'float'>"),
    (
        lambda: T.Resize((1, 2, 3)),
        ValueError,
        "If size is a sequence, it should have 1 or 2 values",
    ),
    (
        lambda: T.Resize(4, max_size=4)(image_of(COLOUR)),
        ValueError,
        "max_size = 4 must be strictly greater than the requested size for the smaller edge "
        "size = [4]",
    ),
    (
        lambda: T.CenterCrop((1, 2, 3)),
        ValueError,
        "Please provide only two dimensions (h, w) for size.",
    ),
    (
        lambda: T.RandomCrop(6)(image_of(COLOUR)),
        ValueError,
        "Required crop size (6, 6) is larger than input image size (5, 7)",
    ),
    (lambda: T.Pad("x"), TypeError, "Got inappropriate padding arg"),
    (lambda: T.Pad(1, fill="x"), TypeError, "Got inappropriate fill arg"),
    (
        lambda: T.Pad(1, padding_mode="x"),
        ValueError,
        "Padding mode should be either constant, edge, reflect or symmetric",
    ),
    (
        lambda: T.Pad((1, 2, 3)),
        ValueError,
        "Padding must be an int or a 1, 2, or 4 element tuple, not a 3 element tuple",
    ),
    (
        lambda: F.pad(image_of(COLOUR), 1, fill=(1, 2)),
        ValueError,
        "The number of elements in 'fill' does not match the number of bands of the image "
        "(2 != 3)",
    ),
    (
        lambda: F.hflip(COLOUR),
        TypeError,
        "img should be PIL Image. Got <class 'numpy.ndarray'>",
    ),
    (lambda: F.hflip(tidu.ones(3)), TypeError, "Tensor is not a torch image."),
    (
        lambda: T.Grayscale(2)(image_of(COLOUR)),
        ValueError,
        "num_output_channels should be either 1 or 3",
    ),
]


@pytest.mark.parametrize(("make", "error", "message"), ERRORS)
def test_errors(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value) == message


# ---- geometry, on both kinds of image ----------------------------------------------------------

GEOMETRY = [
    pytest.param(F.hflip, COLOUR[:, ::-1], id="hflip"),
    pytest.param(F.vflip, COLOUR[::-1], id="vflip"),
    pytest.param(lambda i: F.crop(i, 1, 2, 3, 4), COLOUR[1:4, 2:6], id="crop"),
    pytest.param(
        lambda i: F.crop(i, -1, 5, 3, 4),
        np.pad(COLOUR, ((1, 0), (0, 2), (0, 0)))[:3, 5:9],
        id="crop beyond",
    ),
    pytest.param(
        lambda i: F.crop(i, 9, 9, 2, 2), np.zeros((2, 2, 3), np.uint8), id="crop outside"
    ),
    pytest.param(T.CenterCrop(3), COLOUR[1:4, 2:5], id="center crop"),
    pytest.param(T.CenterCrop((2, 4)), COLOUR[2:4, 2:6], id="center crop between pixels"),
    pytest.param(
        T.CenterCrop((8, 3)),
        np.pad(COLOUR, ((1, 2), (0, 0), (0, 0)))[:, 2:5],
        id="center crop of too little",
    ),
    pytest.param(T.Pad(2), np.pad(COLOUR, ((2, 2), (2, 2), (0, 0))), id="pad"),
    pytest.param(
        T.Pad((1, 2), fill=9),
        np.pad(COLOUR, ((2, 2), (1, 1), (0, 0)), constant_values=9),
        id="pad with fill",
    ),
    pytest.param(
        T.Pad((1, 2, 3, 4), padding_mode="edge"),
        np.pad(COLOUR, ((2, 4), (1, 3), (0, 0)), "edge"),
        id="pad edge",
    ),
    pytest.param(
        T.Pad((1, 2, 3, 4), padding_mode="reflect"),
        np.pad(COLOUR, ((2, 4), (1, 3), (0, 0)), "reflect"),
        id="pad reflect",
    ),
    pytest.param(
        T.Pad((1, 2, 3, 4), padding_mode="symmetric"),
        np.pad(COLOUR, ((2, 4), (1, 3), (0, 0)), "symmetric"),
        id="pad symmetric",
    ),
    pytest.param(T.Pad(-1), COLOUR[1:-1, 1:-1], id="pad negative"),
    pytest.param(
        T.Pad((-2, 1, 0, 0), padding_mode="edge"),
        np.pad(COLOUR[:, 2:], ((1, 0), (0, 0), (0, 0)), "edge"),
        id="pad and cut",
    ),
    pytest.param(T.Resize((5, 7)), COLOUR, id="resize to the same"),
    pytest.param(T.Resize(5), COLOUR, id="resize the shorter edge to the same"),
]


@pytest.mark.parametrize(("transform", "expected"), GEOMETRY)
@pytest.mark.parametrize("make", [image_of, tensor_of], ids=["image", "tensor"])
def test_geometry(transform, expected, make):
    result = transform(make(COLOUR))
    assert np.array_equal(pixels_of(result), expected)


def test_colours_fill_borders_of_images():
    padded = pixels_of(F.pad(image_of(COLOUR), 1, fill=(1, 2, 3)))
    assert padded[0, 0].tolist() == [1, 2, 3]


def test_palettes_survive_padding():
    image = image_of(COLOUR).quantize(4)
    for mode in ("constant", "edge"):
        padded = F.pad(image, 1, padding_mode=mode)
        assert padded.mode == "P"
        assert padded.crop((1, 1, 8, 6)).convert("RGB").tobytes() == image.convert("RGB").tobytes()


def test_leading_dimensions_are_left_alone():
    batch = tidu.arange(2 * 3 * 4 * 5).view(2, 3, 4, 5)
    for transform in (T.CenterCrop(2), T.Pad(1, padding_mode="reflect"), F.hflip):
        result = transform(batch)
        assert result[1].tolist() == transform(batch[1]).tolist()


@pytest.mark.parametrize(
    ("size", "options", "expected"),
    [
        ((10, 4), {}, (10, 4)),
        (10, {}, (10, 14)),
        ([10], {}, (10, 14)),
        (10, {"max_size": 12}, (8, 12)),
    ],
)
def test_sizes_of_resized_images(size, options, expected):
    assert T.Resize(size, **options)(image_of(COLOUR)).size == expected[::-1]


@pytest.mark.parametrize("mode", list(T.InterpolationMode))
def test_resizing_images_is_pillows(mode):
    number = F._PILLOW_FILTERS[mode]
    expected = image_of(COLOUR).resize((4, 3), number)
    for interpolation in (mode, number):
        resized = T.Resize((3, 4), interpolation=interpolation)(image_of(COLOUR))
        assert resized.tobytes() == expected.tobytes()


def test_antialiasing_of_images_cannot_be_turned_off():
    with pytest.warns(UserWarning, match="Anti-alias option is always applied for PIL Image input"):
        T.Resize(3, antialias=False)(image_of(COLOUR))


def test_resizing_tensors():
    image = tidu.tensor([[[0, 100], [200, 60]]], dtype=tidu.uint8)
    nearest = T.Resize(4, interpolation=T.InterpolationMode.NEAREST)(image)
    assert nearest.tolist() == [[[0, 0, 100, 100]] * 2 + [[200, 200, 60, 60]] * 2]
    assert nearest.dtype == tidu.uint8
    with pytest.raises(ValueError, match="unsupported with Tensor input"):
        T.Resize(4, interpolation=T.InterpolationMode.LANCZOS)(image)


# ---- values ------------------------------------------------------------------------------------


def test_normalize():
    tensor = T.ToTensor()(COLOUR)
    mean, std = (0.5, 0.4, 0.3), [0.1, 0.2, 0.4]
    before = tensor.clone()
    result = T.Normalize(mean, std)(tensor)
    expected = (before.numpy() - np.float32(mean)[:, None, None]) / np.float32(std)[:, None, None]
    assert np.array_equal(result.numpy(), expected)
    assert tensor.tolist() == before.tolist()
    assert T.Normalize(mean, std, inplace=True)(tensor) is tensor
    assert np.array_equal(tensor.numpy(), expected)


def test_grayscale():
    pixels = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert pixels_of(T.Grayscale()(image_of(pixels))).flatten().tolist() == [76, 150, 29]
    assert pixels_of(T.Grayscale()(tensor_of(pixels))).flatten().tolist() == [76, 149, 29]
    for make in (image_of, tensor_of):
        three = pixels_of(T.Grayscale(3)(make(pixels)))
        assert three.shape == (1, 3, 3)
        assert (three == three[..., :1]).all()


@pytest.mark.parametrize(
    ("source", "values", "target", "expected"),
    [
        (tidu.uint8, [0, 51, 255], tidu.float32, [0.0, 0.2, 1.0]),
        (tidu.float32, [0.0, 0.5, 1.0], tidu.uint8, [0, 127, 255]),
        (tidu.uint8, [0, 255], tidu.int16, [0, 255 * 128]),
        (tidu.int16, [0, 32767], tidu.uint8, [0, 255]),
        (tidu.float32, [0.25], tidu.float64, [0.25]),
        (tidu.uint8, [3], tidu.uint8, [3]),
    ],
)
def test_convert_image_dtype(source, values, target, expected):
    result = T.ConvertImageDtype(target)(tidu.tensor(values, dtype=source))
    assert result.dtype == target
    assert result.tolist() == pytest.approx(expected)


def test_convert_image_dtype_refuses_what_floats_cannot_hold():
    with pytest.raises(RuntimeError, match="cannot be performed safely"):
        F.convert_image_dtype(tidu.ones(1), tidu.int32)


# ---- random numbers ----------------------------------------------------------------------------

# After seed 3, PyTorch's randint(9) and randint(9), then rand, give these, three times over.
DRAWN = [((4, 5), True), ((3, 1), True), ((6, 2), False)]


@pytest.mark.parametrize("make", [image_of, tensor_of], ids=["image", "tensor"])
def test_cropping_and_flipping_draw_as_torchvision_does(make):
    pixels = RNG.integers(0, 256, (12, 12, 3), np.uint8)
    transform = T.Compose([T.RandomCrop(4), T.RandomHorizontalFlip()])
    tidu.manual_seed(3)
    for (top, left), flipped in DRAWN:
        expected = pixels[top : top + 4, left : left + 4]
        result = pixels_of(transform(make(pixels)))
        assert np.array_equal(result, expected[:, ::-1] if flipped else expected)


def test_random_crop_pads():
    tensor = tensor_of(COLOUR)
    padded = T.RandomCrop((9, 11), padding=2, fill=7)(tensor)
    assert padded[:, 0].tolist() == [[7] * 11] * 3
    for size in ((9, 3), (2, 11), (9, 11)):
        assert T.RandomCrop(size, pad_if_needed=True)(tensor).shape == (3, *size)


def test_a_crop_of_everything_draws_nothing():
    tidu.manual_seed(0)
    expected = tidu.rand(1).item()
    tidu.manual_seed(0)
    T.RandomCrop((5, 7))(tensor_of(COLOUR))
    assert tidu.rand(1).item() == expected


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_certain_flips(p):
    expected = COLOUR[::-1] if p else COLOUR
    assert np.array_equal(pixels_of(T.RandomVerticalFlip(p)(image_of(COLOUR))), expected)


def test_random_apply():
    tensor = tensor_of(COLOUR)
    assert T.RandomApply([F.hflip, F.vflip], p=0.0)(tensor) is tensor
    result = T.RandomApply([F.hflip, F.vflip], p=1.0)(tensor)
    assert np.array_equal(pixels_of(result), COLOUR[::-1, ::-1])


# ---- printing ----------------------------------------------------------------------------------

PRINTED = [
    (T.ToTensor(), "ToTensor()"),
    (T.PILToTensor(), "PILToTensor()"),
    (T.ToPILImage(), "ToPILImage()"),
    (T.ToPILImage("L"), "ToPILImage(mode=L)"),
    (T.Normalize((0.5,), [1]), "Normalize(mean=(0.5,), std=[1])"),
    (T.Resize((3, 4), 0), "Resize(size=(3, 4), interpolation=nearest, max_size=None, "),
    (T.CenterCrop([3]), "CenterCrop(size=(3, 3))"),
    (T.Pad((1, 2), 3, "edge"), "Pad(padding=(1, 2), fill=3, padding_mode=edge)"),
    (T.RandomCrop(3), "RandomCrop(size=(3, 3), padding=None)"),
    (T.RandomHorizontalFlip(), "RandomHorizontalFlip(p=0.5)"),
    (T.RandomVerticalFlip(0.1), "RandomVerticalFlip(p=0.1)"),
    (T.Lambda(len), "Lambda()"),
    (T.Grayscale(3), "Grayscale(num_output_channels=3)"),
    (T.ConvertImageDtype(tidu.float32), "ConvertImageDtype()"),
    (T.Compose([T.ToTensor(), T.Lambda(len)]), "Compose(\n    ToTensor()\n    Lambda()\n)"),
]


@pytest.mark.parametrize(("transform", "text"), PRINTED)
def test_repr(transform, text):
    assert repr(transform).startswith(text)


def test_transforms_are_modules():
    pipeline = tidu.nn.Sequential(T.CenterCrop(3), T.ConvertImageDtype(tidu.float32))
    assert pipeline(tensor_of(COLOUR)).shape == (3, 3, 3)
