import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { PartName } from '../../../src-shared/splitSchema.ts';
import { naturalOrder } from '../../../src-shared/naturalOrder.ts';
import { alignedPicture } from '../../data/alignedPicture.ts';
import { openPackedImages, type PreparedSet } from '../../data/preparedSet.ts';
import { refuseFilled, writeRecords, type WrittenPicture } from '../../data/records/writeRecords.ts';
import { refuseUnwritable, writingAt } from '../../files/newTarget.ts';
import { importFaces, prepareFaces } from '../experiment/gatherFaces.ts';
import { auditFaces } from '../experiment/splitFaces.ts';
import { checkStop, type StageOptions } from '../experiment/stage.ts';

/** Which of the prepared faces are packed. */
export type PackedPart = PartName | 'all';

export interface PackedRecords {
  readonly folder: string;
  readonly images: number;
  readonly people: number;
  readonly inputSize: number;
}

/**
 * Writes a plan's prepared faces, or those of one part of its split, into a folder as insightface's train.rec,
 * train.idx and property. Throws ArcBenchError.
 */
export async function packRecords(
  options: StageOptions,
  { folder, part }: { readonly folder: string; readonly part: PackedPart },
): Promise<PackedRecords> {
  await refuseFilled(folder); // before any work is done
  refuseUnwritable(folder);
  const set = await prepareFaces(options, await importFaces(options));
  const indexes = part === 'all' ? [...set.images.keys()] : (await auditFaces(options, set)).split.parts[part];
  if (indexes.length === 0)
    throw new ArcBenchError('wrong-input', `The part ${part} of the split is empty: name another part with --part.`);
  const identityOf = (index: number) => set.images[index]?.identity ?? '';
  const classes = [...new Set(indexes.map(identityOf))].sort(naturalOrder);
  const label = new Map(classes.map((identity, at) => [identity, at]));
  const sorted = [...indexes].sort(
    (a, b) => (label.get(identityOf(a)) ?? 0) - (label.get(identityOf(b)) ?? 0) || a - b,
  );
  options.progress.stage(`Packing ${indexes.length} images of ${classes.length} people`);
  const pictures = written(options, set, {
    indexes: sorted,
    labelOf: (index) => label.get(identityOf(index)) ?? 0,
  });
  const images = await writingAt(folder, () => writeRecords(folder, { classes, side: set.inputSize, pictures }));
  return { folder, images, people: classes.length, inputSize: set.inputSize };
}

async function* written(
  options: StageOptions,
  set: PreparedSet,
  { indexes, labelOf }: { readonly indexes: readonly number[]; readonly labelOf: (index: number) => number },
): AsyncGenerator<WrittenPicture> {
  const packed = openPackedImages(set);
  try {
    for (const [done, index] of indexes.entries()) {
      if (done % 100 === 0) {
        checkStop(options);
        options.progress.step({ done, total: indexes.length, note: 'images' });
      }
      const name = set.images[index]?.path.split(/[\\/]/).at(-1) ?? '';
      yield { file: await alignedPicture(set, packed, index), label: labelOf(index), name };
    }
  } finally {
    packed.close();
  }
}
