import { ArcBenchError } from '../../src-shared/errors.ts';
import { nearestName } from '../../src-shared/nearestName.ts';

export const landmarkColumns = ['x0', 'y0', 'x1', 'y1', 'x2', 'y2', 'x3', 'y3', 'x4', 'y4'] as const;

/** Names of columns in use, the clearest first: a table may have a column `id` beside `person`. */
const pathNames = ['path', 'file', 'filename', 'filepath', 'imagepath', 'imgpath', 'imagefile', 'image', 'img'];
const numberedPathNames = ['imageid', 'imagename', 'imgname', 'photo', 'picture'];
const identityNames = ['identity', 'person', 'personid', 'identityid', 'subject', 'subjectid', 'celebid', 'label'];
const vagueIdentityNames = ['class', 'classid', 'target', 'name', 'id'];
const partColumns = ['part', 'split', 'subset', 'partition'];
/** CelebA's names of the five points. */
const celebAPoints = ['lefteye', 'righteye', 'nose', 'leftmouth', 'rightmouth'];

/** Where the columns of a table are, counted from 0. */
export interface CsvColumns {
  readonly path: number;
  readonly identity: number;
  readonly part: number | null;
  /** The ten columns of the landmarks, or none. */
  readonly landmarks: readonly number[];
  /** All other columns by name. They are kept. */
  readonly others: readonly { readonly name: string; readonly at: number }[];
}

/** Finds the columns of a header, whatever the case. Throws 'wrong-input' if path or identity is missing. */
export function csvColumns(file: string, head: readonly string[]): CsvColumns {
  const plain = head.map(plainName);
  const firstOf = (names: readonly string[]) => names.map((name) => plain.indexOf(name)).find((at) => at >= 0) ?? null;
  const path = firstOf([...pathNames, ...numberedPathNames]);
  const identity = firstOf([...identityNames, ...vagueIdentityNames]);
  if (path === null || identity === null) throw withoutColumn(file, head, { path, identity });
  const landmarks = landmarksIn(file, plain);
  const part = firstOf(partColumns);
  const used = new Set([path, identity, part, ...landmarks]);
  const others = head.flatMap((name, at) => (used.has(at) ? [] : [{ name: name || `column ${at + 1}`, at }]));
  return { path, identity, part, landmarks, others };
}

/** Whether a header has the columns of a list of pictures and people. */
export const hasFaceColumns = (head: readonly string[]): boolean => {
  const plain = head.map(plainName);
  const hasAny = (names: readonly string[]) => names.some((name) => plain.includes(name));
  return hasAny([...pathNames, ...numberedPathNames]) && hasAny([...identityNames, ...vagueIdentityNames]);
};

const plainName = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, '');

function landmarksIn(file: string, plain: readonly string[]): readonly number[] {
  const numbered = landmarkColumns.map((name) => plain.indexOf(name));
  const named = celebAPoints.flatMap((point) => [plain.indexOf(`${point}x`), plain.indexOf(`${point}y`)]);
  const complete = [numbered, named].find((columns) => columns.every((at) => at >= 0));
  if (complete) return complete;
  const marked = numbered.filter((at) => at >= 0).length;
  if (marked > 0)
    throw new ArcBenchError(
      'wrong-input',
      `${file} has only ${marked} of the ten landmark columns x0,y0 to x4,y4: add the others, or remove these ` +
        `${marked}.`,
    );
  return [];
}

function withoutColumn(
  file: string,
  head: readonly string[],
  { path, identity }: { readonly path: number | null; readonly identity: number | null },
): ArcBenchError {
  const refusal = (what: string) => new ArcBenchError('wrong-input', `${file} ${what}`);
  if (path === null && identity === null) {
    const start = head.length === 0 ? 'nothing' : `'${head.slice(0, 3).join(', ').slice(0, 60)}'`;
    return refusal(
      `begins with ${start}: a CSV with a header line of path, identity and, if you have them, part and x0,y0 to ` +
        'x4,y4 was expected; add the header, or name an experiment file, which ends in .yaml.',
    );
  }
  const missing = path === null ? 'path' : 'identity';
  const near = nearestName(
    missing,
    head.filter((_, at) => at !== path && at !== identity),
  );
  return refusal(
    `has no column ${missing}${near === null ? '' : ` (is it the column ${near}?)`}: a header line with path and ` +
      'identity was expected; add or rename it.',
  );
}
