"""The transforms as objects, to be composed and given to a dataset.

Those that draw at random take their numbers from tidu's default generator, in torchvision's order.
What each does to an image is in `functional`.
"""

from __future__ import annotations

from collections.abc import Sequence

import tidu
from tidu.nn import Module
from tidu.vision.transforms import functional as F
from tidu.vision.transforms.functional import InterpolationMode, Number


class Compose:
    """Transforms one after another.

    >>> import tidu
    >>> Compose([CenterCrop(2), Normalize([0.5], [0.5])])
    Compose(
        CenterCrop(size=(2, 2))
        Normalize(mean=[0.5], std=[0.5])
    )
    """

    def __init__(self, transforms) -> None:
        self.transforms = transforms

    def __call__(self, img):
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _listed(type(self).__name__, self.transforms)


class ToTensor:
    """Turn a PIL image or an array (H, W, C) of bytes into a float tensor (C, H, W), 0 to 1.

    Other dtypes keep their values.

    >>> import numpy as np
    >>> ToTensor()(np.full((1, 2, 1), 255, np.uint8))
    tensor([[[1., 1.]]])
    """

    def __call__(self, pic):
        return F.to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    """Turn a PIL image into a tensor (C, H, W) of its own dtype, without scaling.

    >>> from PIL import Image
    >>> from tidu.vision.transforms import PILToTensor
    >>> PILToTensor()(Image.new("L", (2, 1), color=7))
    tensor([[[7, 7]]], dtype=tidu.uint8)
    """

    def __call__(self, pic):
        return F.pil_to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ConvertImageDtype(Module):
    """Convert an image tensor to `dtype`, scaling its values to the dtype's range.

    >>> import tidu
    >>> ConvertImageDtype(tidu.float32)(tidu.tensor([[51]], dtype=tidu.uint8))
    tensor([[0.2000]])
    """

    def __init__(self, dtype) -> None:
        super().__init__()
        if not isinstance(dtype, tidu.dtype):
            raise TypeError(f"Input dtype should be a torch.dtype. Got {type(dtype)}")
        self.dtype = dtype

    def forward(self, image):
        return F.convert_image_dtype(image, self.dtype)


class ToPILImage:
    """Turn a tensor (C, H, W) or an array (H, W, C) into a PIL image of `mode`.

    >>> ToPILImage("RGB")
    ToPILImage(mode=RGB)
    """

    def __init__(self, mode=None) -> None:
        self.mode = mode

    def __call__(self, pic):
        return F.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        mode = "" if self.mode is None else f"mode={self.mode}"
        return f"{type(self).__name__}({mode})"


class Lambda:
    """Apply a function of one's own. Raises TypeError for what cannot be called.

    >>> Lambda(lambda x: x * 2)(21)
    42
    """

    def __init__(self, lambd) -> None:
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__!r}")
        self.lambd = lambd

    def __call__(self, img):
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Normalize(Module):
    """Subtract `mean` from each channel of a float tensor, then divide by `std`.

    >>> import tidu
    >>> Normalize((0.5,), (0.25,))(tidu.ones(1, 1, 2))
    tensor([[[2., 2.]]])
    """

    def __init__(self, mean, std, inplace=False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor):
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


class Grayscale(Module):
    """Turn an image into shades of grey, in one channel or in three equal ones.

    >>> Grayscale()
    Grayscale(num_output_channels=1)
    """

    def __init__(self, num_output_channels=1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img):
        return F.rgb_to_grayscale(img, num_output_channels=self.num_output_channels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"


class Resize(Module):
    """Resize to (height, width), or so that the shorter edge is one number.

    >>> Resize(32)
    Resize(size=32, interpolation=bilinear, max_size=None, antialias=True)
    """

    def __init__(
        self, size, interpolation=InterpolationMode.BILINEAR, max_size=None, antialias=True
    ) -> None:
        super().__init__()
        if not isinstance(size, int | Sequence):
            raise TypeError(f"Size should be int or sequence. Got {type(size)}")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError("If size is a sequence, it should have 1 or 2 values")
        if isinstance(interpolation, int):
            interpolation = F._mode_of_number(interpolation)
        self.size = size
        self.max_size = max_size
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img):
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, interpolation={self.interpolation.value}, "
            f"max_size={self.max_size}, antialias={self.antialias})"
        )


class CenterCrop(Module):
    """Cut the middle out, after padding with zeros where the image is too small.

    >>> import tidu
    >>> CenterCrop(1)(tidu.arange(9).view(3, 3))
    tensor([[4]])
    """

    def __init__(self, size) -> None:
        super().__init__()
        self.size = _height_and_width(size)

    def forward(self, img):
        return F.center_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class Pad(Module):
    """Put a border around an image; see `functional.pad`.

    >>> Pad(2)
    Pad(padding=2, fill=0, padding_mode=constant)
    """

    def __init__(self, padding, fill=0, padding_mode="constant") -> None:
        super().__init__()
        if not isinstance(padding, Number | tuple | list):
            raise TypeError("Got inappropriate padding arg")
        if not isinstance(fill, Number | tuple | list):
            raise TypeError("Got inappropriate fill arg")
        if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
            raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
        F._sides(padding)  # raises if there are too many
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img):
        return F.pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(padding={self.padding}, fill={self.fill}, "
            f"padding_mode={self.padding_mode})"
        )


class RandomCrop(Module):
    """Cut a box of `size` out at random, after padding the image.

    `pad_if_needed` pads an image that is too small, which otherwise raises ValueError.

    >>> RandomCrop(32, padding=4)
    RandomCrop(size=(32, 32), padding=4)
    """

    def __init__(
        self, size, padding=None, pad_if_needed=False, fill=0, padding_mode="constant"
    ) -> None:
        super().__init__()
        self.size = tuple(_height_and_width(size))
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img, output_size):
        """Draw (top, left, height, width) of a box within `img`."""
        _, h, w = F.get_dimensions(img)
        height, width = output_size
        if h < height or w < width:
            raise ValueError(
                f"Required crop size {(height, width)} is larger than input image size {(h, w)}"
            )
        if (h, w) == (height, width):
            return 0, 0, h, w
        top = tidu.randint(0, h - height + 1, (1,)).item()
        left = tidu.randint(0, w - width + 1, (1,)).item()
        return top, left, height, width

    def forward(self, img):
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        if self.pad_if_needed:
            _, h, w = F.get_dimensions(img)
            if w < self.size[1]:
                img = F.pad(img, [self.size[1] - w, 0], self.fill, self.padding_mode)
            if h < self.size[0]:
                img = F.pad(img, [0, self.size[0] - h], self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class RandomHorizontalFlip(Module):
    """Mirror an image left to right, with probability `p`.

    >>> import tidu
    >>> RandomHorizontalFlip(p=1)(tidu.tensor([[1, 2]]))
    tensor([[2, 1]])
    """

    def __init__(self, p=0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img):
        return F.hflip(img) if _happens(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomVerticalFlip(Module):
    """Turn an image upside down, with probability `p`.

    >>> RandomVerticalFlip()
    RandomVerticalFlip(p=0.5)
    """

    def __init__(self, p=0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img):
        return F.vflip(img) if _happens(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomApply(Module):
    """Apply a list of transforms with probability `p`, all of them or none.

    >>> RandomApply([Grayscale()], p=0.3)
    RandomApply(
        p=0.3
        Grayscale(num_output_channels=1)
    )
    """

    def __init__(self, transforms, p=0.5) -> None:
        super().__init__()
        self.transforms = transforms
        self.p = p

    def forward(self, img):
        if self.p < tidu.rand(1):
            return img
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _listed(type(self).__name__, [f"p={self.p}", *self.transforms])


def _happens(p: float) -> bool:
    return bool(tidu.rand(1) < p)


def _listed(name: str, lines) -> str:
    return "\n".join([f"{name}(", *(f"    {line}" for line in lines), ")"])


def _height_and_width(size):
    if isinstance(size, Number):
        return (int(size), int(size))
    if isinstance(size, Sequence) and len(size) == 1:
        return (size[0], size[0])
    if len(size) != 2:
        raise ValueError("Please provide only two dimensions (h, w) for size.")
    return size
