"""The golden rows: what a row of Tests/OpTable.cs must yield, said in PyTorch. The key is that row's name and shapes."""

from dataclasses import dataclass
from typing import Callable

import numpy as np
import torch
import torch.nn.functional as F

from splitmix import Rng


@dataclass
class Row:
    op: Callable
    shapes: tuple
    low: float
    high: float


OPS = {}


def golden(name, op, *shapes, low=-1, high=1):
    key = f"{name}({', '.join(str(list(shape)) for shape in shapes)})"
    assert key not in OPS, f"two rows are called {key}"
    OPS[key] = Row(op, shapes, low, high)


# Elementwise
golden("Relu", lambda x: x.relu(), (37,), low=0.1)
golden("Relu of negatives", lambda x: x.relu(), (2, 3, 4, 5), high=-0.1)
golden("Sigmoid", lambda x: x.sigmoid(), (37,), low=-4, high=4)
golden("Silu", lambda x: F.silu(x), (37,), low=-4, high=4)
golden("Scale", lambda x: 3 * x * 0.5, (37,))
golden("Shift", lambda x: 1 - (2 + x + 0.5 - 0.25), (37,))

# Functions
golden("Exp", lambda x: x.exp(), (37,))
golden("Log", lambda x: x.log(), (37,), low=0.5, high=3)
golden("Sqrt", lambda x: x.sqrt(), (37,), low=0.5, high=3)
golden("Rsqrt", lambda x: x.rsqrt(), (37,), low=0.5, high=3)
golden("Square", lambda x: x.square(), (2, 19))
golden("Abs", lambda x: x.abs(), (37,), high=-0.1)
golden("Sin", lambda x: x.sin(), (37,), low=-4, high=4)
golden("Cos", lambda x: x.cos(), (37,), low=-4, high=4)
golden("Clamp", lambda x: x.clamp(-0.5, 0.5), (37,))
golden("Tanh", lambda x: x.tanh(), (37,), low=-3, high=3)
golden("LeakyRelu", lambda x: F.leaky_relu(x, float(np.float32(0.1))), (37,))
golden("Elu", lambda x: F.elu(x, 1.5), (37,))
golden("Gelu", lambda x: F.gelu(x), (37,), low=-3, high=3)
golden("Gelu by tanh", lambda x: F.gelu(x, approximate="tanh"), (37,), low=-3, high=3)
golden("Hardswish", lambda x: F.hardswish(x), (37,), low=-4, high=4)
golden("Softplus", lambda x: F.softplus(x, beta=2), (37,), low=-4, high=4)
golden("Divide by a number", lambda x: x / 3, (37,))
golden("Divide a number", lambda x: 3 / x, (37,), low=1, high=3)
golden("Pow of 2.5", lambda x: x.pow(2.5), (37,), low=0.5, high=2)
golden("Pow of 3", lambda x: x.pow(3), (37,), low=-2, high=2)
golden("Divide", lambda a, b: a / b, (2, 5, 3, 4), (5, 1, 1), low=0.5, high=2)
golden("Pow", lambda a, b: a.pow(b), (3, 19), (3, 19), low=0.5, high=2)
golden("Maximum of itself", lambda x: torch.maximum(x, x), (5,))
golden("Maximum", lambda a, b: torch.maximum(a, b + 3), (3, 19), (19,))
golden("Minimum", lambda a, b: torch.minimum(a, b + 3), (3, 19), (19,))
golden("Softmax along the last axis", lambda x: x.softmax(-1), (2, 3, 4, 5))
golden("LogSoftmax along the first axis", lambda x: x.log_softmax(0), (3, 2, 4))
CONDITION = torch.tensor([1, 0, 1, 0, 0, 1, 2, -1]).reshape(2, 1, 4)
golden("Where", lambda a, b: torch.where(CONDITION != 0, a, b), (3, 1), (2, 3, 4))

# Broadcasting and reductions
for shapes in [((3, 4), (3, 4)), ((7, 17), (17,)), ((2, 5, 3, 4), (1, 5, 1, 1)), ((2, 5, 3, 4), (4,)), ((2, 1, 3, 1), (5, 1, 4))]:
    golden("Add", lambda a, b: a + b, *shapes)
golden("Subtract", lambda a, b: a - b, (2, 5, 3, 4), (5, 1, 1))
golden("Multiply", lambda a, b: a * b, (2, 5, 3, 4), (2, 1, 3, 4))
golden("Diamond", lambda x: x * x * x + x * x, (2, 17))
golden("Sum", lambda x: x.sum(), (3, 5))
golden("Sum over (0, 2, 3)", lambda x: x.sum((0, 2, 3)), (2, 3, 4, 5))
golden("Mean over pixels", lambda x: x.mean((2, 3)), (2, 3, 4, 5))
golden("Reshape to [3, 5, 2, 4]", lambda x: x.reshape(3, 5, 2, 4), (2, 3, 4, 5))
golden("Flatten", lambda x: x.flatten(1), (2, 3, 4, 5))

# Classification
golden("Softmax", lambda x: x.softmax(1), (3, 19), low=-3, high=3)
golden("Softmax of an image", lambda x: x.softmax(1), (2, 5, 3, 4))
golden("LogSoftmax", lambda x: x.log_softmax(1), (3, 19), low=-3, high=3)
golden("CrossEntropy", lambda x: F.cross_entropy(x, torch.tensor([4, 0, 2])), (3, 19), low=-3, high=3)

# Dropout: PyTorch draws other masks, so only where all is dropped
golden("Dropout 1", lambda x: F.dropout(x, 1.0), (9,))
golden("Dropout2d 1", lambda x: F.dropout2d(x, 1.0), (4, 3, 2, 2))

# Products
golden("MatMul", lambda a, b: a @ b, (13, 300), (300, 33))
golden("MatMul, a transposed", lambda a, b: a.T @ b, (300, 13), (300, 16))
golden("MatMul, b transposed", lambda a, b: a @ b.T, (100, 35), (40, 35))
golden("MatMul, a transposed, b transposed", lambda a, b: a.T @ b.T, (3, 5), (4, 3))
golden("Linear", F.linear, (70, 20), (17, 20), (17,))
golden("Linear without bias", F.linear, (3, 20), (7, 20))
golden("Linear with ReLU", lambda x, w, b: F.linear(x, w, b).relu(), (5, 9), (20, 9), (20,))


def conv(x, outputs, kernel, stride, padding):
    golden(
        f"Conv2d, stride {stride}, padding {padding}", lambda x, w, b: F.conv2d(x, w, b, stride, padding),
        x, (outputs, x[1], *kernel), (outputs,))


conv((2, 3, 6, 5), 4, (3, 3), (1, 1), (1, 1))
conv((2, 18, 6, 5), 20, (3, 3), (1, 1), (1, 1))
conv((1, 3, 9, 8), 10, (5, 5), (1, 1), (2, 2))
conv((2, 1, 15, 13), 3, (11, 7), (4, 2), (2, 3))
conv((2, 20, 5, 4), 33, (1, 1), (1, 1), (0, 0))
conv((1, 17, 7, 6), 5, (2, 3), (3, 2), (0, 1))
conv((1, 2, 3, 3), 2, (1, 1), (2, 2), (0, 0))
conv((1, 2, 2, 3), 2, (4, 5), (3, 3), (2, 3))
golden("Conv2d without bias", lambda x, w: F.conv2d(x, w, padding=1), (2, 3, 4, 5), (6, 3, 3, 3))
golden("Conv2d with ReLU", lambda x, w, b: F.conv2d(x, w, b, 2).relu(), (2, 3, 5, 6), (7, 3, 3, 2), (7,))


def grouped_conv(x, outputs, kernel, groups=1, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    golden(
        f"Conv2d, stride {stride}, padding {padding}, dilation {dilation}, groups {groups}",
        lambda x, w, b: F.conv2d(x, w, b, stride, padding, dilation, groups),
        x, (outputs, x[1] // groups, *kernel), (outputs,))


grouped_conv((2, 6, 6, 5), 4, (3, 3), groups=2, padding=(1, 1))
grouped_conv((1, 9, 7, 6), 15, (2, 3), groups=3, stride=(2, 1), padding=(1, 0))
grouped_conv((2, 8, 11, 13), 12, (3, 2), groups=4, stride=(2, 3), padding=(2, 1), dilation=(2, 3))
grouped_conv((2, 36, 6, 5), 48, (3, 3), groups=2, padding=(1, 1))
grouped_conv((1, 51, 5, 6), 57, (3, 3), groups=3, stride=(2, 2), padding=(1, 1), dilation=(1, 2))
grouped_conv((2, 17, 7, 9), 17, (3, 3), groups=17, padding=(1, 1))
grouped_conv((1, 8, 9, 10), 8, (3, 3), groups=8, stride=(2, 3), padding=(3, 2), dilation=(3, 2))
grouped_conv((2, 9, 6, 7), 18, (3, 3), groups=9, padding=(1, 1))
grouped_conv((2, 18, 9, 8), 20, (3, 3), padding=(2, 1), dilation=(2, 1))
grouped_conv((1, 2, 13, 14), 3, (3, 4), stride=(4, 2), padding=(2, 0), dilation=(2, 4))
golden("Conv2d, depthwise without bias", lambda x, w: F.conv2d(x, w, padding=1, groups=18), (2, 18, 4, 5), (18, 1, 3, 3))
golden(
    "Conv2d, depthwise with ReLU", lambda x, w, b: F.conv2d(x, w, b, dilation=2, groups=6).relu(),
    (2, 6, 7, 9), (12, 1, 3, 3), (12,))


def apart(shape, kernel):
    """What the table's row adds to its input, so that no two numbers of a window are near each other."""
    rng, size = Rng(5), kernel[0] * kernel[1]
    orders = torch.tensor([rng.shuffled(size) for _ in range(shape[1])])
    place = torch.arange(shape[2])[:, None] % kernel[0] * kernel[1] + torch.arange(shape[3])[None, :] % kernel[1]
    return 5.0 * orders[:, place].expand(shape)


def max_pool(x, kernel, stride, padding=(0, 0), ceil=False, dilation=None):
    down, across = dilation or (1, 1)
    size = (kernel[0] - 1) * down + 1, (kernel[1] - 1) * across + 1
    golden(
        f"MaxPool2d {kernel}, stride {stride}, padding {padding}{f', dilation {dilation}' if dilation else ''}{', ceil' if ceil else ''}",
        lambda v: F.max_pool2d(v + apart(x, size), kernel, stride, padding, (down, across), ceil_mode=ceil), x)


def avg_pool(x, kernel, stride, padding=(0, 0), ceil=False, count_include_pad=True):
    golden(
        f"AvgPool2d {kernel}, stride {stride}, padding {padding}{', ceil' if ceil else ''}{'' if count_include_pad else ', inputs only'}",
        lambda v: F.avg_pool2d(v, kernel, stride, padding, ceil, count_include_pad), x)


max_pool((2, 3, 6, 6), (2, 2), (2, 2))
max_pool((2, 17, 7, 9), (3, 3), (2, 2))
max_pool((1, 33, 5, 4), (3, 3), (1, 1), (1, 1))
max_pool((1, 8, 6, 8), (3, 3), (2, 2), ceil=True)
max_pool((2, 5, 6, 7), (3, 2), (2, 3), (1, 0))
max_pool((1, 16, 5, 5), (3, 3), (2, 2), (1, 1), ceil=True)
max_pool((1, 4, 9, 8), (2, 1), (3, 4))
max_pool((1, 9, 18, 17), (17, 17), (1, 1), (8, 8))
max_pool((2, 17, 8, 9), (3, 3), (1, 1), (1, 1), dilation=(2, 2))
max_pool((2, 5, 9, 11), (3, 2), (2, 3), (1, 1), dilation=(3, 2))
max_pool((1, 8, 8, 7), (2, 2), (2, 2), dilation=(2, 3))
max_pool((1, 4, 9, 10), (3, 3), (2, 2), (1, 1), ceil=True, dilation=(3, 2))
avg_pool((2, 3, 6, 6), (2, 2), (2, 2))
avg_pool((2, 17, 7, 9), (3, 3), (2, 2))
avg_pool((1, 5, 5, 4), (3, 3), (1, 1), (1, 1))
avg_pool((1, 5, 5, 4), (3, 3), (1, 1), (1, 1), count_include_pad=False)
avg_pool((1, 8, 6, 8), (3, 3), (2, 2), ceil=True)
avg_pool((1, 3, 6, 8), (4, 4), (3, 3), (2, 2), ceil=True)
avg_pool((1, 3, 6, 8), (4, 4), (3, 3), (2, 2), ceil=True, count_include_pad=False)
avg_pool((2, 1, 6, 7), (3, 2), (2, 3), (1, 0))
for shape, size in [((2, 3, 6, 6), (3, 2)), ((2, 17, 7, 5), (3, 4)), ((1, 8, 2, 3), (5, 6)), ((2, 5, 6, 4), (1, 1))]:
    golden(f"AdaptiveAvgPool2d to {size[0]}×{size[1]}", lambda x, size=size: F.adaptive_avg_pool2d(x, size), shape)
golden("GlobalAvgPool2d", lambda x: x.mean((2, 3)), (2, 10, 8, 7))


def batch_norm(shape, affine, training):
    def op(x, weight=None, bias=None):
        mean, variance = torch.full(shape[1:2], 0.25).double(), torch.full(shape[1:2], 0.5).double()
        return F.batch_norm(x, mean, variance, weight, bias, training)

    name = f"BatchNorm{', affine' if affine else ''}{', training' if training else ''}"
    golden(name, op, shape, *[shape[1:2]] * (2 if affine else 0))


batch_norm((7, 5), affine=True, training=True)
batch_norm((7, 5), affine=False, training=True)
batch_norm((5, 19), affine=True, training=False)
batch_norm((2, 17, 3, 4), affine=True, training=True)
batch_norm((2, 3, 3, 4), affine=False, training=False)


# Layer and group normalization
def layer_norm(shape, axes, affine):
    def op(x, weight=None, bias=None):
        return F.layer_norm(x, shape[-axes:], weight, bias)

    golden(f"LayerNorm, {axes} axes{', affine' if affine else ''}", op, shape, *[shape[-axes:]] * (2 if affine else 0))


def group_norm(shape, groups, affine):
    def op(x, weight=None, bias=None):
        return F.group_norm(x, groups, weight, bias)

    golden(f"GroupNorm, {groups} groups{', affine' if affine else ''}", op, shape, *[shape[1:2]] * (2 if affine else 0))


layer_norm((7, 5), 1, affine=True)
layer_norm((7, 5), 1, affine=False)
layer_norm((3, 4, 7), 2, affine=True)
for axes, shape in enumerate([(2, 5, 3, 9), (2, 5, 3, 4), (2, 17, 3, 4), (2, 5, 3, 4)], 1):
    layer_norm(shape, axes, affine=True)
layer_norm((2, 3, 2, 3, 2), 4, affine=True)
group_norm((2, 12, 3, 4), 3, affine=True)
group_norm((2, 17, 5, 4), 1, affine=True)
group_norm((2, 6, 3, 4), 6, affine=True)
group_norm((2, 6, 3, 4), 2, affine=False)
group_norm((3, 24), 2, affine=True)
group_norm((2, 6, 11), 3, affine=True)
group_norm((2, 4, 2, 3, 2), 2, affine=False)


# Resizing
def upsample(shape, by=None, to=None, mode="nearest", align=None):
    name = "Upsample" + (" bilinear" if mode == "bilinear" else "") + (f" by {by[0]}, {by[1]}" if by else f" to {to[0]}, {to[1]}")
    golden(
        name + (", aligned" if align else ""),
        lambda x: F.interpolate(x, to, by, mode, align), shape)


upsample((2, 3, 4, 5), by=(2, 2))
upsample((2, 17, 4, 5), by=(1.5, 2.6))
upsample((1, 5, 7, 6), by=(0.5, 0.4))
upsample((2, 16, 5, 7), to=(7, 3))
upsample((2, 3, 4, 5), by=(2, 2), mode="bilinear", align=False)
upsample((2, 17, 4, 5), by=(1.5, 2.6), mode="bilinear", align=False)
upsample((2, 9, 4, 5), by=(2, 3), mode="bilinear", align=True)
upsample((1, 5, 7, 6), by=(0.5, 0.4), mode="bilinear", align=False)
for align in False, True:
    upsample((2, 16, 5, 7), to=(8, 3), mode="bilinear", align=align)
upsample((1, 4, 3, 3), to=(1, 1), mode="bilinear", align=True)
golden("Dropout1d 1", lambda x: F.dropout(x, 1.0), (4, 3, 2))
# Losses
def class_weights(x):
    return torch.tensor([0.5 + c % 3 * 0.75 for c in range(x.shape[1])]).double()


def offsets(x, *cycle):
    return torch.tensor([float(cycle[i % len(cycle)]) for i in range(x.numel())]).double().reshape(x.shape)


def pixel_labels(x):
    shape = (x.shape[0], *x.shape[2:])
    count = shape[0] * shape[1] * shape[2]
    return torch.tensor([255 if i % 5 == 3 else 7 * i % x.shape[1] for i in range(count)]).reshape(shape)


REDUCTIONS = ["mean", "sum", "none"]
three, five = torch.tensor([4, 0, 2]), torch.tensor([4, -100, 2, 6, 0])
golden("CrossEntropy, weighted", lambda x: F.cross_entropy(x, three, class_weights(x)), (3, 19), low=-3, high=3)
golden("CrossEntropy, smoothed", lambda x: F.cross_entropy(x, three, label_smoothing=0.1), (3, 19), low=-3, high=3)
for how in REDUCTIONS:
    golden(
        f"CrossEntropy, weighted, smoothed, ignored, {how.capitalize()}",
        lambda x, how=how: F.cross_entropy(x, five, class_weights(x), reduction=how, label_smoothing=0.2),
        (5, 7), low=-3, high=3)
    golden(
        f"CrossEntropy of pixels, {how.capitalize()}",
        lambda x, how=how: F.cross_entropy(
            x, pixel_labels(x), class_weights(x), ignore_index=255, reduction=how, label_smoothing=0.1),
        (2, 5, 3, 4))
    golden(
        f"NllLoss of pixels, {how.capitalize()}",
        lambda x, how=how: F.nll_loss(x, pixel_labels(x), class_weights(x), ignore_index=255, reduction=how),
        (2, 5, 3, 4))
golden("CrossEntropy of probabilities", F.cross_entropy, (3, 19), (3, 19), low=-3, high=3)
golden(
    "CrossEntropy of pixels' probabilities",
    lambda x, t: F.cross_entropy(x, t, class_weights(x), reduction="none", label_smoothing=0.1),
    (2, 5, 3, 4), (2, 5, 3, 4))
golden("NllLoss", lambda x: F.nll_loss(x, three), (3, 19))
near = {"low": 0, "high": 0.4}
golden("MseLoss", F.mse_loss, (3, 19), (3, 19), **near)
golden("MseLoss, Sum", lambda x, t: F.mse_loss(x, t, reduction="sum"), (3, 19), (3, 19), **near)
golden("MseLoss, None", lambda x, t: F.mse_loss(x, t, reduction="none"), (3, 19), (3, 19), **near)
golden("L1Loss", lambda x, t: F.l1_loss(x + offsets(x, 2, -2), t), (3, 19), (3, 19), **near)
golden("L1Loss, None", lambda x, t: F.l1_loss(x + offsets(x, 2, -2), t, reduction="none"), (3, 19), (3, 19), **near)
golden("HuberLoss", lambda x, t: F.huber_loss(x + offsets(x, 0, 2, -2), t), (3, 19), (3, 19), **near)
golden(
    "HuberLoss, Sum", lambda x, t: F.huber_loss(x + offsets(x, 0, 2, -2), t, reduction="sum", delta=1.25),
    (3, 19), (3, 19), **near)
golden(
    "SmoothL1Loss", lambda x, t: F.smooth_l1_loss(x + offsets(x, 0, 2, -2), t, beta=0.75), (3, 19), (3, 19), **near)
golden(
    "SmoothL1Loss of 0", lambda x, t: F.smooth_l1_loss(x + offsets(x, 2, -2), t, beta=0), (3, 19), (3, 19), **near)
golden("BinaryCrossEntropy", F.binary_cross_entropy_with_logits, (3, 19), (3, 19), low=-4, high=4)
golden(
    "BinaryCrossEntropy, None", lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction="none"),
    (2, 3, 4, 5), (2, 3, 4, 5), low=-4, high=4)
golden(
    "BinaryCrossEntropy, weighted",
    lambda x, t: F.binary_cross_entropy_with_logits(x, t, class_weights(x), pos_weight=2 * class_weights(x)),
    (3, 19), (3, 19))
golden(     # spelled out, because PyTorch has no gradients of the weights
    "BinaryCrossEntropy with gradients of the weights",
    lambda x, t, w, p: (-w * (p * t * F.logsigmoid(x) + (1 - t) * F.logsigmoid(-x))).sum(),
    (3, 19), (3, 19), (3, 1), (19,))
# Slices, permutations and joins
golden("x[1..3, .., ^1]", lambda x: x[1:3, :, -1], (5, 3, 4))
golden("x[NewAxis, 1, Ellipsis, ^2]", lambda x: x[None, 1, ..., -2], (3, 2, 3, 2, 4))
golden("Slice, step 3", lambda x: x[:, 1:-1:3], (4, 23))
golden("Narrow", lambda x: x.narrow(1, 2, 3), (3, 6))
golden("Select", lambda x: x.select(-1, -2), (3, 2, 5, 6))
golden("Split", lambda x: x.split(3, 1)[0] * 2 + x.split(3, 1)[2], (2, 9))
golden("Permute to (0, 2, 3, 1)", lambda x: x.permute(0, 2, 3, 1), (2, 3, 4, 5))
golden("Permute to (4, 1, 3, 0, 2)", lambda x: x.permute(4, 1, 3, 0, 2), (2, 3, 2, 4, 2))
golden("Transpose", lambda x: x.transpose(0, -1), (5, 3, 4))
golden("Squeeze of axis -2", lambda x: x.squeeze(-2), (1, 3, 1, 4))
golden("Unsqueeze of an image", lambda x: x.unsqueeze(0), (2, 3, 4, 5))
golden("Expand to (2, -1, 3, 4)", lambda x: x.expand(2, -1, 3, 4), (1, 5, 1, 1))
golden("Concat along 1", lambda a, b: torch.cat([a, b], 1), (2, 3, 4, 5), (2, 2, 4, 5))
golden("Stack along 1", lambda a, b: torch.stack([a, b], 1), (3, 4, 5), (3, 4, 5))
golden("Pad by ((1, 1), (0, 2)) with -1.5", lambda x: F.pad(x, (0, 2, 1, 1), value=-1.5), (2, 3, 4, 5))
golden("Pad by ((-1, 2), (1, -2)) with 0", lambda x: F.pad(x, (1, -2, -1, 2)), (4, 5))
golden("IndexSelect", lambda x: x.index_select(0, torch.tensor([2, 0, 2, 2])), (4, 3))
golden("IndexSelect of pixels", lambda x: x.index_select(3, torch.tensor([4, 4, 0, 4])), (2, 3, 4, 5))
golden("Clone", lambda x: x.clone(), (2, 19))


# Statistics
def spread(shape):
    """What the table's row adds to its input, so that no two of a thousand numbers are near each other."""
    size = torch.Size(shape).numel()
    return 3.0 * (torch.arange(size) * 7919 % 1009).reshape(shape)


for name, shape, axes in [("Max", (3, 7), (1,)), ("Max", (2, 3, 4, 5), (0, 3)), ("Min", (2, 3, 4, 5), (1,))]:
    op = torch.amax if name == "Max" else torch.amin
    listed = ", ".join(map(str, axes))
    golden(f"{name} over ({listed})", lambda x, op=op, axes=axes: op(x + spread(x.shape), axes), shape)
golden("Max of equals", lambda x: torch.amax(0 * x + 1, 1), (3, 6))
golden("Min", lambda x: (x + spread(x.shape)).min(), (3, 7))
golden("Variance", lambda x: x.var(), (3, 7))
golden("Variance over (0, 2, 3)", lambda x: x.var((0, 2, 3)), (2, 3, 4, 5))
golden("Variance over (0, 3)", lambda x: x.var((0, 3)), (2, 3, 4, 5))
golden("Variance, no correction, kept", lambda x: x.var(1, unbiased=False, keepdim=True), (3, 7))

# Products of batches and of vectors
golden("MatMul of batches", lambda a, b: a @ b, (3, 4, 5), (3, 5, 2))
golden("MatMul of batches, a transposed, b transposed", lambda a, b: a.mT @ b.mT, (3, 5, 4), (3, 2, 5))
golden("MatMul of batches", lambda a, b: a @ b, (2, 3, 4, 5), (3, 5, 2))
golden("MatMul of batches", lambda a, b: a @ b, (2, 1, 4, 5), (3, 5, 2))
golden("MatMul of batches", lambda a, b: a @ b, (2, 3, 4, 5), (5, 2))
golden("MatMul of batches", lambda a, b: a @ b, (3, 4), (2, 4, 2))
golden("MatMul of batches", lambda a, b: a @ b, (5,), (5,))
golden("MatMul of batches", lambda a, b: a @ b, (5,), (3, 5, 2))
golden("MatMul of batches", lambda a, b: a @ b, (3, 4, 5), (5,))

# Standard deviations, cumulative sums, triangles, elements and rows by their indices
golden("Std", lambda x: x.std(), (3, 7))
golden("Std over (0, 2, 3)", lambda x: x.std((0, 2, 3)), (2, 3, 4, 5))
golden("Std, no correction, kept", lambda x: x.std(1, unbiased=False, keepdim=True), (3, 7))
golden("CumSum along 1", lambda x: x.cumsum(1), (3, 7))
golden("CumSum along 1", lambda x: x.cumsum(1), (2, 3, 4, 5))
golden("CumSum along 0", lambda x: x.cumsum(0), (300, 2))
golden("Tril at 1", lambda x: x.tril(1), (4, 5))
golden("Tril at -1", lambda x: x.tril(-1), (2, 3, 4, 5))
golden("Triu at 2", lambda x: x.triu(2), (2, 4, 5))


def gather_indices(shape, extent):
    size = torch.Size(shape).numel()
    return (torch.arange(size) * 7 % 11 % extent).reshape(shape)


for shape, axis, index in [((3, 5), 1, (3, 2)), ((3, 5), -1, (2, 70)), ((2, 3, 4, 5), 1, (2, 2, 4, 5)),
                           ((2, 3, 4, 5), 3, (1, 2, 3, 6))]:
    golden(
        f"Gather {list(index)} along {axis}",
        lambda x, axis=axis, index=index: x.gather(axis, gather_indices(index, x.shape[axis])), shape)
golden("Embedding", lambda x: F.embedding(torch.tensor([[2, 0], [2, 2]]), x), (4, 3))
