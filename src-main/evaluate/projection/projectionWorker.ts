import { parentPort, workerData } from 'node:worker_threads';
import { UMAP } from 'umap-js';
import { principalComponents } from '../../../src-shared/maths/principalComponents.ts';
import { randomStream } from '../../../src-shared/maths/random.ts';
import type { ProjectionMessage, ProjectionTask } from './projectEmbeddings.ts';
import { tsne } from './tsne.ts';

// The first 50 components keep nearly all neighbours, and distances in them cost a tenth.
const componentsFirst = 50;

const tell = (message: ProjectionMessage) => parentPort?.postMessage(message);

function project({ method, dimensions, seed, neighbours, values, size }: ProjectionTask): Float32Array {
  if (method === 'pca') return principalComponents(values, size, { components: dimensions, seed }).scores;
  const wide = Math.min(size, componentsFirst);
  const reduced = size > wide ? principalComponents(values, size, { components: wide, seed }).scores : values;
  const points = reduced.length / wide;
  const report = everyPercent();
  if (method === 'umap') {
    const rows = Array.from({ length: points }, (_, point) => [...reduced.subarray(point * wide, (point + 1) * wide)]);
    const umap = new UMAP({
      nComponents: dimensions,
      nNeighbors: Math.min(neighbours ?? 15, points - 1),
      minDist: 0.1,
      random: randomStream(seed, 'umap').next,
    });
    const epochs = umap.initializeFit(rows);
    for (let epoch = 0; epoch < epochs; epoch++) {
      umap.step();
      report((epoch + 1) / epochs);
    }
    return Float32Array.from(umap.getEmbedding().flat());
  }
  return tsne(reduced, wide, {
    dimensions,
    perplexity: Math.min(neighbours ?? 30, (points - 1) / 3),
    seed,
    onProgress: report,
  });
}

/** Reports a share each time it has grown by a hundredth. */
function everyPercent(): (share: number) => void {
  let reported = 0;
  return (share) => {
    if (share < reported + 0.01 && share < 1) return;
    reported = share;
    tell({ kind: 'progress', share });
  };
}

tell({ kind: 'done', coordinates: project(workerData as ProjectionTask) });
