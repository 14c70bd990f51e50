"""Training steps in PyTorch, the peer of `Benchmarks -- steps`.

    python3 steps.py [--batch N] [--repeat N] [--layout contiguous|channels_last] [--threads N] NETWORK...

One step is forward, cross-entropy, backward and SGD with Nesterov momentum, on random images. Prints one JSON object per
network: {"network", "batch", "layout", "seconds": [...]}. Needs PyTorch (Debian: python3-torch, python3-numpy and
libopenblas0-pthread). Without its page faults PyTorch is faster still: run it under
MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=99999999999.
"""

import argparse
import json
import time

import torch
from torch import nn


def conv(inputs, outputs, kernel, stride=1, padding=0):
    return [nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.ReLU()]


def block(inputs, outputs, kernel, stride, padding):
    return conv(inputs, outputs, kernel, stride, padding) + conv(outputs, outputs, 1) + conv(outputs, outputs, 1)


def nin():
    return nn.Sequential(
        *conv(3, 192, 5, padding=2), *conv(192, 160, 1), *conv(160, 96, 1), nn.MaxPool2d(2), nn.Dropout2d(0.5),
        *conv(96, 192, 5, padding=2), *conv(192, 192, 1), *conv(192, 192, 1), nn.MaxPool2d(2), nn.Dropout2d(0.5),
        *conv(192, 192, 3, padding=1), *conv(192, 192, 1), *conv(192, 10, 1), nn.AvgPool2d(8), nn.Flatten())


def nin_net():
    return nn.Sequential(
        *block(1, 96, 11, 4, 2), nn.MaxPool2d(3, 2), *block(96, 256, 5, 1, 2), nn.MaxPool2d(3, 2),
        *block(256, 384, 3, 1, 1), nn.MaxPool2d(3, 2), *block(384, 10, 3, 1, 1), nn.AvgPool2d(6), nn.Flatten())


def nin_d2l():
    return nn.Sequential(
        *block(1, 96, 11, 4, 1), nn.MaxPool2d(3, 2), *block(96, 256, 5, 1, 2), nn.MaxPool2d(3, 2),
        *block(256, 384, 3, 1, 1), nn.MaxPool2d(3, 2), nn.Dropout(0.5), *block(384, 10, 3, 1, 1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten())


def alexnet():
    return nn.Sequential(
        *conv(3, 64, 11, 4, 2), nn.MaxPool2d(3, 2), *conv(64, 192, 5, padding=2), nn.MaxPool2d(3, 2),
        *conv(192, 384, 3, padding=1), *conv(384, 256, 3, padding=1), *conv(256, 256, 3, padding=1), nn.MaxPool2d(3, 2),
        nn.AdaptiveAvgPool2d(6), nn.Flatten(), nn.Dropout(0.5), nn.Linear(9216, 4096), nn.ReLU(),
        nn.Dropout(0.5), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 10))


def lenet5():
    return nn.Sequential(
        *conv(1, 6, 5), nn.MaxPool2d(2), *conv(6, 16, 5), nn.MaxPool2d(2), *conv(16, 120, 5), nn.Flatten(),
        nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


NETWORKS = {  # name: (network, shape of an image, batch)
    "nin": (nin, (3, 32, 32), 128),
    "nin-net": (nin_net, (1, 224, 224), 16),
    "nin-d2l": (nin_d2l, (1, 224, 224), 16),
    "alexnet": (alexnet, (3, 227, 227), 16),
    "lenet5": (lenet5, (1, 32, 32), 128),
}


def measure(name, batch, repeat, layout):
    make, image, usual = NETWORKS[name]
    batch = batch or usual
    torch.manual_seed(1)
    network = make().to(memory_format=layout)
    x = torch.rand(batch, *image).to(memory_format=layout)
    labels = torch.randint(0, 10, (batch,))
    loss = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, nesterov=True)

    seconds = []
    for _ in range(repeat + 2):
        start = time.perf_counter()
        optimizer.zero_grad()
        loss(network(x), labels).backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    return batch, seconds[2:]  # the first two warm up


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", choices=[*NETWORKS, []], default=["nin"])
    parser.add_argument("--batch", type=int)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--layout", choices=["contiguous", "channels_last"], default="contiguous")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    layout = torch.contiguous_format if options.layout == "contiguous" else torch.channels_last
    for name in options.networks:
        batch, seconds = measure(name, options.batch, options.repeat, layout)
        print(json.dumps({"network": name, "batch": batch, "layout": options.layout, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
