"""The networks of the catalog in PyTorch, with the same names and without dropout's randomness (p = 0)."""

from collections import OrderedDict

from torch import nn


def conv(inputs, outputs, kernel, stride=1, padding=0):
    return [nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.ReLU()]


def mlpconv(inputs, outputs, kernel, stride=1, padding=0):
    first, second, third = outputs
    return [*conv(inputs, first, kernel, stride, padding), *conv(first, second, 1), *conv(second, third, 1)]


def nin(classes=10):
    return nn.Sequential(OrderedDict(
        features1=nn.Sequential(*mlpconv(3, (192, 160, 96), 5, padding=2), nn.MaxPool2d(2), nn.Dropout2d(0)),
        features2=nn.Sequential(*mlpconv(96, (192, 192, 192), 5, padding=2), nn.MaxPool2d(2), nn.Dropout2d(0)),
        features3=nn.Sequential(*mlpconv(192, (192, 192, classes), 3, padding=1)),
        gap=nn.AvgPool2d(8),
        flatten=nn.Flatten()))


def nin_bn(classes=10):
    def norm_conv(inputs, outputs, kernel):
        return [nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]

    return nn.Sequential(OrderedDict(
        features1=nn.Sequential(
            *norm_conv(3, 192, 5), *norm_conv(192, 160, 1), *norm_conv(160, 96, 1), nn.MaxPool2d(2), nn.Dropout2d(0)),
        features2=nn.Sequential(
            *norm_conv(96, 192, 5), *norm_conv(192, 192, 1), *norm_conv(192, 192, 1), nn.MaxPool2d(2), nn.Dropout2d(0)),
        features3=nn.Sequential(*norm_conv(192, 192, 3), *norm_conv(192, 192, 1), *conv(192, classes, 1)),
        gap=nn.AvgPool2d(8),
        flatten=nn.Flatten()))


def blocks(classes, first_padding, dropout):
    def block(inputs, outputs, kernel, stride, padding):
        return nn.Sequential(*mlpconv(inputs, (outputs,) * 3, kernel, stride, padding))

    return [
        block(1, 96, 11, 4, first_padding), nn.MaxPool2d(3, 2),
        block(96, 256, 5, 1, 2), nn.MaxPool2d(3, 2),
        block(256, 384, 3, 1, 1), nn.MaxPool2d(3, 2), *dropout,
        block(384, classes, 3, 1, 1)]


def nin_net(classes=10):
    return nn.Sequential(OrderedDict(
        conv=nn.Sequential(*blocks(classes, 2, [])), gap=nn.AvgPool2d(6, 1), flatten=nn.Flatten()))


def nin_d2l(classes=10):
    return nn.Sequential(*blocks(classes, 1, [nn.Dropout(0)]), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def alexnet(classes=10):
    return nn.Sequential(OrderedDict(
        features=nn.Sequential(
            *conv(3, 64, 11, 4, 2), nn.MaxPool2d(3, 2), *conv(64, 192, 5, 1, 2), nn.MaxPool2d(3, 2),
            *conv(192, 384, 3, 1, 1), *conv(384, 256, 3, 1, 1), *conv(256, 256, 3, 1, 1), nn.MaxPool2d(3, 2)),
        avgpool=nn.AdaptiveAvgPool2d(6),
        flatten=nn.Flatten(),
        classifier=nn.Sequential(
            nn.Dropout(0), nn.Linear(256 * 36, 4096), nn.ReLU(),
            nn.Dropout(0), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, classes))))


def alexnet_origin(classes=10, hidden=(nn.Dropout(0),), everywhere=()):
    return nn.Sequential(OrderedDict(
        features=nn.Sequential(
            *conv(3, 96, 11, 4), nn.MaxPool2d(3, 2), *conv(96, 256, 5, 1, 2), nn.MaxPool2d(3, 2),
            *conv(256, 384, 3, 1, 1), *conv(384, 384, 3, 1, 1), *conv(384, 256, 3, 1, 1), *everywhere, nn.MaxPool2d(3, 2)),
        flatten=nn.Flatten(),
        classifier=nn.Sequential(
            *hidden, nn.Linear(256 * 36, 4096), nn.ReLU(),
            *hidden, nn.Linear(4096, 4096), nn.ReLU(), *everywhere, nn.Linear(4096, classes))))


def lenet5(classes=10):
    return nn.Sequential(OrderedDict(
        conv1=nn.Conv2d(1, 6, 5), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(6, 16, 5), relu2=nn.ReLU(), pool2=nn.MaxPool2d(2),
        conv3=nn.Conv2d(16, 120, 5), relu3=nn.ReLU(), flatten=nn.Flatten(),
        fc1=nn.Linear(120, 84), relu4=nn.ReLU(), fc2=nn.Linear(84, classes)))


def fully_connected(hidden, batch_norm=False, classes=10):
    layers, features = [("flatten", nn.Flatten())], 784
    for i, outputs in enumerate(hidden, 1):
        layers.append((f"fc{i}", nn.Linear(features, outputs)))
        if batch_norm:
            layers.append((f"bn{i}", nn.BatchNorm1d(outputs)))
        layers.append((f"relu{i}", nn.ReLU()))
        features = outputs
    return nn.Sequential(OrderedDict([*layers, (f"fc{len(hidden) + 1}", nn.Linear(features, classes))]))


# name -> (how to build it, the shape of one item)
ALL = {
    "nin": (nin, (3, 32, 32)),
    "nin-net": (nin_net, (1, 224, 224)),
    "nin-d2l": (nin_d2l, (1, 224, 224)),
    "nin-bn": (nin_bn, (3, 32, 32)),
    "alexnet": (alexnet, (3, 227, 227)),
    "alexnet-origin": (alexnet_origin, (3, 227, 227)),
    "alexnet-origin-nodrop": (lambda: alexnet_origin(hidden=()), (3, 227, 227)),
    "alexnet-dropall": (lambda: alexnet_origin(everywhere=(nn.Dropout(0),)), (3, 227, 227)),
    "lenet5": (lenet5, (1, 32, 32)),
    "two-layer": (lambda: fully_connected([200]), (1, 28, 28)),
    "three-layer": (lambda: fully_connected([200, 100]), (1, 28, 28)),
    "fcnet": (lambda: fully_connected([512, 256, 128], batch_norm=True), (1, 28, 28)),
}
