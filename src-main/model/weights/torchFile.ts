import { unzipSync } from 'fflate';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { elementCount } from '../../../src-shared/maths/elementCount.ts';
import { decodeFloats, elementBytes, type Refuse, type StoredTensor } from './storedTensor.ts';
import {
  isTensor,
  unpickle,
  type Pickled,
  type PickledDict,
  type PickledTensor,
  type StorageRecord,
} from './unpickle.ts';
import { isDict, isList } from '../../files/pickle/pickled.ts';

const magic = 0x1950a86a20f9469cfc6cn;
const mostRecords = 100_000;
/** Where checkpoints keep the state_dict, in the order in which it is looked for. */
const wrappers = ['state_dict', 'model', 'model_state_dict', 'net', 'network', 'backbone', 'weights'];

/** Reads what torch.save wrote as a zip (since 1.6); throws what `refuse` makes. */
export function readTorchZip(bytes: Uint8Array, refuse: Refuse): Map<string, StoredTensor> {
  const entries = unzipStored(bytes, refuse);
  const pickleName = Object.keys(entries).find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickleName === undefined)
    throw refuse(
      'it is a zip without data.pkl, which torch.save writes; save the state_dict with torch.save or as safetensors',
    );
  const root = pickleName.slice(0, -'data.pkl'.length);
  const byteOrder = entries[`${root}byteorder`];
  if (byteOrder && new TextDecoder().decode(byteOrder) !== 'little')
    throw refuse('it was saved on a big-endian machine; save it again on another or as safetensors');
  const { value, records } = unpickle(entries[pickleName] as Uint8Array, 0, refuse);
  return tensorsOf(
    value,
    new Map(
      [...records.values()].map((record) => [
        record.key,
        wholeRecord(entries[`${root}data/${record.key}`], record, refuse),
      ]),
    ),
    refuse,
  );
}

/**
 * Entries of a zip that are stored as they are, as torch does; a compressed one, or entries larger than the file that
 * holds them, are refused.
 */
function unzipStored(bytes: Uint8Array, refuse: Refuse): Record<string, Uint8Array> {
  let records = 0;
  let total = 0;
  const sizes = new Map<string, number>();
  try {
    const found = unzipSync(bytes, {
      filter({ name, size, originalSize, compression }) {
        total += size;
        if (compression !== 0 || originalSize !== size)
          throw refuse(
            'its zip is compressed, which torch.save never does; save it again with torch.save or as safetensors',
          );
        if (++records > mostRecords || total > bytes.length || sizes.has(name))
          throw refuse('its zip names more than it can hold; fetch the file again');
        sizes.set(name, size);
        return true;
      },
    });
    if (Object.entries(found).some(([name, content]) => content.length !== sizes.get(name)))
      throw refuse('its zip is cut short; fetch the file again');
    return found;
  } catch (error) {
    throw error instanceof ArcBenchError ? error : refuse('its zip is broken; fetch the file again', error);
  }
}

/**
 * Reads what torch.save wrote before 1.6: magic number, protocol, system, pickle, storage keys, then the storages;
 * throws what `refuse` makes.
 */
export function readTorchLegacy(bytes: Uint8Array, refuse: Refuse): Map<string, StoredTensor> {
  let position = 0;
  const next = () => {
    const pickle = unpickle(bytes, position, refuse);
    position = pickle.end;
    return pickle;
  };
  if (next().value !== magic)
    throw refuse("it is a pickle without torch's magic number; save the state_dict with torch.save or as safetensors");
  if (next().value !== 1001)
    throw refuse('its torch protocol is not 1001; save it again with torch.save or as safetensors');
  const system = next().value;
  if (isDict(system) && system.entries.get('little_endian') === false)
    throw refuse('it was saved on a big-endian machine; save it again on another or as safetensors');
  const { value: root, records } = next();
  const { value: keys } = next();
  if (!isList(keys)) throw refuse('its list of storages is missing; fetch the file again');
  const contents = new Map<string, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys.items) {
    const record = typeof key === 'string' ? records.get(key) : undefined;
    if (!record) throw refuse('it lists a storage that no tensor uses; fetch the file again');
    if (position + 8 > bytes.length || view.getBigInt64(position, true) !== BigInt(record.length))
      throw refuse('its storages are cut short; fetch the file again');
    const end = position + 8 + record.length * elementBytes[record.type];
    contents.set(record.key, wholeRecord(bytes.subarray(position + 8, end), record, refuse));
    position = end;
  }
  for (const { key } of records.values())
    if (!contents.has(key)) throw refuse('a storage is missing; fetch the file again');
  return tensorsOf(root, contents, refuse);
}

function wholeRecord(content: Uint8Array | undefined, { type, length }: StorageRecord, refuse: Refuse): Uint8Array {
  if (content?.length !== length * elementBytes[type])
    throw refuse(`a storage of ${length} numbers (${type}) has ${content?.length ?? 'no'} bytes; fetch the file again`);
  return content;
}

/** The tensors of the state_dict in a pickle's value, wherever a checkpoint keeps it. */
function tensorsOf(
  value: Pickled,
  contents: ReadonlyMap<string, Uint8Array>,
  refuse: Refuse,
): Map<string, StoredTensor> {
  const found = isDict(value) ? stateDict(value) : null;
  if (!found)
    throw refuse(`it holds no tensors by name: a state_dict was expected, alone or as ${wrappers.join(', ')}`);
  return new Map(
    found.map(([name, tensor]) => [
      name,
      {
        type: tensor.storage.type,
        shape: tensor.shape,
        values: () => gather(tensor, contents.get(tensor.storage.key) as Uint8Array, refuse),
      },
    ]),
  );
}

function stateDict({ entries }: PickledDict, depth = 0): [string, PickledTensor][] | null {
  const tensors = [...entries].filter(
    (entry): entry is [string, PickledTensor] => typeof entry[0] === 'string' && isTensor(entry[1]),
  );
  if (tensors.length > 0) return tensors;
  for (const name of depth < 3 ? wrappers : []) {
    const inner = entries.get(name);
    const found = isDict(inner) ? stateDict(inner, depth + 1) : null;
    if (found) return found;
  }
  return null;
}

/** A tensor's numbers, row-major, from its strided view of a record. */
function gather({ storage, offset, shape, strides }: PickledTensor, content: Uint8Array, refuse: Refuse): Float32Array {
  const count = elementCount(shape);
  if (count === 0) return new Float32Array();
  const size = elementBytes[storage.type];
  const span = shape.reduce((sum, length, axis) => sum + (length - 1) * (strides[axis] as number), 1);
  const first = (storage.offset + offset) * size;
  const numbers = decodeFloats(content.subarray(first, first + span * size), storage.type, refuse);
  const dense = shape.every((length, axis) => length === 1 || strides[axis] === elementCount(shape.slice(axis + 1)));
  if (dense) return numbers;
  return Float32Array.from({ length: count }, (_, index) => {
    let rest = index;
    let position = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const length = shape[axis] as number;
      position += (rest % length) * (strides[axis] as number);
      rest = Math.floor(rest / length);
    }
    return numbers[position] as number;
  });
}
