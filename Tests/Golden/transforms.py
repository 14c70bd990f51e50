"""Makes transforms.safetensors: images changed as torchvision's v2 functions do, computed in another way.

    python3 transforms.py

Movements go through PyTorch's affine_grid and grid_sample with torchvision's matrices; hues through colorsys; the rest is
numpy, in float64. A point beyond an edge has the value of the fill. Made with PyTorch 1.13 and numpy 1.24.
"""

import colorsys
import math
import os

import numpy as np
import torch
import torch.nn.functional as F

import tensorfile
from splitmix import Rng

SHAPES = {"color": (3, 11, 13), "gray": (1, 11, 13)}
FILL = 0.25


def inverse_matrix(angle, translate, shear, center):
    """torchvision's _get_inverse_affine_matrix, at scale 1."""
    rot, sx, sy = math.radians(angle), math.radians(shear[0]), math.radians(shear[1])
    a = math.cos(rot - sy) / math.cos(sy)
    b = -math.cos(rot - sy) * math.tan(sx) / math.cos(sy) - math.sin(rot)
    c = math.sin(rot - sy) / math.cos(sy)
    d = -math.sin(rot - sy) * math.tan(sx) / math.cos(sy) + math.cos(rot)
    (cx, cy), (tx, ty) = center, translate
    m = [d, -b, 0.0, -c, a, 0.0]
    m[2] += m[0] * (-cx - tx) + m[1] * (-cy - ty) + cx
    m[5] += m[3] * (-cx - tx) + m[4] * (-cy - ty) + cy
    return m


def move(x, angle=0.0, translate=(0, 0), shear=(0.0, 0.0), corner=False):
    """As torchvision's affine, and rotate with the angle negated; corner: the center is the upper left edge."""
    _, h, w = x.shape
    m = inverse_matrix(angle, translate, shear, (-w / 2, -h / 2) if corner else (0, 0))
    # From pixels to affine_grid's coordinates, in which an image spans [-1, 1].
    theta = torch.tensor([[m[0], m[1] * h / w, m[2] * 2 / w], [m[3] * w / h, m[4], m[5] * 2 / h]]).double()
    grid = F.affine_grid(theta[None], (1, *x.shape), align_corners=False)
    image = torch.from_numpy(x)[None] - FILL
    return (F.grid_sample(image, grid, "bilinear", "zeros", align_corners=False)[0] + FILL).numpy()


def gray(x):
    return x if len(x) == 1 else (0.2989 * x[0] + 0.587 * x[1] + 0.114 * x[2])[None]


def blend(x, other, factor):
    return np.clip(factor * x + (1 - factor) * other, 0, 1)


def brightness(x, factor):
    return blend(x, 0, factor)


def contrast(x, factor):
    return blend(x, gray(x).mean(), factor)


def saturation(x, factor):
    return x if len(x) == 1 else blend(x, gray(x), factor)


def hue(x, turn):
    if len(x) == 1:
        return x
    turned = [colorsys.hsv_to_rgb((h + turn) % 1, s, v) for h, s, v in (colorsys.rgb_to_hsv(*p) for p in x.reshape(3, -1).T)]
    return np.array(turned).T.reshape(x.shape)


def sharpness(x, factor):
    kernel = torch.ones(1, 1, 3, 3).double()
    kernel[0, 0, 1, 1] = 5
    smooth = x.copy()
    smooth[:, 1:-1, 1:-1] = F.conv2d(torch.from_numpy(x)[:, None], kernel / 13)[:, 0].numpy()
    return blend(x, smooth, factor)


def posterize(x, bits):
    return np.minimum(np.floor(x * 2**bits), 2**bits - 1) / 2**bits


def solarize(x, threshold):
    return np.where(x >= threshold, 1 - x, x)


def autocontrast(x):
    low, high = x.min((1, 2), keepdims=True), x.max((1, 2), keepdims=True)
    return (x - low) / (high - low)


def equalize(x):
    """Pillow's ImageOps.equalize, channel by channel."""
    bytes_ = np.floor(x * 255.999).astype(int)
    result = np.empty_like(x)
    for channel, image in enumerate(bytes_):
        counts = np.bincount(image.ravel(), minlength=256)
        step = (counts.sum() - counts[counts > 0][-1]) // 255
        table = np.arange(256)
        if step > 0:
            table = np.minimum((step // 2 + np.concatenate([[0], np.cumsum(counts)[:-1]])) // step, 255)
        result[channel] = table[image] / 255
    return result


def changes(x, magnitude, sign):
    """RandAugment's, in torchvision's order, at a magnitude of 31."""
    _, h, w = x.shape
    strength = sign * magnitude / 30
    degrees = math.degrees(math.atan(0.3 * strength))
    return [
        x,
        move(x, shear=(degrees, 0.0), corner=True),
        move(x, shear=(0.0, degrees), corner=True),
        move(x, translate=(int(150 / 331 * w * strength), 0)),
        move(x, translate=(0, int(150 / 331 * h * strength))),
        move(x, angle=-30 * strength),
        brightness(x, 1 + 0.9 * strength),
        saturation(x, 1 + 0.9 * strength),
        contrast(x, 1 + 0.9 * strength),
        sharpness(x, 1 + 0.9 * strength),
        posterize(x, 8 - round(4 * magnitude / 30)),
        solarize(x, 1 - magnitude / 30),
        autocontrast(x),
        equalize(x),
    ]


def transforms():
    rng, tensors = Rng(20240301), {}
    for name, shape in SHAPES.items():
        values = rng.uniform(shape, 0.1, 0.8)
        x = np.asarray(values, dtype=np.float64)
        tensors[f"{name}/x"] = values
        for angle in (-170, -33.5, 0, 15, 90):
            tensors[f"{name}/rotate/{angle:g}"] = move(x, angle=-angle)
        for factor in (0, 0.6, 1, 1.7):
            for op in (brightness, contrast, saturation, sharpness):
                tensors[f"{name}/{op.__name__}/{factor:g}"] = op(x, factor)
        for turn in (-0.5, -0.1, 0, 0.3):
            tensors[f"{name}/hue/{turn:g}"] = hue(x, turn)
        for magnitude in (9, 30):
            for sign in (1, -1):
                for i, y in enumerate(changes(x, magnitude, sign)):
                    tensors[f"{name}/randaugment/{magnitude}/{sign}/{i}"] = y
    # With more pixels per brightness than the others: equalization has steps above 1.
    values = rng.uniform((3, 40, 40), 0.2, 0.5)
    tensors |= {"equalize/x": values, "equalize/y": equalize(np.asarray(values, dtype=np.float64))}
    return tensors


if __name__ == "__main__":
    folder = os.path.dirname(os.path.abspath(__file__))
    tensorfile.save(os.path.join(folder, "transforms.safetensors"), transforms())
