import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BatchMessage, BatchOrder } from './batch.ts';
import { kinds } from './kinds.ts';

export interface HostileOptions {
  readonly count: number;
  readonly seed: number;
  readonly kinds?: readonly string[];
  readonly onKind?: (told: HostileCount) => void;
}
/** How a kind of input was met; a fault names the attempt by which it is made again. */
export interface HostileCount {
  readonly kind: string;
  readonly inputs: number;
  readonly taken: number;
  readonly refused: number;
  readonly faults: readonly string[];
  /** Processor seconds of the slowest input. */ readonly slowest: number;
  readonly mebibytes: number;
}

const bounds = { seconds: 5, mebibytes: 1280, silence: 120_000 } as const;

/**
 * Hands hostile inputs to the product in processes of their own, and counts how each was met; beside them lies a folder
 * that nothing may touch.
 */
export async function runHostile({ count, seed, kinds: only, onKind }: HostileOptions): Promise<HostileCount[]> {
  const root = mkdtempSync(join(tmpdir(), 'arcbench-hostile-'));
  const sentinel = join(root, 'sentinel');
  mkdirSync(join(sentinel, 'deep'), { recursive: true });
  for (const name of ['x', 'secret.png', 'deep/.hidden', 'weights.bin'])
    writeFileSync(join(sentinel, name), `sentinel-content of ${name}`);
  const results: HostileCount[] = [];
  try {
    for (const { name, share, each } of kinds) {
      if (only && !only.includes(name)) continue;
      const folder = join(root, 'kind', 'own');
      mkdirSync(folder, { recursive: true });
      const before = listing(root, folder);
      const result = await runKind({ kind: name, seed, from: 0, to: Math.ceil((count * share) / each), folder });
      const after = listing(root, folder);
      const touched = [...before, ...after].filter((entry) => !before.includes(entry) || !after.includes(entry));
      const faults = [...result.faults, ...touched.map((entry) => `Something outside was touched: ${entry}`)];
      const told = { ...result, inputs: Math.ceil((count * share) / each) * each, faults };
      results.push(told);
      onKind?.(told);
      rmSync(folder, { recursive: true, force: true });
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return results;
}

/** Every name below a folder but one, with kind, bits and content. */
function listing(folder: string, but: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => path !== but && !path.startsWith(`${but}/`))
    .sort()
    .map((path) => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (!found) return `${path} bears a name that is no UTF-8`;
      const { mode, size } = found;
      return (
        `${path} ${mode} ` +
        `${mode & 0o040000 ? '' : `${size} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`}`
      );
    });
}

/** One kind's inputs; a process that dies or falls silent is that input's fault, and a new one goes on behind it. */
async function runKind(order: BatchOrder): Promise<Omit<HostileCount, 'inputs'>> {
  const totals = { kind: order.kind, taken: 0, refused: 0, faults: [] as string[], slowest: 0, mebibytes: 0 };
  for (let from = order.from; from < order.to;) {
    mkdirSync(order.folder, { recursive: true });
    from = await new Promise<number>((resolve) => {
      const child = fork(fileURLToPath(new URL('batch.ts', import.meta.url)), [JSON.stringify({ ...order, from })], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        env: { ...process.env, UV_THREADPOOL_SIZE: '4' },
      });
      let current = from;
      let done = false;
      const silence = setTimeout(() => child.kill('SIGKILL'), bounds.silence);
      const fault = (what: string) =>
        totals.faults.push(`${order.kind}, seed ${order.seed}, attempt ${current}: ${what}`);
      child.on('message', (message: BatchMessage) => {
        silence.refresh();
        if (message.kind === 'begun') current = message.attempt;
        else if (message.kind === 'done') {
          done = true;
          totals.mebibytes = Math.max(totals.mebibytes, message.mebibytes);
          if (message.mebibytes > bounds.mebibytes)
            fault(`${message.mebibytes.toFixed(0)} MiB of memory were used by it or one before it.`);
        } else {
          const inputs = kinds.find(({ name }) => name === order.kind)?.each ?? 1;
          totals.taken += message.taken;
          totals.refused += message.refused;
          totals.slowest = Math.max(totals.slowest, message.seconds / inputs);
          if (message.fault !== null) fault(message.fault);
          if (message.seconds > bounds.seconds * inputs)
            fault(`${message.seconds.toFixed(1)} s of the processor for ${inputs}.`);
        }
      });
      child.on('exit', (code, signal) => {
        clearTimeout(silence);
        if (done && code === 0) return resolve(order.to);
        fault(`its process ended with ${signal ?? code}.`);
        resolve(current + 1);
      });
    });
  }
  return totals;
}
