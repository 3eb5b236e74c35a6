import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { csvCell, tsvCell } from '../../../src-shared/textCell.ts';
import type { Rejected } from '../../data/dataset.ts';
import { npyBytes } from '../../files/npyFile.ts';
import { writeNewFolder } from '../../files/newTarget.ts';
import { writeSynced, type Content } from '../../files/writeWhole.ts';
import type { EmbeddedFace } from './embedPictures.ts';

const pointNames = ['left_eye', 'right_eye', 'nose', 'left_mouth', 'right_mouth'];
export const embeddedFiles = ['embeddings.npy', 'labels.tsv', 'embeddings.csv', 'faces.csv', 'skipped.csv'] as const;

/**
 * Writes embedded faces into a new folder, whole or not at all: the embeddings as .npy and as CSV, who each row shows,
 * the box and the five points of each face, and the pictures that were left out with their reasons. Only its owner may
 * open the folder.
 */
export async function writeEmbeddedFaces(
  folder: string,
  { faces, rejected }: { readonly faces: readonly EmbeddedFace[]; readonly rejected: readonly Rejected[] },
): Promise<void> {
  const size = faces[0]?.unit.length ?? 0;
  const values = new Float32Array(faces.length * size);
  faces.forEach(({ unit }, row) => values.set(unit, row * size));
  const contents: Record<(typeof embeddedFiles)[number], Content> = {
    'embeddings.npy': npyBytes(values, size),
    'labels.tsv': lines(['identity\tface\tfile', ...faces.map(labelLine)]),
    'embeddings.csv': lines([embeddingHead(size), ...faces.map(embeddingLine)]),
    'faces.csv': lines([faceHead, ...faces.map(faceLine)]),
    'skipped.csv': lines(['file,reason', ...rejected.map(({ path, reason }) => cells([path, reason]))]),
  };
  await writeNewFolder(folder, async (temporary) => {
    await chmod(temporary, 0o700); // embeddings identify people
    for (const name of embeddedFiles) await writeSynced(join(temporary, name), contents[name]);
  });
}

const linesAtOnce = 1000;

/** Lines of text as pieces: those of 100,000 embeddings together would be longer than a string can be. */
function lines(of: readonly string[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let first = 0; first < of.length; first += linesAtOnce)
    pieces.push(Buffer.from(`${of.slice(first, first + linesAtOnce).join('\n')}\n`));
  return pieces;
}
const cells = (of: readonly (string | number)[]): string =>
  of.map((cell) => (typeof cell === 'number' ? String(cell) : csvCell(cell))).join(',');

const labelLine = ({ image, face }: EmbeddedFace): string =>
  `${tsvCell(image.identity)}\t${face}\t${tsvCell(image.path)}`;

const embeddingHead = (size: number): string =>
  ['file', 'face', 'identity', ...Array.from({ length: size }, (_, column) => `e${column}`)].join(',');
const embeddingLine = ({ image, face, unit }: EmbeddedFace): string =>
  cells([image.path, face, image.identity, ...unit]);

const faceHead = [
  ...['file', 'face', 'faces', 'identity', 'left', 'top', 'width', 'height'],
  ...pointNames.flatMap((name) => [`${name}_x`, `${name}_y`]),
].join(',');
function faceLine({ image, face, faces, box, landmarks }: EmbeddedFace): string {
  const place = box ? [box.left, box.top, box.width, box.height] : ['', '', '', ''];
  return cells([image.path, face, faces, image.identity, ...place, ...(landmarks ?? Array<string>(10).fill(''))]);
}
