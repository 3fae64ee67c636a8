"""The transforms as functions: what to do is given, nothing is drawn at random.

An image is a PIL image or a tensor of shape (..., H, W). Sizes are (height, width), as in
torchvision; PIL's own (width, height) stays inside this file.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from enum import Enum

import numpy as np

import tidu

Number = int | float | np.integer | np.floating


class InterpolationMode(Enum):
    """How a resized image's pixels are computed.

    >>> InterpolationMode.BILINEAR.value
    'bilinear'
    """

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


# Pillow's numbers for its resampling filters, which are accepted in place of a mode.
_PILLOW_FILTERS = {
    InterpolationMode.NEAREST: 0,
    InterpolationMode.LANCZOS: 1,
    InterpolationMode.BILINEAR: 2,
    InterpolationMode.BICUBIC: 3,
    InterpolationMode.BOX: 4,
    InterpolationMode.HAMMING: 5,
    InterpolationMode.NEAREST_EXACT: 0,
}

# The largest number each integer dtype holds; an image of floats goes from 0 to 1.
_WHITE = {
    tidu.uint8: 255,
    tidu.int8: 127,
    tidu.int16: 2**15 - 1,
    tidu.int32: 2**31 - 1,
    tidu.int64: 2**63 - 1,
}


# ---- what an image is ----------------------------------------------------------------------


def is_pil_image(img) -> bool:
    """Whether `img` is a PIL image, found out without importing Pillow.

    >>> is_pil_image([1, 2])
    False
    """
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(img, pillow.Image)


def _check_image(img) -> bool:
    """Return True for a tensor and False for a PIL image, or raise TypeError."""
    if isinstance(img, tidu.Tensor):
        if img.dim() < 2:
            raise TypeError("Tensor is not a torch image.")
        return True
    if is_pil_image(img):
        return False
    error = TypeError(f"img should be PIL Image. Got {type(img)}")
    if isinstance(img, np.ndarray):
        error.add_note("An array must become an image first: ToPILImage() or ToTensor().")
    raise error


def get_dimensions(img) -> list[int]:
    """Return [channels, height, width].

    >>> import tidu
    >>> get_dimensions(tidu.zeros(3, 4, 5))
    [3, 4, 5]
    """
    if _check_image(img):
        channels = 1 if img.dim() == 2 else img.shape[-3]
        return [channels, img.shape[-2], img.shape[-1]]
    return [len(img.getbands()), img.height, img.width]


def get_image_size(img) -> list[int]:
    """Return [width, height].

    >>> import tidu
    >>> get_image_size(tidu.zeros(3, 4, 5))
    [5, 4]
    """
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img) -> int:
    """Return how many channels an image has.

    >>> import tidu
    >>> get_image_num_channels(tidu.zeros(3, 4, 5))
    3
    """
    return get_dimensions(img)[0]


# ---- to and from tensors -------------------------------------------------------------------


def scale_bytes(chw: np.ndarray) -> np.ndarray:
    """Return bytes 0..255 as contiguous floats 0..1 of the default dtype, whatever the layout.

    One division by 255 for each pixel, rounded once; so an image comes out the same bit for bit
    whether it is converted alone or in a batch.

    >>> import numpy as np
    >>> scale_bytes(np.array([[[0, 51, 255]]], np.uint8)).round(2)
    array([[[0. , 0.2, 1. ]]], dtype=float32)
    """
    scaled = np.empty(chw.shape, tidu.get_default_dtype().numpy)
    np.copyto(scaled, chw)
    return np.divide(scaled, 255, out=scaled)


def to_tensor(pic):
    """Turn a PIL image or an array (H, W) or (H, W, C) into a tensor (C, H, W).

    Bytes are scaled to floats between 0 and 1; other dtypes keep their values.

    Raises TypeError for anything else, ValueError for arrays of another number of dimensions.

    >>> import numpy as np
    >>> to_tensor(np.array([[0, 51], [102, 255]], np.uint8))
    tensor([[[0.0000, 0.2000],
             [0.4000, 1.0000]]])
    """
    if isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
        pixels = pic if pic.ndim == 3 else pic[:, :, None]
    elif is_pil_image(pic):
        pixels = _pixels_of_image(pic)
    else:
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    chw = pixels.transpose(2, 0, 1)
    if chw.dtype == np.uint8:
        return tidu.from_numpy(scale_bytes(chw))
    return tidu.from_numpy(chw).contiguous()


def _pixels_of_image(pic) -> np.ndarray:
    """Return a copy of a PIL image's pixels as an array (H, W, C)."""
    dtype = {"I": np.int32, "I;16": np.int16, "F": np.float32}.get(pic.mode, np.uint8)
    pixels = np.array(pic)
    if pixels.dtype != dtype:
        pixels = pixels.astype(dtype)
    if pic.mode == "1":
        pixels = pixels * np.uint8(255)
    return pixels.reshape(pic.height, pic.width, len(pic.getbands()))


def pil_to_tensor(pic):
    """Turn a PIL image into a tensor (C, H, W) of the same values and dtype; nothing is scaled.

    Raises TypeError for anything but a PIL image.

    >>> from PIL import Image
    >>> from tidu.vision.transforms import functional
    >>> functional.pil_to_tensor(Image.new("RGB", (1, 1), color=(1, 2, 3))).flatten()
    tensor([1, 2, 3], dtype=tidu.uint8)
    """
    if not is_pil_image(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    pixels = np.array(pic).reshape(pic.height, pic.width, len(pic.getbands()))
    return tidu.from_numpy(pixels).permute(2, 0, 1)


def convert_image_dtype(image, dtype=None):
    """Convert an image tensor to another dtype and scale its values to the new dtype's range.

    Floats go from 0 to 1, integers up to the largest they hold. Raises RuntimeError where the
    floats are too coarse for the integers.

    >>> import tidu
    >>> convert_image_dtype(tidu.tensor([[0.0, 1.0]]), tidu.uint8)
    tensor([[  0, 255]], dtype=tidu.uint8)
    """
    dtype = tidu.float32 if dtype is None else dtype
    if image.dtype == dtype:
        return image
    if image.is_floating_point():
        if dtype.is_floating_point:
            return image.to(dtype)
        too_wide = {tidu.float32: (tidu.int32, tidu.int64), tidu.float64: (tidu.int64,)}
        if dtype in too_wide.get(image.dtype, ()):
            cast = f"The cast from {image.dtype} to {dtype}"
            raise RuntimeError(f"{cast} cannot be performed safely.")
        # A little less than one step above white: 1.0 then maps to white, and every level gets an
        # equally wide range of floats.
        return image.mul(_white(dtype) + 1.0 - 1e-3).to(dtype)
    white = _white(image.dtype)
    if dtype.is_floating_point:
        return image.to(dtype) / white
    new_white = _white(dtype)
    if white > new_white:
        factor = (white + 1) // (new_white + 1)
        return tidu.div(image, factor, rounding_mode="floor").to(dtype)
    return image.to(dtype) * ((new_white + 1) // (white + 1))


def _white(dtype) -> int:
    return _WHITE.get(dtype, 1)


def to_pil_image(pic, mode=None):
    """Turn a tensor (C, H, W) or (H, W), or an array (H, W, C) or (H, W), into a PIL image.

    Floats are taken as 0 to 1 and become bytes, unless `mode` is "F". Without `mode`, one channel
    of bytes is "L", two are "LA", three "RGB", four "RGBA"; int16 is "I;16", int32 "I".

    Raises TypeError or ValueError for what no image can be made of. Needs Pillow.

    >>> import tidu
    >>> from tidu.vision.transforms import functional
    >>> image = functional.to_pil_image(tidu.tensor([[0.0, 0.2, 1.0]]))
    >>> image.mode, image.size, list(image.tobytes())
    ('L', (3, 1), [0, 51, 255])
    """
    if isinstance(pic, tidu.Tensor):
        pixels = pic.detach().numpy()
        if pixels.ndim == 3:
            pixels = pixels.transpose(1, 2, 0)
    elif isinstance(pic, np.ndarray):
        pixels = pic
    else:
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim != 3:
        raise ValueError(f"pic should be 2/3 dimensional. Got {pixels.ndim} dimensions.")
    if pixels.shape[2] > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {pixels.shape[2]} channels.")
    if pixels.dtype.kind == "f" and mode != "F":
        # Wraps around beyond 0 to 1, silently, as in torchvision.
        with np.errstate(invalid="ignore"):
            pixels = (pixels * 255).astype(np.uint8)
    return _make_image(pixels, _image_mode(pixels, mode))


def _image_mode(pixels: np.ndarray, mode: str | None) -> str:
    """Return the PIL mode for pixels (H, W, C): the one asked for if it is possible."""
    channels = pixels.shape[2]
    if channels == 1:
        modes = {"uint8": "L", "int16": "I;16", "int32": "I", "float32": "F"}
        natural = modes.get(pixels.dtype.name)
        if mode is not None and mode != natural:
            raise ValueError(
                f"Incorrect mode ({mode}) supplied for input type {np.dtype}. "
                f"Should be {natural}"
            )
        mode = natural
    else:
        permitted = {2: ["LA"], 3: ["RGB", "YCbCr", "HSV"], 4: ["RGBA", "CMYK", "RGBX"]}[channels]
        if mode is not None and mode not in permitted:
            raise ValueError(f"Only modes {permitted} are supported for {channels}D inputs")
        if mode is None and pixels.dtype == np.uint8:
            mode = permitted[0]
    if mode is None:
        raise TypeError(f"Input type {pixels.dtype} is not supported")
    return mode


def _make_image(pixels: np.ndarray, mode: str):
    Image = pillow()
    if pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if mode in ("1", "L", "I", "F", "RGB"):
        return Image.fromarray(np.ascontiguousarray(pixels))
    # Image.fromarray would read four channels as RGBA, whatever the mode.
    height, width = pixels.shape[:2]
    return Image.frombytes(mode, (width, height), pixels.tobytes())


def pillow():
    """Import Pillow's Image module, or say how to get it.

    >>> pillow().__name__
    'PIL.Image'
    """
    try:
        from PIL import Image
    except ImportError as error:
        error.add_note("PIL images need Pillow: pip install 'tidu[data]'")
        raise
    return Image


# ---- values --------------------------------------------------------------------------------


def normalize(tensor, mean, std, inplace=False):
    """Subtract `mean` from each channel of a float tensor (..., C, H, W), then divide by `std`.

    Raises TypeError for anything but a tensor of floats, ValueError for too few dimensions or a
    `std` that is zero in the tensor's dtype.

    >>> import tidu
    >>> normalize(tidu.ones(1, 1, 2), [0.5], [0.25])
    tensor([[[2., 2.]]])
    """
    if not isinstance(tensor, tidu.Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.dim() < 3:
        raise ValueError(
            "Expected tensor to be a tensor image of size (..., C, H, W). "
            f"Got tensor.size() = {tensor.size()}"
        )
    mean, std = (_per_channel(values, tensor.dtype) for values in (mean, std))
    if (std == 0).any():
        raise ValueError(
            f"std evaluated to zero after conversion to {tensor.dtype}, leading to division by "
            "zero."
        )
    result = tensor if inplace else tensor.clone()
    return result.sub_(mean).div_(std)


def _per_channel(values, dtype):
    values = tidu.as_tensor(values, dtype=dtype)
    return values.view(-1, 1, 1) if values.dim() == 1 else values


def rgb_to_grayscale(img, num_output_channels=1):
    """Turn an image into shades of grey, in one channel or in three equal ones.

    Uses the luma weights of ITU-R BT.601: 0.2989, 0.587 and 0.114 on tensors, Pillow's integer
    form of them on PIL images. Raises ValueError for another number of output channels.

    >>> import tidu
    >>> rgb_to_grayscale(tidu.tensor([1.0, 0.0, 0.0]).view(3, 1, 1))
    tensor([[[0.2989]]])
    """
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    if not _check_image(img):
        grey = img.convert("L")
        return grey if num_output_channels == 1 else pillow().merge("RGB", [grey] * 3)
    if img.dim() < 3:
        raise TypeError(
            f"Input image tensor should have at least 3 dimensions, but found {img.dim()}"
        )
    if img.shape[-3] not in (1, 3):
        raise TypeError(
            f"Input image tensor permitted channel values are {[1, 3]}, but found {img.shape[-3]}"
        )
    if img.shape[-3] == 3:
        red, green, blue = img.unbind(dim=-3)
        grey = (0.2989 * red + 0.587 * green + 0.114 * blue).to(img.dtype).unsqueeze(dim=-3)
    else:
        grey = img.clone()
    if num_output_channels == 3:
        return grey.expand(*img.shape[:-3], 3, *img.shape[-2:])
    return grey


to_grayscale = rgb_to_grayscale


# ---- geometry ------------------------------------------------------------------------------


def hflip(img):
    """Mirror an image left to right.

    >>> import tidu
    >>> hflip(tidu.tensor([[1, 2, 3]]))
    tensor([[3, 2, 1]])
    """
    if _check_image(img):
        return img.flip(-1)
    return img.transpose(pillow().Transpose.FLIP_LEFT_RIGHT)


def vflip(img):
    """Turn an image upside down.

    >>> import tidu
    >>> vflip(tidu.tensor([[1], [2]]))
    tensor([[2],
            [1]])
    """
    if _check_image(img):
        return img.flip(-2)
    return img.transpose(pillow().Transpose.FLIP_TOP_BOTTOM)


def crop(img, top, left, height, width):
    """Cut a box out of an image; where it reaches beyond the image, the result is zero.

    >>> import tidu
    >>> crop(tidu.arange(6).view(2, 3), 1, 1, 1, 3)
    tensor([[4, 5, 0]])
    """
    right, bottom = left + width, top + height
    if not _check_image(img):
        return img.crop((left, top, right, bottom))
    _, h, w = get_dimensions(img)
    if left < 0 or top < 0 or right > w or bottom > h:
        beyond = [
            max(min(right, 0) - left, 0),
            max(min(bottom, 0) - top, 0),
            max(right - max(w, left), 0),
            max(bottom - max(h, top), 0),
        ]
        inside = img[..., max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        return pad(inside, beyond)
    return img[..., top:bottom, left:right]


def center_crop(img, output_size):
    """Cut the middle out of an image, after padding it with zeros where it is too small.

    `output_size` is (height, width), or one number for both.

    >>> import tidu
    >>> center_crop(tidu.arange(9).view(3, 3), 1)
    tensor([[4]])
    """
    if isinstance(output_size, Number):
        output_size = (int(output_size), int(output_size))
    elif len(output_size) == 1:
        output_size = (output_size[0], output_size[0])
    height, width = output_size
    _, h, w = get_dimensions(img)
    if width > w or height > h:
        across, down = max(width - w, 0), max(height - h, 0)
        img = pad(img, [across // 2, down // 2, (across + 1) // 2, (down + 1) // 2])
        _, h, w = get_dimensions(img)
        if (height, width) == (h, w):
            return img
    return crop(img, *middle((h, w), (height, width)), height, width)


def middle(size, box) -> tuple[int, int]:
    """Return the top and left of a box (height, width) in the middle of an image of `size`.

    >>> middle((5, 5), (3, 2))
    (1, 2)
    """
    return round((size[0] - box[0]) / 2), round((size[1] - box[1]) / 2)


def pad(img, padding, fill=0, padding_mode="constant"):
    """Put a border around an image.

    `padding` is one number, [across, down] or [left, top, right, bottom]. `padding_mode` is
    "constant" (with `fill`, a number, or a colour on PIL images), "edge" (the last pixel goes
    on), "reflect" (mirrored without the last pixel) or "symmetric" (mirrored with it).

    >>> import tidu
    >>> pad(tidu.tensor([[1, 2, 3]]), [2, 0], padding_mode="reflect")
    tensor([[3, 2, 1, 2, 3, 2, 1]])
    """
    is_tensor = _check_image(img)
    if not isinstance(padding, Number | tuple | list):
        raise TypeError("Got inappropriate padding arg")
    if fill is None:
        fill = 0
    if not isinstance(fill, Number if is_tensor else Number | str | tuple | list):
        raise TypeError("Got inappropriate fill arg")
    if not isinstance(padding_mode, str):
        raise TypeError("Got inappropriate padding_mode arg")
    sides = _sides(padding)
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
    if is_tensor:
        return _pad_tensor(img, sides, fill, padding_mode)
    return _pad_image(img, sides, fill, padding_mode)


def _sides(padding) -> list:
    """Return [left, top, right, bottom]."""
    if isinstance(padding, Number):
        return [padding] * 4
    if len(padding) not in (1, 2, 4):
        raise ValueError(
            "Padding must be an int or a 1, 2, or 4 element tuple, not a "
            f"{len(padding)} element tuple"
        )
    return list(padding) * (4 // len(padding))


def _pad_tensor(img, sides: list[int], fill, padding_mode):
    left, top, right, bottom = sides
    if padding_mode == "constant":
        return tidu.nn.functional.pad(img, [left, right, top, bottom], value=float(fill))
    # Which pixel stands where along an axis; indexing with it serves every mode and dtype.
    rows, columns = (
        tidu.from_numpy(np.pad(np.arange(size), (max(before, 0), max(after, 0)), padding_mode))
        for size, before, after in ((img.shape[-2], top, bottom), (img.shape[-1], left, right))
    )
    rows = rows[max(-top, 0) : len(rows) - max(-bottom, 0)]
    columns = columns[max(-left, 0) : len(columns) - max(-right, 0)]
    return img[..., rows[:, None], columns]


def _pad_image(img, sides: list[int], fill, padding_mode):
    left, top, right, bottom = sides
    Image = pillow()
    if padding_mode == "constant":
        size = (img.width + left + right, img.height + top + bottom)
        result = Image.new(img.mode, size, _colour(fill, len(img.getbands())))
        result.paste(img, (left, top))
    else:
        # Negative sides cut off, before what is left is mirrored.
        cut = [max(-side, 0) for side in sides]
        img = img.crop((cut[0], cut[1], img.width - cut[2], img.height - cut[3]))
        grow = [(max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0))]
        pixels = np.asarray(img)
        if pixels.ndim == 3:
            grow.append((0, 0))
        result = _make_image(np.atleast_3d(np.pad(pixels, grow, padding_mode)), img.mode)
    if img.mode == "P":
        result.putpalette(img.getpalette())
    return result


def _colour(fill, bands: int):
    if isinstance(fill, Number):
        return fill if bands == 1 else (fill,) * bands
    if isinstance(fill, list | tuple):
        if len(fill) == 1:
            fill = tuple(fill) * bands
        if len(fill) != bands:
            raise ValueError(
                "The number of elements in 'fill' does not match the number of bands of the "
                f"image ({len(fill)} != {bands})"
            )
        return tuple(fill)
    return fill


def resize(img, size, interpolation=InterpolationMode.BILINEAR, max_size=None, antialias=True):
    """Resize an image to (height, width), or so that its shorter edge becomes one number.

    With one number, `max_size` limits the longer edge. `antialias` smooths a tensor that shrinks;
    PIL images always are.

    Raises ValueError for a `max_size` that makes no sense, TypeError for a wrong `interpolation`.

    >>> import tidu
    >>> from tidu.vision.transforms import functional
    >>> functional.resize(tidu.tensor([[[0.0, 4.0]]]), (1, 4))
    tensor([[[0., 1., 3., 4.]]])
    >>> functional.resize(tidu.zeros(3, 20, 40), 10).shape
    tidu.Size([3, 10, 20])
    """
    if isinstance(interpolation, int):
        interpolation = _mode_of_number(interpolation)
    elif not isinstance(interpolation, InterpolationMode):
        raise TypeError(
            "Argument interpolation should be a InterpolationMode or a corresponding Pillow "
            "integer constant"
        )
    if isinstance(size, Sequence) and len(size) == 2:
        if max_size is not None:
            raise ValueError(
                "max_size should only be passed if size specifies the length of the smaller edge, "
                "i.e. size should be an int or a sequence of length 1 in torchscript mode."
            )
        target = list(size)
    else:
        edge = size if isinstance(size, int) else size[0]
        target = _keep_aspect(get_dimensions(img)[1:], edge, max_size)
    is_tensor = _check_image(img)
    if target == get_dimensions(img)[1:]:
        return img
    if not is_tensor:
        if antialias is False:
            warnings.warn(
                "Anti-alias option is always applied for PIL Image input. Argument antialias is "
                "ignored.",
                stacklevel=2,
            )
        return img.resize((target[1], target[0]), _PILLOW_FILTERS[interpolation])
    return _resize_tensor(img, target, interpolation, antialias)


def _mode_of_number(number: int) -> InterpolationMode:
    for mode, filter_number in _PILLOW_FILTERS.items():
        if filter_number == number:
            return mode
    raise KeyError(number)


def _keep_aspect(size, edge: int, max_size: int | None) -> list[int]:
    """Return the size whose shorter edge is `edge`, or whose longer one is `max_size` if less."""
    h, w = size
    short, long = min(h, w), max(h, w)
    new_short, new_long = edge, int(edge * long / short)
    if max_size is not None:
        if max_size <= edge:
            raise ValueError(
                f"max_size = {max_size} must be strictly greater than the requested "
                f"size for the smaller edge size = {[edge]}"
            )
        if new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    return [new_long, new_short] if w <= h else [new_short, new_long]


def _resize_tensor(img, target: list[int], mode: InterpolationMode, antialias: bool | None):
    smooth = mode in (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC)
    if not smooth and mode not in (InterpolationMode.NEAREST, InterpolationMode.NEAREST_EXACT):
        raise ValueError(
            "This Interpolation mode is unsupported with Tensor input: " + mode.value
        )
    batch = img if img.dim() >= 4 else img.view(1, -1, *img.shape[-2:])
    as_floats = batch if batch.is_floating_point() else batch.to(tidu.float32)
    options = {"align_corners": False, "antialias": bool(antialias)} if smooth else {}
    result = tidu.nn.functional.interpolate(as_floats, size=target, mode=mode.value, **options)
    if not batch.is_floating_point():
        if mode == InterpolationMode.BICUBIC:
            result = result.clamp(0, _white(img.dtype))
        result = result.round().to(img.dtype)
    return result.view(*img.shape[:-2], *target)
