import { appendOwn } from '../files/ownPath.ts';
import { closeSync, existsSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { pictureState } from './pictureState.ts';
import { startFaceFinder, type FaceFinder, type FoundFaces } from './faceFinder.ts';

// Raise this whenever the detector would find other faces or points.
const detectorVersion = 1;
export const journalName = `faces-${detectorVersion}.jsonl`;

/**
 * A face finder that keeps its results in a journal, one line for each picture. A preparation that goes on, or one for
 * another input size, need not search again. A picture whose size or time changed is searched again. The detector
 * starts only when it is needed.
 */
export function rememberedFaces(journal: string): FaceFinder {
  const text = existsSync(journal) ? readFileSync(journal, 'utf8') : '';
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  // The last line may have been cut off by a loss of power.
  if (complete.length < text.length) truncateSync(journal, Buffer.byteLength(complete));
  const known = new Map<string, FoundFaces>();
  for (const line of complete.split('\n')) {
    try {
      const { key, ...found } = JSON.parse(line) as FoundFaces & { readonly key: string };
      known.set(key, found);
    } catch {
      // The picture of a damaged line is searched again.
    }
  }
  const file = openSync(journal, appendOwn);
  let finder: FaceFinder | null = null;
  let closed = false;
  const checkOpen = () => {
    if (closed) throw new ArcBenchError('cancelled', 'The search for faces was stopped.');
  };
  return {
    async find(path) {
      // If the file is gone, the detector says so.
      const { bytes, modified } = (await pictureState(path)) ?? { bytes: 0, modified: 0 };
      const key = JSON.stringify([path, bytes, modified]);
      const before = known.get(key);
      if (before) return before;
      checkOpen();
      const found = await (finder ??= startFaceFinder()).find(path);
      checkOpen();
      if (!('reason' in found)) writeSync(file, `${JSON.stringify({ key, ...found })}\n`);
      return found;
    },
    close() {
      closed = true;
      finder?.close();
      closeSync(file);
    },
  };
}
