"""Weights both ways:  python3 exchange.py FOLDER, as ExchangeTests calls it.

FOLDER holds, for a network NAME, our weights in NAME.ours.safetensors and items in NAME.x.safetensors. This loads the
weights into PyTorch's network of that name and writes its scores to NAME.ours.y.safetensors; then it writes weights that
PyTorch drew, NAME.theirs.safetensors, and their scores, NAME.theirs.y.safetensors.
"""

import glob
import os
import sys

import torch

import networks
import tensorfile


def scores(model, x):
    with torch.no_grad():
        return {"y": model.double().eval()(torch.from_numpy(x).double())}


def main(folder):
    for path in sorted(glob.glob(os.path.join(folder, "*.x.safetensors"))):
        stem = path[:-len(".x.safetensors")]
        build, _ = networks.ALL[os.path.basename(stem)]
        x = tensorfile.load(path)["x"]

        model = build()
        model.load_state_dict({name: torch.from_numpy(values) for name, values in tensorfile.load(f"{stem}.ours.safetensors").items()})
        tensorfile.save(f"{stem}.ours.y.safetensors", scores(model, x))

        torch.manual_seed(1)
        model = build()
        model(torch.from_numpy(x))      # moves running statistics away from their start
        tensorfile.save(f"{stem}.theirs.safetensors", model.state_dict())
        tensorfile.save(f"{stem}.theirs.y.safetensors", scores(model, x))


if __name__ == "__main__":
    main(sys.argv[1])
