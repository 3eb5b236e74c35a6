"""One training step in PyTorch, timed: a backbone with insightface's head, 112 x 112, 500 classes, SGD, all cores.

torchStep.py BACKBONE BATCH MODE STEPS, where MODE is eager, channels_last, compiled or bfloat16 (the last two in
channels_last). TORCH_DEVICE=cuda takes the card. Prints images a second, peak memory and the seconds until the model is ready.
"""
import json, os, resource, statistics, sys, time

started = time.perf_counter()
import torch
from torch import nn

from torchBackbones import backbones

backbone, batch, mode, steps = (sys.argv[1:] + ["resnet18", "64", "eager", "6"][len(sys.argv) - 1:])
batch, steps = int(batch), int(steps)
device = os.environ.get("TORCH_DEVICE", "cpu")
torch.set_num_threads(os.cpu_count())
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True

features, width = backbones[backbone]()
model = nn.Sequential(features, nn.Linear(width, 512), nn.BatchNorm1d(512), nn.Linear(512, 500))
images, labels = torch.rand(batch, 3, 112, 112) * 2 - 1, torch.randint(0, 500, (batch,))
if mode != "eager":
    model, images = model.to(memory_format=torch.channels_last), images.to(memory_format=torch.channels_last)
model, images, labels = model.to(device), images.to(device), labels.to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
forward = torch.compile(model) if mode == "compiled" else model
ready = time.perf_counter() - started


def step():
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast(device, torch.bfloat16, enabled=mode == "bfloat16"):
        loss = nn.functional.cross_entropy(forward(images), labels)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5)
    optimizer.step()
    return loss.item()


step()
rates, processor = [], []
for _ in range(steps):
    start, used = time.perf_counter(), time.process_time()
    step()
    rates.append(batch / (time.perf_counter() - start))
    processor.append(batch / (time.process_time() - used))
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps({"train": statistics.median(rates), "processor": statistics.median(processor), "memoryGiB": memory, "startSeconds": ready, "version": torch.__version__}))
