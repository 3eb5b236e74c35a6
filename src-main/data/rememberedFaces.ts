import { closeSync, existsSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { startFaceFinder, type FaceFinder, type FoundFaces } from './faceFinder.ts';

// Raised whenever the detector would find other faces or points.
const detectorVersion = 1;
export const journalName = `faces-${detectorVersion}.jsonl`;

/**
 * A face finder that keeps what was found in a journal, a line a picture, so that a stopped preparation or another
 * input size
 * need not search again; a picture whose size or time changed is searched anew. The detector starts with the first
 * unknown picture.
 */
export function rememberedFaces(journal: string): FaceFinder {
  const text = existsSync(journal) ? readFileSync(journal, 'utf8') : '';
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  // a line that was being written when the power failed
  if (complete.length < text.length) truncateSync(journal, Buffer.byteLength(complete));
  const known = new Map<string, FoundFaces>();
  for (const line of complete.split('\n')) {
    try {
      const { key, ...found } = JSON.parse(line) as FoundFaces & { readonly key: string };
      known.set(key, found);
    } catch {
      // A damaged line costs one search.
    }
  }
  const file = openSync(journal, 'a');
  let finder: FaceFinder | null = null;
  let closed = false;
  const checkOpen = () => {
    if (closed) throw new ArcBenchError('cancelled', 'The search for faces was ended.');
  };
  return {
    async find(path) {
      // the detector says what is wrong with it
      const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
      const key = JSON.stringify([path, size, mtimeMs]);
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
