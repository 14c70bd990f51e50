#!/usr/bin/env python3
"""The first steps of a training beside PyTorch's, from the same weights over the same images in the same order.

    PYNET_DATA=DIR python3 beside-pytorch.py [NETWORK] [--steps 200] [--batch 16] [--lr 0.01] [--out FOLDER]

NETWORK is alexnet, or another for CIFAR-10 of Tests/Golden/networks.py, without dropout, whose masks would differ. Weights
are drawn by PyTorch (Xavier-uniform, biases 0), images come in the order of the files, resized to the network's size
(bilinear) and normalized to [-1, 1]; SGD with Nesterov momentum 0.9. Writes FOLDER/losses.tsv: the mean of the training
loss up to a step, as `pynet train --log-every` prints it, of both. PYNET names another pynet than this checkout's.
"""

import argparse
import os
import re
import subprocess
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Golden"))

import networks
import tensorfile


def images(count):
    data = np.fromfile(os.path.join(os.environ["PYNET_DATA"], "cifar10", "data_batch_1.bin"), dtype=np.uint8)
    records = data.reshape(-1, 3073)[:count]
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].astype(np.int64)


def train_pytorch(model, options, size):
    x, labels = images(options.steps * options.batch)
    optimizer = torch.optim.SGD(model.parameters(), options.lr, momentum=0.9, nesterov=True)
    total, means = 0.0, {}
    for step in range(1, options.steps + 1):
        batch = slice((step - 1) * options.batch, step * options.batch)
        pixels = torch.from_numpy(x[batch]).float() / 255
        pixels = F.interpolate(pixels, size=(size, size), mode="bilinear", align_corners=False)
        optimizer.zero_grad()
        loss = F.cross_entropy(model((pixels - 0.5) / 0.5), torch.from_numpy(labels[batch]))
        loss.backward()
        optimizer.step()
        total += loss.item()
        if step % options.every == 0:
            means[step] = total / step
    return means


def train_pynet(weights, options, folder):
    pynet = os.environ.get("PYNET")
    command = [pynet] if pynet else ["dotnet", "run", "-c", "Release", "--project", os.path.join(ROOT, "Train"), "--"]
    command += ["train", options.network, "--data", "cifar10", "--limit", str(options.steps * options.batch)]
    command += ["--shuffle", "false", "--evaluate", "never", "--batch-size", str(options.batch), "--epochs", "1"]
    command += ["--lr", str(options.lr), "--momentum", "0.9", "--nesterov", "true", "--weights", weights]
    command += ["--log-every", str(options.every), "--out", folder]
    if options.network != "alexnet-origin-nodrop":
        command += ["--dropout", "0"]
    output = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = re.findall(r"batch +(\d+) of +\d+ +loss ([0-9.]+)", output.stdout + output.stderr)
    return {int(step): float(loss) for step, loss in lines}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    color = [name for name, (_, item) in networks.ALL.items() if item[0] == 3]
    parser.add_argument("network", nargs="?", default="alexnet", choices=color)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--out", default="runs/beside-pytorch")
    options = parser.parse_args()

    torch.manual_seed(1)
    build, item = networks.ALL[options.network]
    model = build()
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    os.makedirs(options.out, exist_ok=True)
    weights = os.path.join(options.out, "weights.safetensors")
    tensorfile.save(weights, {name: t.detach().numpy() for name, t in model.state_dict().items() if t.ndim})
    ours = train_pynet(weights, options, os.path.join(options.out, "run"))
    theirs = train_pytorch(model, options, item[1])

    with open(os.path.join(options.out, "losses.tsv"), "w", encoding="utf-8") as file:
        print("step", "pynet", f"PyTorch {torch.__version__}", sep="\t", file=file)
        for step in sorted(theirs):
            print(step, f"{ours[step]:.4f}", f"{theirs[step]:.4f}", sep="\t", file=file)
    difference = max(abs(ours[step] - theirs[step]) for step in theirs)
    print(f"{options.network}: the two means differ by {difference:.4f} at most over {options.steps} steps")


if __name__ == "__main__":
    main()
