"""A plain 3D ResNet-18 written out under the names of the code behind the paper, without MONAI."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Block(nn.Module):
    """Two convolutions and a shortcut, which has a convolution where sizes change."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm3d(outputs)
        self.conv2 = nn.Conv3d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm3d(outputs)
        self.downsample = None
        if stride != 1:
            shortcut = nn.Conv3d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm3d(outputs))

    def forward(self, images: Tensor) -> Tensor:
        found = functional.relu(self.bn1(self.conv1(images)))
        found = self.bn2(self.conv2(found))
        return functional.relu(found + (self.downsample(images) if self.downsample else images))


class Encoder(nn.Module):
    """7³ convolution of stride 2, max pooling, four stages of two blocks, mean over space."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(1, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm3d(64)
        self.layer1 = nn.Sequential(Block(64, 64, 1), Block(64, 64, 1))
        self.layer2 = nn.Sequential(Block(64, 128, 2), Block(128, 128, 1))
        self.layer3 = nn.Sequential(Block(128, 256, 2), Block(256, 256, 1))
        self.layer4 = nn.Sequential(Block(256, 512, 2), Block(512, 512, 1))

    def forward(self, images: Tensor) -> Tensor:
        found = functional.relu(self.bn1(self.conv1(images)))
        found = functional.max_pool3d(found, 3, stride=2, padding=1)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            found = stage(found)
        return found.mean(dim=(2, 3, 4))


class Network(nn.Module):
    """Encoder and projection head, as a checkpoint holds them."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.head = nn.Sequential(nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 128))


def trained_looking(seed: int = 3) -> Network:
    """Return a network none of whose weights or statistics has the value it starts with."""
    torch.manual_seed(seed)
    network = Network()
    with torch.no_grad():
        for name, values in network.state_dict().items():
            if name.endswith(("running_var", "bn1.weight", "bn2.weight", "downsample.1.weight")):
                values.uniform_(0.5, 1.5)
            elif name.endswith(("running_mean", "bias")):
                values.normal_(0, 0.1)
            elif name.endswith("num_batches_tracked"):
                values.fill_(1234)
    return network.eval()
