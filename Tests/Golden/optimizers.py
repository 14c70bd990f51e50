"""Prints the parameters that OptimizerTests expects after ten steps of PyTorch's optimizers (made with PyTorch 1.13)."""
import math

import torch


def after_ten_steps(make):
    parameter = torch.tensor([math.sin(i) for i in range(11)], dtype=torch.float32, requires_grad=True)
    optimizer = make([parameter])
    for step in range(10):
        parameter.grad = torch.tensor([math.sin(0.7 * i + 1.3 * step) for i in range(11)], dtype=torch.float32)
        optimizer.step()
    return parameter.tolist()


SGD, ADAM = torch.optim.SGD, torch.optim.Adam
for make in [
    lambda p: SGD(p, lr=0.1),
    lambda p: SGD(p, lr=0.1, weight_decay=0.05),
    lambda p: SGD(p, lr=0.1, momentum=0.9),
    lambda p: SGD(p, lr=0.1, momentum=0.9, dampening=0.5, weight_decay=0.05),
    lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05),
    lambda p: ADAM(p),
    lambda p: ADAM(p, lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.05),
]:
    print(", ".join(f"{value:.9g}f" for value in after_ten_steps(make)))
