import { createHash } from 'node:crypto';
import type { Plan } from '../../../src-shared/experiment.ts';

/**
 * SHA-256, in hexadecimal, of the plan as JSON with sorted keys: the order of keys in the file does not matter, each
 * value does but those of the report, which change nothing that is trained.
 */
export function planHash({ report: _report, ...trained }: Plan): string {
  return createHash('sha256').update(canonical(trained)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
