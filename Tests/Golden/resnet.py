"""Makes resnet.safetensors:  python3 resnet.py

Ten training steps of the tutorial's ResNet-18 (Tests/Tutorial/ResNet18.cs), a quarter as wide, in float64: losses, and
the weights and buffers afterwards. Weights and the batch are drawn by the project's own generator.
"""

import os

import torch
import torch.nn.functional as F
from torch import nn

import tensorfile
from make_golden import FOLDER, batch, digest, draw
from splitmix import Rng

STEPS, COUNT, WIDTH, ITEM, RATE = 10, 8, 16, (3, 16, 16), 0.02


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    def __init__(self, classes, width):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = self.stage(width, width, 1)
        self.layer2 = self.stage(width, 2 * width, 2)
        self.layer3 = self.stage(2 * width, 4 * width, 2)
        self.layer4 = self.stage(4 * width, 8 * width, 2)
        self.fc = nn.Linear(8 * width, classes)

    @staticmethod
    def stage(inputs, outputs, stride):
        return nn.Sequential(BasicBlock(inputs, outputs, stride), BasicBlock(outputs, outputs, 1))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def training():
    model, (x, labels) = draw(ResNet18(10, WIDTH), seed=1), batch(Rng(3), COUNT, ITEM)
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 5e-4},
        {"params": [p for p in model.parameters() if p.ndim == 1], "weight_decay": 0}]
    optimizer = torch.optim.SGD(groups, RATE, momentum=0.9, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, STEPS, cycle_momentum=False)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    print(losses)
    tensors = {"losses": losses}
    for path, values in [*model.named_parameters(), *model.named_buffers()]:
        if values.ndim:
            tensors |= digest(path, values.detach())
    return tensors


if __name__ == "__main__":
    tensorfile.save(os.path.join(FOLDER, "resnet.safetensors"), training())
