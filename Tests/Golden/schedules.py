"""Prints the learning rates that ScheduleGoldenTests expects of PyTorch's schedules (made with PyTorch 1.13)."""
import warnings

import torch
from torch.optim import lr_scheduler as lrs

warnings.filterwarnings("ignore")
STEPS = 12


def rates(make, start=0.1):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=start)
    schedule, values = make(optimizer), [optimizer.param_groups[0]["lr"]]
    for _ in range(STEPS - 1):
        optimizer.step()
        schedule.step()
        values.append(optimizer.param_groups[0]["lr"])
    return values


def warm(optimizer, make, first=0.25, steps=4):
    warmup = lrs.LinearLR(optimizer, start_factor=first, total_iters=steps)
    return lrs.SequentialLR(optimizer, [warmup, make(optimizer)], milestones=[steps])


def plateau(metrics, start=0.1, **options):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=start)
    schedule, values = lrs.ReduceLROnPlateau(optimizer, **options), []
    for metric in metrics:
        schedule.step(metric)
        values.append(optimizer.param_groups[0]["lr"])
    return values


def one_cycle(**options):
    return lambda o: lrs.OneCycleLR(o, max_lr=0.1, total_steps=STEPS, cycle_momentum=False, **options)


def show(name, values):
    print(f'    [TestCase("{name}", new[]\n    {{')
    texts = [f"{value:.10g}" for value in values]
    for i in range(0, len(texts), 6):
        print("        " + ", ".join(texts[i:i + 6]) + ",")
    print("    })]")


SCHEDULES = {
    "exponential": lambda o: lrs.ExponentialLR(o, 0.8),
    "polynomial": lambda o: lrs.PolynomialLR(o, total_iters=9),
    "polynomial, power 2.5": lambda o: lrs.PolynomialLR(o, total_iters=STEPS, power=2.5),
    "one cycle": one_cycle(),
    "one cycle, linear": one_cycle(anneal_strategy="linear", pct_start=0.5, div_factor=10, final_div_factor=100),
    "one cycle, three phases": one_cycle(three_phase=True, pct_start=0.4),
    "one cycle, no rise": one_cycle(pct_start=0.0),
    "one cycle, rise only": one_cycle(pct_start=1.0),
    "warm-up, constant": lambda o: warm(o, lambda p: lrs.ConstantLR(p, factor=1)),
    "warm-up, steps": lambda o: warm(o, lambda p: lrs.StepLR(p, 3, 0.5)),
    "warm-up, exponential": lambda o: warm(o, lambda p: lrs.ExponentialLR(p, 0.8), first=0.1, steps=5),
    "warm-up, cosine": lambda o: warm(o, lambda p: lrs.CosineAnnealingLR(p, STEPS - 4)),
    "warm-up, polynomial": lambda o: warm(o, lambda p: lrs.PolynomialLR(p, STEPS - 4, 2)),
}
LOSSES = [1.0, 0.9, 0.95, 0.95, 0.92, 0.8, 0.79995, 0.81, 0.82, float("nan"), 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]
PLATEAUS = {
    "min": dict(patience=2),
    "min, absolute": dict(patience=1, threshold=0.06, threshold_mode="abs", factor=0.5),
    "max": dict(mode="max", patience=1, factor=0.5, threshold=0.01),
    "max, absolute": dict(mode="max", patience=0, factor=0.7, threshold=0.01, threshold_mode="abs"),
    "cooldown": dict(patience=1, factor=0.5, cooldown=3),
    "lowest rate": dict(patience=0, factor=0.3, min_lr=0.004),
}
for name, make in SCHEDULES.items():
    show(name, rates(make))
print()
for name, options in PLATEAUS.items():
    show(name, plateau([1.5 - loss for loss in LOSSES] if "mode" in options else LOSSES, **options))
