import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { randomStream } from '../../../src-shared/maths/random.ts';
import { kinds } from './kinds.ts';

export interface BatchOrder {
  readonly kind: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  readonly folder: string;
}
export type BatchMessage =
  | { readonly kind: 'begun'; readonly attempt: number }
  | {
      readonly kind: 'met';
      readonly attempt: number;
      readonly taken: number;
      readonly refused: number;
      readonly seconds: number;
      readonly fault: string | null;
    }
  | { readonly kind: 'done'; readonly mebibytes: number };

const order = JSON.parse(process.argv[2] ?? '') as BatchOrder;
const tell = (message: BatchMessage) =>
  new Promise<void>((resolve) => process.send?.(message, undefined, {}, () => resolve()));
/** Of the processor, since other processes share it. */
const processorSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const kind = kinds.find(({ name }) => name === order.kind);
if (!kind) throw new Error(`There is no kind ${order.kind}.`);
const own = join(order.folder, 'own');
mkdirSync(own, { recursive: true });
const opened = await kind.open(own);
for (let attempt = order.from; attempt < order.to; attempt++) {
  const folder = join(order.folder, 'input');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  await tell({ kind: 'begun', attempt });
  const before = processorSeconds();
  const result = await opened.attempt(randomStream(order.seed, 'hostile', kind.name, attempt), folder).then(
    (met) => ({ taken: met.taken, refused: met.refusals.length, fault: null }),
    (error: unknown) => ({
      taken: 0,
      refused: 0,
      fault:
        error instanceof Error
          ? [error, error.cause]
              .filter((one) => one instanceof Error)
              .map(traceOf)
              .join('\ncause: ')
          : String(error),
    }),
  );
  await tell({ kind: 'met', attempt, ...result, seconds: processorSeconds() - before });
}
await opened.close?.();
await tell({ kind: 'done', mebibytes: process.resourceUsage().maxRSS / 1024 });
process.exit();

function traceOf(error: Error): string {
  return error.stack ?? error.message;
}
