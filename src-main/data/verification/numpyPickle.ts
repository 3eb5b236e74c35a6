import type { PickleDialect } from '../../files/pickle/pickleMachine.ts';
import { isName, isTuple, type Pickled as Value } from '../../files/pickle/pickled.ts';
import type { RefusePickle } from '../../files/pickle/pickleCursor.ts';

/** A numpy type: u1 for bytes, b1 for truth values. */
interface NumpyType {
  readonly kind: 'dtype';
  readonly name: 'u1' | 'b1';
}
/** A numpy array of bytes or truth values; its state comes after it was made. */
export interface NumpyArray {
  readonly kind: 'array';
  type: NumpyType['name'];
  shape: readonly number[];
  bytes: Uint8Array;
}
export type NumpyValue = Value<NumpyType | NumpyArray>;

const isArray = (value: NumpyValue | undefined): value is NumpyArray =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'array';
const isType = (value: NumpyValue | undefined): value is NumpyType =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'dtype';
export { isArray as isNumpyArray };

const mostOperations = 20_000_000; // 25 for each picture that is an array
const noConstructor = () => null; // a name that is only handed on

/**
 * What the pickle of a verification set may hold: lists, tuples, truth values, and pictures as bytes or as numpy
 * arrays of bytes, in each of the forms that Python 2 and 3 and numpy 1 and 2 write.
 */
export function numpyDialect(file: Uint8Array, refuse: RefusePickle): PickleDialect<NumpyType | NumpyArray> {
  let made = 0; // bytes that are no view of the file
  const bytesOfText = (text: string): Uint8Array | null => {
    made += text.length;
    // Each is written once in the file: a pickle that makes more of one text would fill the memory.
    if (made > file.length) throw refuse('its pickle makes more bytes than the file has');
    return latin1Bytes(text);
  };
  const reconstruct = ([type, shape, code, ...rest]: readonly NumpyValue[]): NumpyArray | null =>
    isName(type) && type.name === 'numpy.ndarray' && isTuple(shape) && code !== undefined && rest.length === 0
      ? { kind: 'array', type: 'u1', shape: [0], bytes: new Uint8Array() }
      : null;
  const fromBuffer = ([buffer, type, shape, order, ...rest]: readonly NumpyValue[]): NumpyArray | null =>
    rest.length === 0 && order === 'C' ? arrayOf(buffer, type, shape) : null;
  return {
    refuse,
    contents: 'lists, truth values and pictures',
    saveAgain: 'write it again in Python as pickle.dump((bins, issame), file, protocol=3) with each bin as bytes',
    saveSmaller: 'make a set of fewer pairs',
    strings: 'bytes',
    longestText: 2 * file.length,
    mostOperations,
    names: new Map<string, (args: readonly NumpyValue[]) => NumpyValue | null>([
      ['_codecs.encode', ([text, encoding]) => encode(text, encoding, bytesOfText)],
      ['numpy.ndarray', noConstructor],
      ['numpy.dtype', ([name]) => typeOf(name)],
      ['numpy.core.multiarray._reconstruct', reconstruct],
      ['numpy._core.multiarray._reconstruct', reconstruct],
      ['numpy.core.numeric._frombuffer', fromBuffer],
      ['numpy._core.numeric._frombuffer', fromBuffer],
      ['numpy.core.multiarray.scalar', scalar],
      ['numpy._core.multiarray.scalar', scalar],
    ]),
    build,
  };
}

function encode(
  text: NumpyValue | undefined,
  encoding: NumpyValue | undefined,
  bytesOfText: (text: string) => Uint8Array | null,
): Uint8Array | null {
  const name = textOf(encoding);
  return typeof text === 'string' && (name === 'latin1' || name === 'latin-1') ? bytesOfText(text) : null;
}

/** One byte for each character; null where one is above 255. */
function latin1Bytes(text: string): Uint8Array | null {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 255) return null;
    bytes[at] = code;
  }
  return bytes;
}

/** A short text, which Python 2 writes as bytes. */
const textOf = (value: NumpyValue | undefined): string | null => {
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array && value.length < 64 ? Buffer.from(value).toString('latin1') : null;
};

function typeOf(name: NumpyValue | undefined): NumpyType | null {
  const text = textOf(name);
  return text === 'u1' || text === 'b1' ? { kind: 'dtype', name: text } : null;
}

function scalar([type, bytes, ...rest]: readonly NumpyValue[]): boolean | number | null {
  const content = typeof bytes === 'string' ? latin1Bytes(bytes) : bytes;
  if (!isType(type) || !(content instanceof Uint8Array) || content.length !== 1 || rest.length > 0) return null;
  return type.name === 'b1' ? content[0] !== 0 : (content[0] as number);
}

function arrayOf(
  bytes: NumpyValue | undefined,
  type: NumpyValue | undefined,
  shape: NumpyValue | undefined,
): NumpyArray | null {
  if (!(bytes instanceof Uint8Array) || !isType(type) || !isTuple(shape)) return null;
  const sizes = shape.items.filter((size) => typeof size === 'number' && Number.isInteger(size) && size >= 0);
  const count = sizes.reduce<number>((product, size) => product * Number(size), 1);
  if (sizes.length !== shape.items.length || count !== bytes.length) return null;
  return { kind: 'array', type: type.name, shape: sizes.map(Number), bytes };
}

/** A type takes any state, as single bytes need none; that of an array is version, shape, type, order and bytes. */
function build(object: NumpyValue, state: NumpyValue): boolean {
  if (isType(object)) return isTuple(state);
  if (!isArray(object) || !isTuple(state)) return false;
  const [, shape, type, isColumnMajor, bytes, ...rest] = state.items;
  const isLine = isTuple(shape) && shape.items.filter((size) => size !== 1).length <= 1;
  const made = isColumnMajor && !isLine ? null : arrayOf(bytes, type, shape);
  if (made === null || rest.length > 0) return false;
  Object.assign(object, { type: made.type, shape: made.shape, bytes: made.bytes });
  return true;
}
