import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Dataset } from '../../../src-main/data/dataset.ts';
import { decodeFace } from '../../../src-main/data/decodeFace.ts';
import { importDataset } from '../../../src-main/data/importDataset.ts';
import type { PreparedImage } from '../../../src-main/data/preparedSet.ts';
import { experimentSchema } from '../../../src-shared/experiment.ts';
import { sentence } from './attempt.ts';

/**
 * Imports a source and cuts its faces out, without the threads of `prepareDataset`, whose start costs more than
 * hundreds of small pictures.
 */
export async function importAndDecode(
  source: string,
  workspace: string,
): Promise<{
  readonly dataset: Dataset;
  readonly images: readonly PreparedImage[];
  readonly refusals: readonly string[];
}> {
  mkdirSync(workspace, { recursive: true });
  // As a screen does: on the command line, links lead where they say.
  const roots = [dirname(source)];
  const data = { ...experimentSchema.parse({}).data, resolvedSource: source };
  const dataset = await importDataset(data, { workspace, roots });
  const images: PreparedImage[] = [];
  const refusals = dataset.rejected.map(({ reason }) => reason);
  for (const image of dataset.images) {
    const face = await decodeFace(
      image,
      image.landmarks ? { kind: 'landmarks', inputSize: 32 } : { kind: 'centreCrop', inputSize: 32, faceRatio: 1 },
    );
    if ('reason' in face) refusals.push(face.reason);
    else images.push({ ...image, contentHash: face.contentHash, perceptualHash: face.perceptualHash });
  }
  return { dataset, images, refusals: refusals.map((reason) => sentence(reason.slice(0, 2000))) };
}

export const workspaceIn = (folder: string): string => join(folder, 'workspace');
