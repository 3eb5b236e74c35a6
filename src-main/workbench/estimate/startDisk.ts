import { existsSync } from 'node:fs';
import type { Plan } from '../../../src-shared/experiment.ts';
import { demoFolder } from '../../data/syntheticFaces.ts';

const bytesOfDemoPicture = 10_000; // a PNG of 112 x 112 pixels; the smallest have 9,500
const channels = 3;

/** Bytes of the demo pictures that a plan would draw; 0 where they are there, or its faces are others. */
export function demoBytes(workspace: string, { source, demo }: Plan['data']): number {
  if (source !== 'demo' || existsSync(demoFolder(workspace, demo))) return 0;
  return demo.people * demo.imagesPerPerson * bytesOfDemoPicture;
}

/** Bytes of the packed pixels of faces. */
export const packedBytes = (images: number, { inputSize }: Plan['prepare']): number =>
  images * channels * inputSize ** 2;

/**
 * Bytes that a run leaves: two checkpoints and a third while it is written, the saved model, the weights, and the
 * embeddings of its faces. `parameters` and `state` are the numbers of the network and head, without and with the
 * optimiser's slots.
 */
export const runBytes = ({
  parameters,
  state,
  embeddings,
}: {
  readonly parameters: number;
  readonly state: number;
  readonly embeddings: number;
}): number => Float32Array.BYTES_PER_ELEMENT * (3 * state + 2 * parameters + embeddings);
