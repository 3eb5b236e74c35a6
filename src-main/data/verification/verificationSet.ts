import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { isList, isTuple } from '../../files/pickle/pickled.ts';
import { readPickle } from '../../files/pickle/pickleMachine.ts';
import { pictureFormatOf } from '../pictureFormat.ts';
import { isNumpyArray, numpyDialect, type NumpyValue } from './numpyPickle.ts';
import { readFault } from '../../files/readFault.ts';

/** Pairs of aligned faces in one file, as insightface has them: lfw.bin, cfp_fp.bin, agedb_30.bin. */
export interface VerificationSet {
  readonly path: string;
  /** The file's name without its ending: lfw. */
  readonly name: string;
  /** JPEG or PNG files, two for each pair: pair i is 2i and 2i + 1. */
  readonly pictures: readonly Uint8Array[];
  /** 1 for two pictures of one person, 0 for two people. */
  readonly same: Uint8Array;
}

export const verificationFolds = 10;
const pickleStart = 0x80;
const mostBytes = 2 ** 30; // the largest in use have 100 MB

/** What a verification set is called: its file's name without `.bin`. */
export const verificationSetName = (path: string): string => basename(path).replace(/\.bin$/i, '');

/**
 * Reads a verification set without running its pickle. Throws 'wrong-input' for everything that is no such set, or that
 * ten folds cannot be made of.
 */
export function readVerificationSet(path: string): VerificationSet {
  const refuse = (reason: string, cause?: unknown) =>
    new ArcBenchError(
      'wrong-input',
      `${path} cannot be read as a verification set: ${printable(reason)}; correct evaluation.sets.`,
      { cause },
    );
  const file = readWhole(path, refuse);
  if (file[0] !== pickleStart) throw refuse('it does not begin as a pickle of protocol 2 to 5');
  const { value } = readPickle(file, 0, numpyDialect(file, refuse));
  const parts = itemsOf(value);
  if (parts?.length !== 2) throw refuse('a pair of a list of pictures and a list of truth values was expected');
  const pictures = picturesOf(parts[0], refuse);
  const same = truthsOf(parts[1], refuse);
  if (pictures.length !== 2 * same.length)
    throw refuse(`it has ${pictures.length} pictures for ${same.length} pairs, where two a pair were expected`);
  refuseUnjudgeable(same, refuse);
  return { path, name: verificationSetName(path), pictures, same };
}

type Refuse = (reason: string, cause?: unknown) => ArcBenchError;

const longestReason = 500;
const printable = (reason: string): string => reason.replace(/\p{C}/gu, '?').slice(0, longestReason);

function readWhole(path: string, refuse: Refuse): Buffer {
  try {
    const found = statSync(path);
    if (!found.isFile()) throw refuse('it is no file');
    if (found.size > mostBytes) throw refuse(`it has ${found.size} bytes, more than the ${mostBytes} that are read`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof ArcBenchError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'the system refuses';
    throw (
      readFault(error, path) ??
      refuse(code === 'ENOENT' ? 'it is not there' : `the file cannot be opened (${code})`, error)
    );
  }
}

const itemsOf = (value: NumpyValue | undefined): readonly NumpyValue[] | null =>
  isTuple(value) || isList(value) ? value.items : null;

function picturesOf(value: NumpyValue | undefined, refuse: Refuse): Uint8Array[] {
  const items = itemsOf(value);
  if (!items) throw refuse('its pictures are no list');
  return items.map((item, index) => {
    const picture = isNumpyArray(item) && item.type === 'u1' ? item.bytes : item;
    if (!(picture instanceof Uint8Array)) throw refuse(`picture ${index + 1} is no bytes`);
    if (pictureFormatOf(bufferOf(picture)) === undefined) throw refuse(`picture ${index + 1} is no JPEG or PNG`);
    return picture;
  });
}

export const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function truthsOf(value: NumpyValue | undefined, refuse: Refuse): Uint8Array {
  if (isNumpyArray(value)) return value.bytes.map((truth) => (truth === 0 ? 0 : 1));
  const items = itemsOf(value);
  if (!items) throw refuse('its truth values are no list');
  return Uint8Array.from(items, (item, index) => {
    if (item !== true && item !== false && item !== 0 && item !== 1)
      throw refuse(`truth value ${index + 1} is neither true nor false`);
    return Number(item);
  });
}

function refuseUnjudgeable(same: Uint8Array, refuse: Refuse): void {
  const genuine = same.filter((truth) => truth === 1).length;
  if (same.length < verificationFolds)
    throw refuse(`it has ${same.length} pairs, too few for the ${verificationFolds} folds of the protocol`);
  if (genuine === 0 || genuine === same.length)
    throw refuse(
      `all of its ${same.length} pairs are of ${genuine === 0 ? 'two people' : 'one person'}, and both kinds are ` +
        'needed',
    );
}
