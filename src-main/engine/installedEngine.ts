import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { linkedEngine, readManifest } from './install/engineManifest.mjs';

/** The folder of the engine that tfjs loads and what its manifest records; null where none is installed. */
export function installedEngine(): {
  readonly folder: string;
  readonly manifest: ReturnType<typeof readManifest>;
} | null {
  const folder = linkedEngine(
    dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/package.json')),
  );
  return folder === null ? null : { folder, manifest: readManifest(folder) };
}
