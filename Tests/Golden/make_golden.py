"""Makes the golden values of this folder with PyTorch:  python3 make_golden.py [ops] [models] [training]

Everything is computed in float64 from float32 inputs, so that the files hold what exact arithmetic would give, rounded
once to float32. Weights and inputs of models are not stored: both sides draw them from the project's own generator.
Made with PyTorch 1.13 and numpy 1.24; other versions should agree to the last digit or so.
"""

import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import networks
import tensorfile
from ops import OPS
from splitmix import Rng

FOLDER = os.path.dirname(os.path.abspath(__file__))
WHOLE = 2048        # larger tensors are stored as their norm, sampled elements, and one signed sum
SAMPLES = 1024


def exact(values):
    return torch.from_numpy(np.asarray(values)).double()


def ops():
    """For every row of ops.py: inputs x0, x1, ..., a gradient dy, the result y, and the gradients dx0, dx1, ..."""
    rng, tensors = Rng(20240229), {}
    for name, row in OPS.items():
        inputs = [rng.uniform(shape, row.low, row.high) for shape in row.shapes]
        x = [exact(values).requires_grad_() for values in inputs]
        y = row.op(*x)
        dy = rng.uniform(tuple(y.shape), -1, 1)
        y.backward(exact(dy))
        for i, values in enumerate(inputs):
            tensors[f"{name}/x{i}"] = values
            tensors[f"{name}/dx{i}"] = x[i].grad
        tensors[f"{name}/dy"] = dy
        tensors[f"{name}/y"] = y.detach()
    return tensors


def draw(model, seed):
    """Weights of variance 2 / fan_in and small positive biases, so that signals pass through many ReLUs."""
    rng = Rng(seed)
    for parameter in model.parameters():
        shape = tuple(parameter.shape)
        bound = np.sqrt(np.float32(6) / np.float32(np.prod(shape[1:]))) if len(shape) > 1 else None
        values = rng.uniform(shape, -bound, bound) if bound else rng.uniform(shape, 0, 0.1)
        parameter.data = exact(values)
    return model.double()


def batch(rng, count, item):
    return exact(rng.uniform((count, *item), -1, 1)), torch.from_numpy(rng.below(count, 10))


def digest(name, values):
    """All of a small tensor; of a large one what shows a wrong element almost surely."""
    values = np.asarray(values, dtype=np.float64).ravel()
    if values.size <= WHOLE:
        return {name: values}
    rng = Rng(97)
    return {
        f"{name}/samples": values[rng.below(SAMPLES, values.size)],
        f"{name}/norm": np.sqrt(values @ values),
        f"{name}/signed": rng.signs(values.size) @ values,
    }


def kinks(model, x):
    """Per ReLU its input, and per max pooling its input and the gaps between the two greatest of each window."""
    found = []

    def relu(module, inputs, output):
        found.append((inputs[0], inputs[0].abs()))

    def pool(module, inputs, output):
        z, k, s = inputs[0], module.kernel_size, module.stride
        top = z.unfold(2, k, s).unfold(3, k, s).flatten(4).topk(2).values
        found.append((z, (top[..., 0] - top[..., 1])[top[..., 0] > 0] / 2))     # among a ReLU's zeros no gradient flows

    kinds = {nn.ReLU: relu, nn.MaxPool2d: pool}
    hooks = [m.register_forward_hook(kinds[type(m)]) for m in model.modules() if type(m) in kinds]
    with torch.no_grad():
        model(x)
    for hook in hooks:
        hook.remove()
    return found


def clear_batch(build, item, count):
    """The first seed whose batch stays clear of all kinks, and that batch.

    Where rounding in float32 decides otherwise than float64, a gradient takes another way, and no two implementations
    agree. So nothing may lie nearer to a kink than four times the error (root mean square over its layer) of PyTorch's
    own float32. Large networks have a million such places; theirs are batches of one.
    """
    model, single = draw(build(), seed=1), draw(build(), seed=1).float()
    for seed in range(2, 10_000):
        x, labels = batch(Rng(seed), count, item)
        pairs = zip(kinks(model, x), kinks(single, x.float()))
        if all(distance.min() > 4 * (z - rounded).square().mean().sqrt() for (z, distance), (rounded, _) in pairs):
            return seed, x, labels
    raise RuntimeError("no batch stays clear of all kinks")


def models():
    """For every network: scores y, loss, gradients of the input and of all parameters, and buffers after one step."""
    tensors = {}
    for name, (build, item) in networks.ALL.items():
        count = 8 if name in ("lenet5", "two-layer", "three-layer", "fcnet") else 2 if name in ("nin", "nin-bn") else 1
        seed, x, labels = clear_batch(build, item, count)      # takes some minutes
        print(name, "seed", seed, flush=True)
        model = draw(build(), seed=1)
        x.requires_grad_()
        y = model(x)
        loss = F.cross_entropy(y, labels)
        loss.backward()
        tensors |= {f"{name}/seed": float(seed), f"{name}/batch": float(count), f"{name}/y": y.detach(), f"{name}/loss": loss.detach()}
        tensors |= digest(f"{name}/dx", x.grad)
        for path, parameter in model.named_parameters():
            tensors |= digest(f"{name}/d/{path}", parameter.grad)
        tensors |= {f"{name}/buffer/{path}": values for path, values in model.named_buffers() if values.ndim}
    return tensors


def training():
    """Ten losses of SGD with Nesterov momentum on one batch, at rates where they fall."""
    tensors = {}
    for name, count, rate in [("nin", 4, 0.0005), ("nin-d2l", 2, 0.00003), ("alexnet", 2, 0.000002), ("lenet5", 8, 0.01)]:
        print(name, flush=True)
        build, item = networks.ALL[name]
        model, (x, labels), losses = draw(build(), seed=1), batch(Rng(3), count, item), []
        optimizer = torch.optim.SGD(model.parameters(), rate, momentum=0.9, nesterov=True)
        for _ in range(10):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        print(losses, flush=True)
        tensors |= {f"{name}/batch": float(count), f"{name}/rate": rate, f"{name}/losses": losses}
    return tensors


if __name__ == "__main__":
    torch.set_num_threads(2)
    for part in sys.argv[1:] or ["ops", "models", "training"]:
        tensorfile.save(os.path.join(FOLDER, f"{part}.safetensors"), globals()[part]())
