import { lstatSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { partNames, type PartName } from '../../src-shared/splitSchema.ts';

/** Who is on a picture of split folders, and in which part. */
export interface ManifestEntry {
  readonly identity: string;
  readonly part: PartName;
  readonly landmarks?: readonly number[] | undefined;
}

export interface SplitManifest {
  /** Pictures by their path below the folder, with '/' between its steps. */
  readonly pictures: ReadonlyMap<string, ManifestEntry>;
  /** The person of each folder, such as train/Ann. */
  readonly people: ReadonlyMap<string, string>;
}

const name = 'manifest.json';
const byteLimit = 256 * 2 ** 20;
const manifestSchema = z.object({
  files: z.array(
    z.object({
      part: z.enum(partNames),
      identity: z.string().min(1),
      file: z.string().min(1),
      landmarks: z.array(z.number()).length(10).optional(),
    }),
  ),
});

/** Reads the manifest that ArcBench writes beside its split folders; null if the folder has none. */
export function readSplitManifest(folder: string): SplitManifest | null {
  const path = join(folder, name);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isFile() || found.size > byteLimit) return null;
  const read = manifestSchema.safeParse(parsed(readFileSync(path, 'utf8')));
  if (!read.success) return null;
  const pictures = new Map<string, ManifestEntry>();
  const people = new Map<string, string>();
  for (const { file, identity, part, landmarks } of read.data.files) {
    const person = identity.normalize('NFC');
    pictures.set(file, { identity: person, part, ...(landmarks && { landmarks }) });
    people.set(dirname(file), person);
  }
  return { pictures, people };
}

const trainedSchema = z.object({ files: z.array(z.object({ part: z.string(), sha256: z.string() })) });

/** SHA-256 of each picture in the training part of a split, from its manifest; none where this cannot be read. */
export function readTrainedPictures(manifest: string): ReadonlySet<string> {
  const found = lstatSync(manifest, { throwIfNoEntry: false });
  const read = found?.isFile() && found.size <= byteLimit ? parsed(readFileSync(manifest, 'utf8')) : null;
  const files = trainedSchema.safeParse(read).data?.files ?? [];
  return new Set(files.filter(({ part }) => part === 'train').map(({ sha256 }) => sha256));
}

/** JSON of any kind; null where a text is none: another program may write a file of this name. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
