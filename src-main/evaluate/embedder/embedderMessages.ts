import type { ErrorCode } from '../../../src-shared/errors.ts';
import type { Plan } from '../../../src-shared/experiment.ts';

/** A trained network as the embedder's process loads it. */
export interface EmbeddedModel {
  /** Names the weights: a run that was trained again has another key. */
  readonly key: string;
  readonly model: Plan['model'];
  readonly inputSize: number;
  /** The file of weights that the run left behind. */
  readonly weights: string;
  /** Whether the embedding is the sum of the picture's and the mirrored picture's. */
  readonly flip: boolean;
}

/** Faces to be embedded: RGB uint8 [faces, inputSize, inputSize, 3]. */
export interface EmbedRequest {
  readonly id: number;
  readonly model: EmbeddedModel;
  readonly pixels: Uint8Array;
}

/** The answer of the process: unit embeddings [faces, embeddingSize], or why there are none. */
export type EmbedAnswer =
  | { readonly id: number; readonly units: Float32Array }
  | { readonly id: number; readonly code: ErrorCode; readonly message: string };
