"""How far one step's gradient in bfloat16 is from that in float32 in PyTorch (autocast), for tests/engine/lowPrecision.test.ts.

torchPrecision.py [BACKBONE ...]: 64 x 64 pixels of noise, batch 32, 7 classes, ArcFace in float32, as in the test. Prints
the cosine of the whole gradients for three seeds, then of each parameter's for the last one.
"""
import math, sys

import torch
from torch import nn

from torchBackbones import backbones

size, batch, classes, scale, margin = 64, 32, 7, 64, 0.5


def gradients(name, seed):
    torch.manual_seed(seed)
    features, _ = backbones[name]()
    if name == "mobilefacenet":
        features[-3] = nn.Conv2d(512, 512, size // 16, groups=512, bias=False)  # its last one covers the whole picture
    for layer in features.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out")
    width = features.eval()(torch.zeros(1, 3, size, size)).shape[1]
    features.train()
    embedding = nn.Sequential(nn.Linear(width, 64, bias=False), nn.BatchNorm1d(64))
    centres = nn.Parameter(torch.randn(classes, 64) * 0.01)
    images, labels = torch.rand(batch, 3, size, size) * 2 - 1, torch.randint(0, classes, (batch,))
    parameters = {**dict(features.named_parameters()), **dict(embedding.named_parameters("embedding")), "centres": centres}

    def step(low):
        for parameter in parameters.values():
            parameter.grad = None
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            pooled = features(images.to(memory_format=torch.channels_last))
        unit = nn.functional.normalize
        cosines = nn.functional.linear(unit(embedding(pooled.float())), unit(centres)).clamp(-1 + 1e-6, 1 - 1e-6)
        target = torch.cos(torch.acos(cosines) + margin)
        logits = scale * torch.where(nn.functional.one_hot(labels, classes).bool(), target, cosines)
        nn.functional.cross_entropy(logits, labels).backward()
        return {name: parameter.grad.double() for name, parameter in parameters.items()}

    return step(False), step(True)


def cosine(first, second):
    product = lambda a, b: sum((x * y).sum().item() for x, y in zip(a, b))
    return product(first, second) / math.sqrt(product(first, first) * product(second, second))


for name in sys.argv[1:] or ["resnet18", "iresnet18", "mobilefacenet"]:
    for seed in (1, 2, 3):
        exact, low = gradients(name, seed)
        print(f"{name} seed {seed}: {cosine(exact.values(), low.values()):.4f}", flush=True)
    for layer in exact:
        print(f"  {layer}: {cosine([exact[layer]], [low[layer]]):.4f}")
