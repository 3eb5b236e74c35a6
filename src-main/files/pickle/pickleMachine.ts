import { isDict, isName, isTuple, type Pickled, type PickledName } from './pickled.ts';
import { pickleCursor, type PickleCursor, type RefusePickle } from './pickleCursor.ts';
import { pickleStack, type PickleStack } from './pickleStack.ts';

/** What one kind of file may hold. Whatever it does not name is refused, and nothing is ever run. */
export interface PickleDialect<Extra> {
  readonly refuse: RefusePickle;
  /** What is read, in words: "only <contents> are read". */
  readonly contents: string;
  /** What the user may do about a pickle that asks for more, and about one that is too large. */
  readonly saveAgain: string;
  readonly saveSmaller: string;
  /** The names that may be used, with what each makes of its arguments: null where they do not fit. */
  readonly names: ReadonlyMap<string, (args: readonly Pickled<Extra>[]) => Pickled<Extra> | null>;
  /** Gives an object its state; false where it takes none. */
  readonly build: (object: Pickled<Extra>, state: Pickled<Extra>) => boolean;
  /** The object of a persistent id; without, such ids are refused. */
  readonly persistent?: (id: Pickled<Extra>) => Pickled<Extra>;
  /** What Python 2's strings are. */
  readonly strings: 'text' | 'bytes';
  /** Bytes. */
  readonly longestText: number;
  readonly mostOperations: number;
}

interface Machine<Extra> {
  readonly cursor: PickleCursor;
  readonly stack: PickleStack<Extra>;
  readonly dialect: PickleDialect<Extra>;
}

type Operation = <Extra>(machine: Machine<Extra>) => void;

const stop = 0x2e;
const latestProtocol = 5;

/** The operations that a pickle may have, by their codes (Python's pickletools). */
const operations = new Map<number, Operation>([
  [0x80, ({ cursor }) => refuseNewer(cursor)], // PROTO
  [0x95, ({ cursor }) => void cursor.length64()], // FRAME
  [0x28, ({ stack }) => stack.mark()], // MARK
  [0x30, ({ stack }) => void stack.pop()], // POP
  [0x31, ({ stack }) => void stack.popMark()], // POP_MARK
  [0x32, ({ stack }) => stack.push(stack.top())], // DUP
  [0x4e, ({ stack }) => stack.push(null)], // NONE
  [0x88, ({ stack }) => stack.push(true)], // NEWTRUE
  [0x89, ({ stack }) => stack.push(false)], // NEWFALSE
  [0x4a, ({ stack, cursor }) => stack.push(cursor.int32())], // BININT
  [0x4b, ({ stack, cursor }) => stack.push(cursor.byte())], // BININT1
  [0x4d, ({ stack, cursor }) => stack.push(cursor.uint16())], // BININT2
  [0x8a, ({ stack, cursor }) => stack.push(cursor.integer(cursor.byte()))], // LONG1
  [0x8b, ({ stack, cursor }) => stack.push(cursor.integer(cursor.uint32()))], // LONG4
  [0x47, ({ stack, cursor }) => stack.push(cursor.float64())], // BINFLOAT
  [0x55, (machine) => pushString(machine, machine.cursor.byte())], // SHORT_BINSTRING
  [0x54, (machine) => pushString(machine, machine.cursor.uint32())], // BINSTRING
  [0x8c, ({ stack, cursor }) => stack.push(cursor.text(cursor.byte()))], // SHORT_BINUNICODE
  [0x58, ({ stack, cursor }) => stack.push(cursor.text(cursor.uint32()))], // BINUNICODE
  [0x8d, ({ stack, cursor }) => stack.push(cursor.text(cursor.length64()))], // BINUNICODE8
  [0x43, (machine) => pushBytes(machine, machine.cursor.byte())], // SHORT_BINBYTES
  [0x42, (machine) => pushBytes(machine, machine.cursor.uint32())], // BINBYTES
  [0x8e, (machine) => pushBytes(machine, machine.cursor.length64())], // BINBYTES8
  [0x96, (machine) => pushBytes(machine, machine.cursor.length64())], // BYTEARRAY8
  [0x5d, ({ stack }) => stack.push({ kind: 'list', items: [] })], // EMPTY_LIST
  [0x61, ({ stack }) => stack.append([stack.pop()])], // APPEND
  [0x65, ({ stack }) => stack.append(stack.popMark())], // APPENDS
  [0x29, ({ stack }) => stack.gather(0)], // EMPTY_TUPLE
  [0x74, ({ stack }) => stack.push({ kind: 'tuple', items: stack.popMark() })], // TUPLE
  [0x85, ({ stack }) => stack.gather(1)], // TUPLE1
  [0x86, ({ stack }) => stack.gather(2)], // TUPLE2
  [0x87, ({ stack }) => stack.gather(3)], // TUPLE3
  [0x7d, ({ stack }) => stack.push({ kind: 'dict', entries: new Map() })], // EMPTY_DICT
  [0x73, (machine) => setItem(machine)], // SETITEM
  [0x75, (machine) => setItems(machine, machine.stack.popMark())], // SETITEMS
  [0x63, (machine) => pushLinesName(machine)], // GLOBAL
  [0x93, (machine) => pushStackName(machine)], // STACK_GLOBAL
  [0x52, (machine) => construct(machine)], // REDUCE
  [0x62, (machine) => build(machine)], // BUILD
  [0x51, (machine) => pushPersistent(machine)], // BINPERSID
  [0x68, ({ stack, cursor }) => stack.push(stack.recall(cursor.byte()))], // BINGET
  [0x6a, ({ stack, cursor }) => stack.push(stack.recall(cursor.uint32()))], // LONG_BINGET
  [0x71, ({ stack, cursor }) => stack.keep(cursor.byte())], // BINPUT
  [0x72, ({ stack, cursor }) => stack.keep(cursor.uint32())], // LONG_BINPUT
  [0x94, ({ stack }) => stack.keepNext()], // MEMOIZE
]);

/**
 * Reads one pickle by a stack machine that knows a few operations and the dialect's names: no name is looked up and
 * nothing is called, so that no code can run. Returns the value and the position behind it; throws what the dialect's
 * `refuse` makes.
 */
export function readPickle<Extra>(
  bytes: Uint8Array,
  start: number,
  dialect: PickleDialect<Extra>,
): { readonly value: Pickled<Extra>; readonly end: number } {
  const { refuse, mostOperations, contents, saveAgain, saveSmaller } = dialect;
  const cursor = pickleCursor(bytes, { start, ...dialect });
  const machine: Machine<Extra> = { cursor, stack: pickleStack<Extra>(cursor), dialect };
  for (let done = 0; done < mostOperations; done++) {
    const code = cursor.byte();
    if (code === stop) return { value: machine.stack.pop(), end: cursor.position() };
    const operation = operations.get(code);
    if (!operation)
      throw refuse(
        `its pickle has the operation 0x${code.toString(16).padStart(2, '0')} at byte ${cursor.position() - 1}, ` +
          `which reading ${contents} does not need: it was not run; ${saveAgain}`,
      );
    operation(machine);
  }
  throw refuse(`its pickle has more than ${mostOperations} operations; ${saveSmaller}`);
}

function refuseNewer(cursor: PickleCursor): void {
  if (cursor.byte() > latestProtocol) throw cursor.broken('its protocol is unknown');
}

function pushString<Extra>({ stack, cursor, dialect }: Machine<Extra>, length: number): void {
  stack.push(dialect.strings === 'bytes' ? cursor.bytes(length) : cursor.text(length, 'latin1'));
}

function pushBytes<Extra>({ stack, cursor }: Machine<Extra>, length: number): void {
  stack.push(cursor.bytes(length));
}

function setItem<Extra>(machine: Machine<Extra>): void {
  const value = machine.stack.pop();
  setItems(machine, [machine.stack.pop(), value]);
}

function setItems<Extra>({ stack, cursor, dialect }: Machine<Extra>, items: readonly Pickled<Extra>[]): void {
  const dict = stack.top();
  if (!isDict<Extra>(dict) || items.length % 2 !== 0) throw cursor.broken('it fills what is no dict');
  for (let index = 0; index < items.length; index += 2) {
    const key = items[index];
    if (typeof key !== 'string' && typeof key !== 'number')
      throw dialect.refuse(`a dict has a key that is neither text nor a number; ${dialect.saveSmaller}`);
    dict.entries.set(key, items[index + 1] as Pickled<Extra>);
  }
}

function pushLinesName<Extra>(machine: Machine<Extra>): void {
  const module = machine.cursor.line();
  machine.stack.push(allowedName(machine, `${module}.${machine.cursor.line()}`));
}

function pushStackName<Extra>(machine: Machine<Extra>): void {
  const name = machine.stack.pop();
  const module = machine.stack.pop();
  if (typeof name !== 'string' || typeof module !== 'string') throw machine.cursor.broken('a name is no text');
  machine.stack.push(allowedName(machine, `${module}.${name}`));
}

function allowedName<Extra>({ dialect }: Machine<Extra>, name: string): PickledName {
  if (!dialect.names.has(name))
    throw dialect.refuse(
      `its pickle asks for ${name}, but only ${dialect.contents} are read, and nothing is ever run; if you trust its ` +
        `origin, ${dialect.saveAgain}`,
    );
  return { kind: 'global', name };
}

function construct<Extra>({ stack, dialect }: Machine<Extra>): void {
  const args = stack.pop();
  const callee = stack.pop();
  if (!isName<Extra>(callee) || !isTuple<Extra>(args))
    throw dialect.refuse(`its pickle calls what is no name of ${dialect.contents}: it was not run`);
  const made = dialect.names.get(callee.name)?.(args.items) ?? null;
  if (made === null)
    throw dialect.refuse(
      `its pickle makes a ${callee.name} of arguments that do not fit, or that reach beyond its numbers`,
    );
  stack.push(made);
}

function build<Extra>({ stack, dialect }: Machine<Extra>): void {
  const state = stack.pop();
  if (!dialect.build(stack.top(), state))
    throw dialect.refuse(`its pickle sets the state of an object: only ${dialect.contents} are read`);
}

function pushPersistent<Extra>({ stack, dialect }: Machine<Extra>): void {
  if (!dialect.persistent) throw dialect.refuse(`its pickle refers to another file: only ${dialect.contents} are read`);
  stack.push(dialect.persistent(stack.pop()));
}
