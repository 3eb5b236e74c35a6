import { createHash } from 'node:crypto';
import type { Plan } from '../../../src-shared/experiment.ts';

/**
 * Knobs that came after the first plans were stored, with the value that means what a plan without them meant. A knob
 * at this value is left out of the hash, so that old plans keep theirs. Paths are keys joined by dots.
 */
const addedLater: Readonly<Record<string, unknown>> = {
  'data.people': 'auto',
  'split.from': 'auto',
  'split.duplicates': 'resolve',
  'evaluation.pairWeights': 'people',
  'evaluation.sets': [],
};

/**
 * SHA-256, in hexadecimal, of the plan as JSON with sorted keys. The order of keys in the file does not matter. Every
 * value does, except those of the report, which change nothing that is trained, and knobs that were added later.
 */
export function planHash({ report: _report, ...trained }: Plan): string {
  return createHash('sha256').update(canonical(trained, '')).digest('hex');
}

function canonical(value: unknown, path: string): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, path)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const pathOf = (key: string) => (path === '' ? key : `${path}.${key}`);
    const entries = Object.entries(value)
      .filter(([key, item]) => item !== undefined && !isAsBefore(pathOf(key), item))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item, pathOf(key))}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

const isAsBefore = (path: string, item: unknown): boolean =>
  Object.hasOwn(addedLater, path) && JSON.stringify(addedLater[path]) === JSON.stringify(item);
