import { callNames } from '../../src-shared/api.ts';
import type { RandomStream } from '../../src-shared/maths/random.ts';

const poisons: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  1e308,
  2 ** 53,
  '',
  '../../etc/passwd',
  '\0',
  '\u202e',
  '__proto__',
  'constructor',
  'toString',
  [],
  {},
  { __proto__: null, toString: 1 },
  [[[]]],
  'x'.repeat(20_000),
  '\ud800',
  { length: 1e9 },
];
const wholes: readonly (readonly [string, unknown])[] = [
  ['files.list', { path: null }],
  ['experiments.save', { id: null, yaml: 'name: x' }],
  ['runs.show', { id: 'r' }],
  ['runs.curves', { ids: ['r'], names: ['train/loss'], points: 100, range: { by: 'step', from: 1, to: 9 } }],
  ['datasets.import', { data: { source: 'demo' } }],
];

/** A message of the contract with one to three of its parts changed, as text. */
export function mutatedMessage(random: RandomStream, id: number): string {
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)] as T;
  const [call, input] = pick(wholes);
  const message: Record<string, unknown> = {
    id,
    call: random.next() < 0.2 ? pick(callNames) : call,
    input: structuredClone(input),
  };
  for (let change = 0; change < 1 + random.integer(3); change++) {
    const target = random.next() < 0.5 ? message : (message['input'] as Record<string, unknown> | null);
    if (typeof target !== 'object' || target === null) continue;
    const key = pick([...Object.keys(target), 'extra', '__proto__', 'constructor']);
    const way = random.integer(3);
    if (way === 0) Reflect.deleteProperty(target, key);
    else
      Object.defineProperty(target, key, {
        value: structuredClone(pick(poisons)),
        enumerable: true,
        configurable: true,
        writable: true,
      });
  }
  let text = JSON.stringify(message);
  switch (random.integer(6)) {
    case 0:
      return text.slice(0, random.integer(text.length));
    case 1: {
      const at = random.integer(text.length);
      return text.slice(0, at) + String.fromCharCode(random.integer(0xd800)) + text.slice(at + 1);
    }
    case 2: {
      const from = random.integer(text.length);
      const to = random.integer(text.length);
      return text.slice(0, from) + text.slice(to);
    }
    case 3:
      for (let round = 0; round < random.integer(4); round++)
        text += pick(['[', '{"a":', ']', ',', '"', '\\u0000', text.slice(0, 50)]);
      return text;
    case 4:
      return pick([
        '['.repeat(10_000),
        '{"a":'.repeat(5_000),
        'null',
        '""',
        '9'.repeat(400),
        '{"id":1,"id":2,"call":"runs.list","input":{}}',
        text,
      ]);
    default:
      return text;
  }
}
