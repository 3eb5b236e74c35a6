import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { ArcBenchError } from '../../src-shared/errors.ts';

/**
 * Bytes that a picture takes in the lists of a dataset and its prepared set together, with a split and what the screens
 * keep: paths, hashes, objects and their places in lists. Measured with `npm run bench:scale`.
 */
export const bytesOfPicture = 1200;
const gibibyte = 2 ** 30;
const mebibyte = 2 ** 20;

/**
 * Throws 'wrong-input' where this process may not use the memory that lists of so many pictures take: before they are
 * read, since a process without memory ends without a word.
 */
export function refuseLongList(pictures: number, source: string, limit = getHeapStatistics().heap_size_limit): void {
  const needed = pictures * bytesOfPicture;
  if (needed <= limit) return;
  const gigabytes = (bytes: number) => (bytes / gibibyte).toFixed(1);
  throw new ArcBenchError(
    'wrong-input',
    `${source} holds ${pictures.toLocaleString('en')} pictures, whose lists take about ${gigabytes(needed)} GiB of ` +
      `memory, and ArcBench may use ${gigabytes(limit)} GiB here: ${wayOut(needed)}, or make a record file of fewer ` +
      'people, for instance with mxnet.recordio.',
  );
}

/** A window's programs cannot use more than 4 GiB each; elsewhere half of the machine's memory is used. */
function wayOut(needed: number): string {
  if (process.versions['electron'] !== undefined)
    return 'use the command line, or the workbench in a browser (npm run serve), which may use more than a window';
  if (totalmem() < 2 * needed) return `use a machine with ${Math.ceil((2 * needed) / gibibyte)} GiB of memory or more`;
  return `start it with NODE_OPTIONS=--max-old-space-size=${Math.ceil(needed / mebibyte)}`;
}
