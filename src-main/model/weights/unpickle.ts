import { isDict, isList, isName, isTuple, type Pickled as Value } from '../../files/pickle/pickled.ts';
import type { PickledDict as Dict } from '../../files/pickle/pickled.ts';
import { readPickle, type PickleDialect } from '../../files/pickle/pickleMachine.ts';
import { countOf, type ElementType, type Refuse } from './storedTensor.ts';

/** Numbers that are kept beside the pickle: `count` of them, from number `offset` of the record `key`. */
export interface PickledStorage extends StorageRecord {
  readonly kind: 'storage';
  readonly offset: number;
  readonly count: number;
}
/** A record of `length` numbers beside the pickle. */
export interface StorageRecord {
  readonly key: string;
  readonly type: ElementType;
  readonly length: number;
}
/** A strided view of a storage. Offset and strides count numbers. */
export interface PickledTensor {
  readonly kind: 'tensor';
  readonly storage: PickledStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}
export type Pickled = Value<PickledStorage | PickledTensor>;
export type PickledDict = Dict<PickledStorage | PickledTensor>;

const mostOperations = 1_000_000;
const longestText = 2 ** 16;
/** In one tensor. Without a limit, a stride of 0 would make any number of them out of one. */
const mostNumbers = 2 ** 27;

const storageTypes = new Map<string, ElementType>([
  ['torch.DoubleStorage', 'F64'],
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.LongStorage', 'I64'],
  ['torch.IntStorage', 'I32'],
  ['torch.ShortStorage', 'I16'],
  ['torch.CharStorage', 'I8'],
  ['torch.ByteStorage', 'U8'],
  ['torch.BoolStorage', 'BOOL'],
]);

/** What the allowed names make of their arguments. Null where the arguments do not fit. */
const constructors = new Map<string, (args: readonly Pickled[]) => Pickled>([
  [
    'collections.OrderedDict',
    ([pairs, ...rest]) => {
      if (rest.length > 0) return null;
      return pairs === undefined ? { kind: 'dict', entries: new Map() } : dictOfPairs(pairs);
    },
  ],
  [
    'torch._utils._rebuild_tensor',
    ([storage, offset, shape, strides, ...rest]) => (rest.length > 0 ? null : tensor(storage, offset, shape, strides)),
  ],
  ['torch._utils._rebuild_tensor_v2', ([storage, offset, shape, strides]) => tensor(storage, offset, shape, strides)],
  ['torch._utils._rebuild_parameter', ([data]) => (isTensor(data) ? data : null)],
  ['torch.nn.parameter.Parameter', ([data]) => (isTensor(data) ? data : null)],
  ['torch.Size', ([sizes]) => (isTuple(sizes) ? sizes : null)],
]);

const isStorage = (value: Pickled | undefined): value is PickledStorage =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'storage';
/** Whether a value of a pickle is a tensor. */
export const isTensor = (value: Pickled | undefined): value is PickledTensor =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'tensor';

function dictOfPairs(pairs: Pickled): PickledDict | null {
  if (!isList(pairs)) return null;
  const entries = new Map<string | number, Pickled>();
  for (const pair of pairs.items) {
    if (!(isTuple(pair) || isList(pair)) || pair.items.length !== 2) return null;
    const [key, value] = pair.items as [Pickled, Pickled];
    if (typeof key !== 'string' && typeof key !== 'number') return null;
    entries.set(key, value);
  }
  return { kind: 'dict', entries };
}

function tensor(...[storage, offset, shape, strides]: readonly (Pickled | undefined)[]): PickledTensor | null {
  if (
    !isStorage(storage) ||
    typeof offset !== 'number' ||
    !isTuple(shape) ||
    !isTuple(strides) ||
    shape.items.length !== strides.items.length
  )
    return null;
  const count = countOf(shape.items);
  if (
    count === null ||
    count > mostNumbers ||
    countOf([offset]) === null ||
    strides.items.some((stride) => countOf([stride]) === null)
  )
    return null;
  const sizes = shape.items as number[];
  const steps = strides.items as number[];
  const last = sizes.reduce((sum, size, axis) => sum + (size - 1) * (steps[axis] as number), offset);
  return count > 0 && !(last < storage.count)
    ? null
    : { kind: 'tensor', storage, offset, shape: sizes, strides: steps };
}

/**
 * Reads one pickle of dicts, lists, tuples, text, numbers and torch's tensors. No name is looked up and nothing is
 * called, so no code of the file can run. Returns the value, the records that it refers to, and the position after it.
 * Throws `refuse`'s error for anything else.
 */
export function unpickle(
  bytes: Uint8Array,
  start: number,
  refuse: Refuse,
): { readonly value: Pickled; readonly records: ReadonlyMap<string, StorageRecord>; readonly end: number } {
  const records = new Map<string, StorageRecord>();
  return { ...readPickle(bytes, start, torchDialect(records, refuse)), records };
}

function torchDialect(
  records: Map<string, StorageRecord>,
  refuse: Refuse,
): PickleDialect<PickledStorage | PickledTensor> {
  return {
    refuse,
    contents: 'tensors, dicts, lists, text and numbers',
    saveAgain: 'save it again in Python as torch.save(model.state_dict(), path) or as safetensors',
    saveSmaller: 'save the state_dict alone',
    names: new Map([...constructors, ...[...storageTypes.keys()].map((name) => [name, () => null] as const)]),
    build: isDict, // attributes of an OrderedDict, such as torch's _metadata, are of no use here
    persistent: (id) => storageOf(id, records, refuse),
    strings: 'text',
    longestText,
    mostOperations,
  };
}

/** The storage that a persistent id refers to; its record is kept. */
function storageOf(id: Pickled, records: Map<string, StorageRecord>, refuse: Refuse): PickledStorage {
  const [tag, type, key, location, count, viewed, ...rest] = isTuple(id) ? id.items : [];
  const element = isName(type) ? storageTypes.get(type.name) : undefined;
  if (
    tag !== 'storage' ||
    element === undefined ||
    typeof key !== 'string' ||
    typeof location !== 'string' ||
    typeof count !== 'number' ||
    countOf([count]) === null ||
    rest.length > 0
  )
    throw refuse('its pickle refers to something that is no storage of numbers');
  const known = records.get(key);
  if (known && (known.type !== element || known.length !== count))
    throw refuse('its pickle gives one storage two sizes or types');
  records.set(key, { key, type: element, length: count });
  const whole = { kind: 'storage', key, type: element, length: count, offset: 0, count } as const;
  if (viewed === undefined || viewed === null) return whole;
  const [, offset, size] = isTuple(viewed) ? viewed.items : [];
  if (
    typeof offset !== 'number' ||
    typeof size !== 'number' ||
    countOf([offset, size]) === null ||
    offset + size > count
  )
    throw refuse('its pickle views a storage beyond its end');
  return { ...whole, offset, count: size };
}
