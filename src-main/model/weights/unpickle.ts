import { countOf, type ElementType, type Refuse } from './storedTensor.ts';

export interface PickledTuple {
  readonly kind: 'tuple';
  readonly items: readonly Pickled[];
}
export interface PickledList {
  readonly kind: 'list';
  readonly items: Pickled[];
}
export interface PickledDict {
  readonly kind: 'dict';
  readonly entries: Map<string | number, Pickled>;
}
/** A name that a pickle may use. Nothing is ever looked up by it. */
interface PickledGlobal {
  readonly kind: 'global';
  readonly name: string;
}
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
export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickledTuple
  | PickledList
  | PickledDict
  | PickledGlobal
  | PickledStorage
  | PickledTensor;

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
  ['torch._utils._rebuild_parameter', ([data]) => (isKind(data, 'tensor') ? data : null)],
  ['torch.nn.parameter.Parameter', ([data]) => (isKind(data, 'tensor') ? data : null)],
  ['torch.Size', ([sizes]) => (isKind(sizes, 'tuple') ? sizes : null)],
]);

/** Whether a value is one of the pickle's compound values of a kind. */
export function isKind<K extends 'tuple' | 'list' | 'dict' | 'global' | 'storage' | 'tensor'>(
  value: Pickled | undefined,
  kind: K,
): value is Extract<Pickled, { kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

function dictOfPairs(pairs: Pickled): PickledDict | null {
  if (!isKind(pairs, 'list')) return null;
  const entries = new Map<string | number, Pickled>();
  for (const pair of pairs.items) {
    if (!(isKind(pair, 'tuple') || isKind(pair, 'list')) || pair.items.length !== 2) return null;
    const [key, value] = pair.items as [Pickled, Pickled];
    if (typeof key !== 'string' && typeof key !== 'number') return null;
    entries.set(key, value);
  }
  return { kind: 'dict', entries };
}

function tensor(...[storage, offset, shape, strides]: readonly (Pickled | undefined)[]): PickledTensor | null {
  if (
    !isKind(storage, 'storage') ||
    typeof offset !== 'number' ||
    !isKind(shape, 'tuple') ||
    !isKind(strides, 'tuple') ||
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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = start;
  let stack: Pickled[] = [];
  const marks: Pickled[][] = [];
  const memo = new Map<number, Pickled>();
  const records = new Map<string, StorageRecord>();

  const broken = (what: string) => refuse(`its pickle is broken at byte ${position} (${what}); fetch the file again`);
  const take = (count: number): number => {
    if (!(count <= bytes.length - position)) throw broken('it ends too early');
    position += count;
    return position - count;
  };
  const byte = () => view.getUint8(take(1));
  const uint32 = () => view.getUint32(take(4), true);
  const text = (length: number, encoding: 'utf-8' | 'latin1' = 'utf-8'): string => {
    if (length > longestText)
      throw refuse(
        `its pickle holds a text of ${length} bytes, at most ${longestText} were expected; save the state_dict alone`,
      );
    const from = take(length);
    return new TextDecoder(encoding).decode(bytes.subarray(from, from + length));
  };
  const line = (): string => {
    const length = bytes.subarray(position, position + longestText).indexOf(10);
    if (length < 0) throw broken('a name has no end');
    const content = text(length);
    take(1);
    return content;
  };
  const integer = (length: number): number | bigint => {
    if (length > 16)
      throw refuse(
        `its pickle holds a whole number of ${length} bytes, at most 16 were expected; save the state_dict alone`,
      );
    let value = 0n;
    const from = take(length);
    for (let index = length - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[from + index] as number);
    const signed = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
  };
  const pop = (): Pickled => {
    const value = stack.pop();
    if (value === undefined) throw broken('its stack is empty');
    return value;
  };
  const popMark = (): Pickled[] => {
    const items = stack;
    const outer = marks.pop();
    if (!outer) throw broken('a mark is missing');
    stack = outer;
    return items;
  };
  const top = (): Pickled => {
    const value = pop();
    stack.push(value);
    return value;
  };
  const recall = (index: number): Pickled => {
    const value = memo.get(index);
    if (value === undefined) throw broken(`it recalls ${index}, which was never kept`);
    return value;
  };
  const append = (items: readonly Pickled[]) => {
    const list = top();
    if (!isKind(list, 'list')) throw broken('it appends to what is no list');
    for (const item of items) list.items.push(item);
  };
  const setItems = (items: readonly Pickled[]) => {
    const dict = top();
    if (!isKind(dict, 'dict') || items.length % 2 !== 0) throw broken('it fills what is no dict');
    for (let index = 0; index < items.length; index += 2) {
      const key = items[index] as Pickled;
      if (typeof key !== 'string' && typeof key !== 'number')
        throw refuse('a dict has a key that is neither text nor a number; save the state_dict alone');
      dict.entries.set(key, items[index + 1] as Pickled);
    }
  };
  const global = (module: string, name: string): PickledGlobal => {
    const full = `${module}.${name}`;
    if (!constructors.has(full) && !storageTypes.has(full))
      throw refuse(
        `its pickle asks for ${full}, but only tensors, dicts, lists, text and numbers are read, and nothing ` +
          'is ever run; if you trust its origin, save it again in Python as torch.save(model.state_dict(), ' +
          'path) or as safetensors',
      );
    return { kind: 'global', name: full };
  };
  const construct = (): Pickled => {
    const args = pop();
    const callee = pop();
    if (!isKind(callee, 'global') || !isKind(args, 'tuple'))
      throw refuse('its pickle calls what is no name of a tensor or a dict: it was not run');
    const made = constructors.get(callee.name)?.(args.items) ?? null;
    if (made === null)
      throw refuse(`its pickle makes a ${callee.name} of arguments that do not fit, or that reach beyond its numbers`);
    return made;
  };
  const storage = (): PickledStorage => {
    const id = pop();
    const [tag, type, key, location, count, viewed, ...rest] = isKind(id, 'tuple') ? id.items : [];
    const element = isKind(type, 'global') ? storageTypes.get(type.name) : undefined;
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
    const [, offset, size] = isKind(viewed, 'tuple') ? viewed.items : [];
    if (
      typeof offset !== 'number' ||
      typeof size !== 'number' ||
      countOf([offset, size]) === null ||
      offset + size > count
    )
      throw refuse('its pickle views a storage beyond its end');
    return { ...whole, offset, count: size };
  };

  for (let operations = 0; operations < mostOperations; operations++) {
    const code = byte();
    switch (code) {
      case 0x80:
        if (byte() > 5) throw broken('its protocol is unknown');
        break; // PROTO
      case 0x95:
        take(8);
        break; // FRAME
      case 0x2e:
        return { value: pop(), records, end: position }; // STOP
      case 0x28:
        marks.push(stack);
        stack = [];
        break; // MARK
      case 0x30:
        pop();
        break; // POP
      case 0x31:
        popMark();
        break; // POP_MARK
      case 0x32:
        stack.push(top());
        break; // DUP
      case 0x4e:
        stack.push(null);
        break; // NONE
      case 0x88:
        stack.push(true);
        break; // NEWTRUE
      case 0x89:
        stack.push(false);
        break; // NEWFALSE
      case 0x4a:
        stack.push(view.getInt32(take(4), true));
        break; // BININT
      case 0x4b:
        stack.push(byte());
        break; // BININT1
      case 0x4d:
        stack.push(view.getUint16(take(2), true));
        break; // BININT2
      case 0x8a:
        stack.push(integer(byte()));
        break; // LONG1
      case 0x8b:
        stack.push(integer(uint32()));
        break; // LONG4
      case 0x47:
        stack.push(view.getFloat64(take(8)));
        break; // BINFLOAT
      case 0x55:
        stack.push(text(byte(), 'latin1'));
        break; // SHORT_BINSTRING
      case 0x54:
        stack.push(text(uint32(), 'latin1'));
        break; // BINSTRING
      case 0x8c:
        stack.push(text(byte()));
        break; // SHORT_BINUNICODE
      case 0x58:
        stack.push(text(uint32()));
        break; // BINUNICODE
      case 0x8d:
        stack.push(text(Number(view.getBigUint64(take(8), true))));
        break; // BINUNICODE8
      case 0x5d:
        stack.push({ kind: 'list', items: [] });
        break; // EMPTY_LIST
      case 0x61:
        append([pop()]);
        break; // APPEND
      case 0x65:
        append(popMark());
        break; // APPENDS
      case 0x29:
        stack.push({ kind: 'tuple', items: [] });
        break; // EMPTY_TUPLE
      case 0x74: {
        const items = popMark();
        stack.push({ kind: 'tuple', items });
        break;
      } // TUPLE
      case 0x85:
        stack.push({ kind: 'tuple', items: [pop()] });
        break; // TUPLE1
      case 0x86: {
        const second = pop();
        stack.push({ kind: 'tuple', items: [pop(), second] });
        break;
      } // TUPLE2
      case 0x87: {
        const third = pop();
        const second = pop();
        stack.push({ kind: 'tuple', items: [pop(), second, third] });
        break;
      } // TUPLE3
      case 0x7d:
        stack.push({ kind: 'dict', entries: new Map() });
        break; // EMPTY_DICT
      case 0x73: {
        const value = pop();
        setItems([pop(), value]);
        break;
      } // SETITEM
      case 0x75:
        setItems(popMark());
        break; // SETITEMS
      case 0x63: {
        const module = line();
        stack.push(global(module, line()));
        break;
      } // GLOBAL
      case 0x93: {
        // STACK_GLOBAL
        const name = pop();
        const module = pop();
        if (typeof name !== 'string' || typeof module !== 'string') throw broken('a name is no text');
        stack.push(global(module, name));
        break;
      }
      case 0x52:
        stack.push(construct());
        break; // REDUCE
      case 0x62: // BUILD: attributes of an OrderedDict, such as torch's _metadata, are of no use here
        pop();
        if (!isKind(top(), 'dict'))
          throw refuse('its pickle sets the state of an object: only tensors, dicts, lists, text and numbers are read');
        break;
      case 0x51:
        stack.push(storage());
        break; // BINPERSID
      case 0x68:
        stack.push(recall(byte()));
        break; // BINGET
      case 0x6a:
        stack.push(recall(uint32()));
        break; // LONG_BINGET
      case 0x71:
        memo.set(byte(), top());
        break; // BINPUT
      case 0x72:
        memo.set(uint32(), top());
        break; // LONG_BINPUT
      case 0x94:
        memo.set(memo.size, top());
        break; // MEMOIZE
      default:
        throw refuse(
          `its pickle has the operation 0x${code.toString(16).padStart(2, '0')} at byte ${position - 1}, ` +
            'which reading tensors does not need: it was not run; save it again in Python as ' +
            'torch.save(model.state_dict(), path) or as safetensors',
        );
    }
  }
  throw refuse(`its pickle has more than ${mostOperations} operations; save the state_dict alone`);
}
