import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface SavedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly storage?: string;
  readonly transposed?: boolean;
  readonly expanded?: boolean;
  readonly parameter?: boolean;
}
export interface SaveOrder {
  readonly path: string;
  readonly format: 'zip' | 'legacy';
  readonly tensors: readonly SavedTensor[];
  readonly protocol?: number;
  readonly wrappers?: readonly string[];
  readonly compressed?: boolean;
}

/** Lets Python write files as torch.save does, or hostile ones; returns what it prints. */
export function torchSave(
  orders: readonly (SaveOrder | { readonly hostile: string; readonly folder: string; readonly protocol?: number })[],
): string {
  return execFileSync('python3', [fileURLToPath(new URL('torchSave.py', import.meta.url))], {
    input: JSON.stringify(orders),
    encoding: 'utf8',
  });
}

/** Numbers of tensor t of such a file, in float64. */
export const savedValues = (t: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.sin(0.37 * i + t));
