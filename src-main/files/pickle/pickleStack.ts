import { isList, type Pickled, type PickledTuple } from './pickled.ts';
import type { PickleCursor } from './pickleCursor.ts';

/** The stack of a pickle, its marks and its memo. */
export interface PickleStack<Extra> {
  readonly push: (value: Pickled<Extra>) => void;
  readonly pop: () => Pickled<Extra>;
  readonly top: () => Pickled<Extra>;
  readonly mark: () => void;
  /** What was pushed since the last mark. */
  readonly popMark: () => Pickled<Extra>[];
  /** Replaces the last values by a tuple of them. */
  readonly gather: (count: number) => void;
  readonly append: (items: readonly Pickled<Extra>[]) => void;
  readonly keep: (index: number) => void;
  /** Keeps the top under the next free number. */
  readonly keepNext: () => void;
  readonly recall: (index: number) => Pickled<Extra>;
}

export function pickleStack<Extra>({ broken }: PickleCursor): PickleStack<Extra> {
  let stack: Pickled<Extra>[] = [];
  const marks: Pickled<Extra>[][] = [];
  const memo = new Map<number, Pickled<Extra>>();
  const pop = (): Pickled<Extra> => {
    const value = stack.pop();
    if (value === undefined) throw broken('its stack is empty');
    return value;
  };
  const top = (): Pickled<Extra> => {
    const value = stack.at(-1);
    if (value === undefined) throw broken('its stack is empty');
    return value;
  };
  return {
    push: (value) => void stack.push(value),
    pop,
    top,
    mark() {
      marks.push(stack);
      stack = [];
    },
    popMark() {
      const items = stack;
      const outer = marks.pop();
      if (!outer) throw broken('a mark is missing');
      stack = outer;
      return items;
    },
    gather(count) {
      const items = Array.from({ length: count }, pop).reverse();
      stack.push({ kind: 'tuple', items } satisfies PickledTuple<Extra>);
    },
    append(items) {
      const list = top();
      if (!isList<Extra>(list)) throw broken('it appends to what is no list');
      for (const item of items) list.items.push(item);
    },
    keep: (index) => void memo.set(index, top()),
    keepNext: () => void memo.set(memo.size, top()),
    recall(index) {
      const value = memo.get(index);
      if (value === undefined) throw broken(`it recalls ${index}, which was never kept`);
      return value;
    },
  };
}
