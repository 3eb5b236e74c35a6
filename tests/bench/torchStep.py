"""The same step in PyTorch, eager: resnet18 with insightface's head, 112 x 112, batch 64, 500 classes, SGD, as many threads as cores."""
import json, os, statistics, time, torch
from torch import nn

torch.set_num_threads(os.cpu_count())

class Block(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters)
        self.conv2, self.bn2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters)
        self.downsample = nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)) if stride > 1 or channels != filters else None
    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))

layers, channels = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], 64
for filters, stride in ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)):
    layers.append(Block(channels, filters, stride)); channels = filters
model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 512), nn.BatchNorm1d(512), nn.Linear(512, 500))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
images, labels = torch.rand(64, 3, 112, 112) * 2 - 1, torch.randint(0, 500, (64,))

def step():
    optimizer.zero_grad(set_to_none=True)
    loss = nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5)
    optimizer.step()
    return loss.item()

best = 0
for channels_last in (False, True):  # its faster layout counts
    if channels_last:
        model, images = model.to(memory_format=torch.channels_last), images.to(memory_format=torch.channels_last)
    step(); step()
    rates = []
    for _ in range(6):
        start = time.perf_counter(); step(); rates.append(64 / (time.perf_counter() - start))
    best = max(best, statistics.median(rates))
print(json.dumps({"train": best, "version": torch.__version__}))
