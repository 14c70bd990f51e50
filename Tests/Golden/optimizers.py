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


SGD, ADAM, ADAMW, RMSPROP = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop
for make in [
    lambda p: SGD(p, lr=0.1),
    lambda p: SGD(p, lr=0.1, weight_decay=0.05),
    lambda p: SGD(p, lr=0.1, momentum=0.9),
    lambda p: SGD(p, lr=0.1, momentum=0.9, dampening=0.5, weight_decay=0.05),
    lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05),
    lambda p: ADAM(p),
    lambda p: ADAM(p, lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.05),
    lambda p: ADAMW(p),
    lambda p: ADAMW(p, lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.5),
    lambda p: RMSPROP(p),
    lambda p: RMSPROP(p, lr=0.02, alpha=0.9, eps=1e-3, weight_decay=0.05),
    lambda p: RMSPROP(p, lr=0.02, alpha=0.9, eps=1e-3, momentum=0.9),
    lambda p: RMSPROP(p, lr=0.02, alpha=0.9, eps=1e-3, centered=True),
    lambda p: RMSPROP(p, lr=0.02, alpha=0.9, eps=1e-3, weight_decay=0.05, momentum=0.9, centered=True),
]:
    print(", ".join(f"{value:.9g}f" for value in after_ten_steps(make)))


def groups_after_ten_steps(make, group):
    """A parameter in a group of its own with options, and one with the optimizer's; a schedule halves all rates."""
    parameters = [torch.tensor([math.sin(i) for i in range(4)], requires_grad=True) for _ in range(2)]
    optimizer = make([{"params": [parameters[0]], **group}, {"params": [parameters[1]]}])
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 5, 0.5)
    for step in range(10):
        for parameter in parameters:
            parameter.grad = torch.tensor([math.sin(0.7 * i + 1.3 * step) for i in range(4)], dtype=torch.float32)
        optimizer.step()
        schedule.step()
    return [value for parameter in parameters for value in parameter.tolist()]


print()
for make, group in [
    (lambda g: SGD(g, lr=0.1, momentum=0.9, weight_decay=0.05), dict(lr=0.01, weight_decay=0, momentum=0)),
    (lambda g: SGD(g, lr=0.1), dict(momentum=0.8, nesterov=True, weight_decay=0.1)),
    (lambda g: ADAM(g, lr=0.02, weight_decay=0.05), dict(lr=0.03, betas=(0.8, 0.95), eps=1e-3)),
    (lambda g: ADAMW(g, lr=0.02, weight_decay=0.5), dict(lr=0.003, weight_decay=0)),
    (lambda g: RMSPROP(g, lr=0.02, alpha=0.9, eps=1e-3), dict(lr=0.01, momentum=0.9, centered=True, weight_decay=0.05)),
]:
    print(", ".join(f"{value:.9g}f" for value in groups_after_ten_steps(make, group)))
