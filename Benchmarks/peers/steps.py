"""Steps in PyTorch, the peer of `Benchmarks -- steps`: training, and inference.

    python3 steps.py [--batch N] [--inference] [--layout contiguous|channels_last] [--threads N]
                     [--device cpu|cuda] [--precision float32|tf32] [--repeat N | --serve] NETWORK

A training step is forward, cross-entropy, backward and SGD with Nesterov momentum, on random images. Prints lines of
JSON: first {"version", "libraries"} when all is warm, then {"seconds": [...], "resident": bytes} for --repeat steps, or
with --serve for each line "TIMINGS STEPS" of the standard input, so many means of so many steps. Needs PyTorch (Debian:
python3-torch, python3-numpy and libopenblas0-pthread). On a GPU each step is waited for, and cuDNN picks its fastest
algorithms. Without its page faults PyTorch is faster still: run it under MALLOC_MMAP_MAX_=0
MALLOC_TRIM_THRESHOLD_=99999999999.
"""

import argparse
import ctypes
import json
import re
import resource
import sys
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


def alexnet_origin():
    return nn.Sequential(
        *conv(3, 96, 11, 4), nn.MaxPool2d(3, 2), *conv(96, 256, 5, padding=2), nn.MaxPool2d(3, 2),
        *conv(256, 384, 3, padding=1), *conv(384, 384, 3, padding=1), *conv(384, 256, 3, padding=1), nn.MaxPool2d(3, 2),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(9216, 4096), nn.ReLU(),
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
    "alexnet-origin": (alexnet_origin, (3, 227, 227), 16),
    "lenet5": (lenet5, (1, 32, 32), 128),
}


def training_step(network, x):
    labels = torch.randint(0, 10, (len(x),)).to(x.device)
    loss = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, nesterov=True)

    def step():
        optimizer.zero_grad()
        loss(network(x), labels).backward()
        optimizer.step()

    return step


def inference_step(network, x):
    network.eval()

    def step():
        with torch.inference_mode():
            network(x)

    return step


def measure(step, wait, timings, steps=1):
    seconds = []
    for _ in range(timings):
        start = time.perf_counter()
        for _ in range(steps):
            step()
            wait()
        seconds.append((time.perf_counter() - start) / steps)
    return {"seconds": seconds, "resident": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}


def blas():
    """The BLAS that is loaded, where the system and the library tell; otherwise the one that PyTorch was built for."""
    try:
        with open("/proc/self/maps", encoding="utf-8") as maps:
            loaded = sorted({line.split()[-1] for line in maps if re.search(r"openblas", line)})
        config = ctypes.CDLL(loaded[0]).openblas_get_config
        config.restype = ctypes.c_char_p
        return " ".join(config().decode().split()[:2])
    except (OSError, IndexError, AttributeError):
        config = torch.__config__.show()
        mkl = re.search(r"Math Kernel Library Version ([\d.]+)", config)
        built_for = re.search(r"BLAS_INFO=(\w+)", config)
        return f"MKL {mkl.group(1)}" if mkl else f"BLAS {built_for.group(1) if built_for else 'unknown'}"


def libraries():
    """What computes: the BLAS and oneDNN."""
    onednn = re.search(r"MKL-DNN v([\d.]+)", torch.__config__.show())
    used = onednn and torch.backends.mkldnn.is_available()
    return f"{blas()}, {f'oneDNN {onednn.group(1)}' if used else 'no oneDNN'}"


def say(what):
    print(json.dumps(what), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--inference", action="store_true")
    parser.add_argument("--layout", choices=["contiguous", "channels_last"], default="contiguous")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=["float32", "tf32"], default="float32")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--serve", action="store_true")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = options.precision == "tf32"
    torch.backends.cudnn.benchmark = True
    wait = torch.cuda.synchronize if options.device.startswith("cuda") else lambda: None
    layout = torch.contiguous_format if options.layout == "contiguous" else torch.channels_last
    make, image, batch = NETWORKS[options.network]
    network = make().to(options.device, memory_format=layout)
    x = torch.rand(options.batch or batch, *image).to(options.device, memory_format=layout)
    step = inference_step(network, x) if options.inference else training_step(network, x)

    warm = time.perf_counter() + 0.5
    measure(step, wait, 2)
    while time.perf_counter() < warm:
        measure(step, wait, 1)
    say({"version": f"PyTorch {torch.__version__}", "libraries": libraries()})
    if options.serve:
        for line in sys.stdin:
            say(measure(step, wait, *map(int, line.split())))
    else:
        say(measure(step, wait, options.repeat))


if __name__ == "__main__":
    main()
