"""Show many images as one."""

from __future__ import annotations

import math

import tidu
from tidu.vision.transforms.functional import pillow

__all__ = ["make_grid", "save_image"]


def make_grid(
    tensor, nrow=8, padding=2, normalize=False, value_range=None, scale_each=False, pad_value=0.0
):
    """Lay images (N, C, H, W), or a list of (C, H, W), out in a grid: one image (C, H', W').

    - `nrow`: how many stand side by side; `padding`: pixels of `pad_value` around each.
    - `normalize` stretches the values to 0..1, from `value_range` (low, high) or from those that
      are there, in each image by itself if `scale_each`.

    One channel becomes three; a single image gets no border. Raises TypeError for what is neither
    a tensor nor a list of tensors, ValueError for another number of dimensions.

    >>> import tidu
    >>> make_grid(tidu.ones(2, 3, 1, 1), padding=1)[0]
    tensor([[0., 0., 0., 0., 0.],
            [0., 1., 0., 1., 0.],
            [0., 0., 0., 0., 0.]])
    """
    with tidu.no_grad():
        images = _as_batch(tensor)
        if normalize:
            images = _stretched(images, value_range, scale_each)
        count, channels, height, width = images.shape
        if count == 1:
            return images.squeeze(0)
        columns = min(nrow, count)
        step_down, step_right = height + padding, width + padding
        size = math.ceil(count / columns) * step_down + padding, columns * step_right + padding
        grid = images.new_full((channels, *size), pad_value)
        for i, image in enumerate(images):
            top = i // columns * step_down + padding
            left = i % columns * step_right + padding
            grid[:, top : top + height, left : left + width] = image
        return grid


def _as_batch(tensor):
    """Return images (N, C, H, W) of three channels, or of as many as there are if not one."""
    if isinstance(tensor, list | tuple):
        for image in tensor:
            if not isinstance(image, tidu.Tensor):
                raise TypeError(
                    f"tensor or list of tensors expected, got a list containing {type(image)}"
                )
        tensor = tidu.stack(tensor, dim=0)
    elif not isinstance(tensor, tidu.Tensor):
        raise TypeError(f"tensor or list of tensors expected, got {type(tensor)}")
    if tensor.dim() not in (2, 3, 4):
        raise ValueError(f"expected images of 2 to 4 dimensions, got {tensor.dim()}")
    while tensor.dim() < 4:
        tensor = tensor.unsqueeze(0)
    return tidu.cat([tensor] * 3, 1) if tensor.size(1) == 1 else tensor


def _stretched(images, value_range, scale_each: bool):
    if value_range is not None and not isinstance(value_range, tuple):
        raise TypeError(
            "value_range has to be a tuple (min, max) if specified. min and max are numbers"
        )
    if scale_each:
        return tidu.stack([_stretched(image, value_range, False) for image in images])
    low, high = value_range or (float(images.min()), float(images.max()))
    return images.clamp(low, high).sub(low).div(max(high - low, 1e-5))


def save_image(tensor, fp, format=None, **kwargs) -> None:
    """Save images of floats 0..1 as one picture, laid out by `make_grid(tensor, **kwargs)`.

    `fp` is a path or a file, `format` Pillow's name of the format if the path does not say it.
    Needs Pillow.

    >>> import io
    >>> import tidu
    >>> from PIL import Image
    >>> file = io.BytesIO()
    >>> tidu.vision.utils.save_image(tidu.rand(4, 3, 8, 8), file, format="png", nrow=2)
    >>> Image.open(file).size
    (22, 22)
    """
    grid = make_grid(tensor, **kwargs)
    pixels = grid.mul(255).add(0.5).clamp(0, 255).permute(1, 2, 0).to(tidu.uint8)
    pillow().fromarray(pixels.contiguous().numpy()).save(fp, format=format)
