"""Computes insightface's protocol with numpy and scikit-learn, apart from ArcBench, on drawn squared distances."""
import json
from pathlib import Path

import numpy as np
from sklearn.model_selection import KFold

target = 1e-3


def draw(count, seed, gap):
    random = np.random.RandomState(seed)
    same = random.rand(count) < 0.5
    distances = np.where(same, 1 - gap, 1 + gap) * 1.2 + 0.5 * random.randn(count)
    return np.clip(distances, 0, 4).round(6), same


def threshold_at(target, distances, same, grid):
    rates = np.array([(distances[~same] < threshold).mean() for threshold in grid])
    above = int(np.argmax(rates >= target))
    if rates.max() < target or above == 0:
        return 0.0
    share = (target - rates[above - 1]) / (rates[above] - rates[above - 1])
    return grid[above - 1] + (grid[above] - grid[above - 1]) * share


def judge(distances, same):
    accuracies, accepted, falsely = [], [], []
    coarse, fine = np.arange(0, 4, 0.01), np.arange(0, 4, 0.001)
    for others, own in KFold(10, shuffle=False).split(np.arange(len(same))):
        right = [((distances[others] < threshold) == same[others]).mean() for threshold in coarse]
        best = coarse[int(np.argmax(right))]
        accuracies.append(((distances[own] < best) == same[own]).mean())
        threshold = threshold_at(target, distances[others], same[others], fine)
        accepted.append((distances[own][same[own]] < threshold).mean())
        falsely.append((distances[own][~same[own]] < threshold).mean())
    return {
        'mean': np.mean(accuracies),
        'standardDeviation': np.std(accuracies),
        'acceptance': np.mean(accepted),
        'acceptanceDeviation': np.std(accepted),
        'falseAcceptance': np.mean(falsely),
    }


cases = []
for count, seed, gap in ((57, 2, 0.4), (600, 3, 0.35)):
    distances, same = draw(count, seed, gap)
    cases.append({'distances': distances.tolist(), 'same': [int(one) for one in same], **judge(distances, same)})
Path(__file__).with_name('insightfaceFolds.json').write_text(json.dumps(cases) + '\n')
