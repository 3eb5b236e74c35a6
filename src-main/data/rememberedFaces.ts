import { appendOwn } from '../files/ownPath.ts';
import { closeSync, existsSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { FaceImage } from './dataset.ts';
import { startFaceFinder, type FaceFinder, type FoundFaces } from './faceFinder.ts';
import { hashPicture } from './hashPicture.ts';

// Raise this whenever the detector would find other faces or points.
const detectorVersion = 1;
export const journalName = `faces-${detectorVersion}.jsonl`;

const changedSince = 'The picture has changed since it was imported: import the faces again.';

/** Finds faces, and remembers them by the content of their pictures. */
export interface FaceMemory {
  find(image: Pick<FaceImage, 'path' | 'contentHash'>): ReturnType<FaceFinder['find']>;
  close(): void;
}

/**
 * A face finder that keeps its results in a journal, one line for each picture. A preparation that goes on, or one for
 * another input size, need not search again. A picture whose content changed is searched again. The detector starts
 * only when it is needed.
 */
export function rememberedFaces(journal: string): FaceMemory {
  const text = existsSync(journal) ? readFileSync(journal, 'utf8') : '';
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  // The last line may have been cut off by a loss of power.
  if (complete.length < text.length) truncateSync(journal, Buffer.byteLength(complete));
  const known = foundFaces(complete);
  const file = openSync(journal, appendOwn);
  let finder: FaceFinder | null = null;
  let closed = false;
  const checkOpen = () => {
    if (closed) throw new ArcBenchError('cancelled', 'The search for faces was stopped.');
  };
  return {
    async find({ path, contentHash }) {
      // If the file is gone, the detector says so.
      const key = contentHash ?? (await hashPicture(path)) ?? path;
      const before = known.get(key);
      if (before) return before;
      checkOpen();
      const found = await (finder ??= startFaceFinder()).find(path);
      checkOpen();
      if ('reason' in found) return found;
      if (contentHash !== undefined && (await hashPicture(path)) !== contentHash) return { reason: changedSince };
      known.set(key, found);
      writeSync(file, `${JSON.stringify({ key, ...found })}\n`);
      return found;
    },
    close() {
      closed = true;
      finder?.close();
      closeSync(file);
    },
  };
}

/** What the detector found in earlier searches, by the SHA-256 of the pictures. */
export const readFoundFaces = (journal: string): ReadonlyMap<string, FoundFaces> =>
  foundFaces(existsSync(journal) ? readFileSync(journal, 'utf8') : '');

/** The faces of a journal's text by the SHA-256 of their pictures. Lines of older versions are keyed otherwise. */
function foundFaces(text: string): Map<string, FoundFaces> {
  const known = new Map<string, FoundFaces>();
  for (const line of text.split('\n')) {
    try {
      const { key, ...found } = JSON.parse(line) as FoundFaces & { readonly key: string };
      known.set(key, found);
    } catch {
      // The picture of a damaged line is searched again.
    }
  }
  return known;
}
