import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { optionOf } from './optionOf.ts';

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] as number) + (sorted[sorted.length >> 1] as number)) / 2;
}

/** Runs a step a few times for warmth, then measures; the median resists the machine's noise. */
export function imagesPerSecond(batchSize: number, step: () => void, { warm = 2, timed = 8 } = {}): number {
  for (let index = 0; index < warm; index++) step();
  return median(
    Array.from({ length: timed }, () => {
      const started = performance.now();
      step();
      return batchSize / ((performance.now() - started) / 1000);
    }),
  );
}

/** Runs one contender in a process of its own and reads the JSON that it prints last; null where it fails. */
export function contender<T>(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): T | null {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', NODE_NO_WARNINGS: '1', ...environment },
  });
  if (status !== 0) {
    process.stderr.write(stderr.split('\n').slice(-5).join('\n'));
    return null;
  }
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as T;
}

export interface Row {
  readonly name: string;
  readonly value: number | null;
  readonly unit: string;
  readonly goal?: string;
  readonly met?: boolean | null;
}

function verdictOf(met: boolean | null | undefined): string {
  if (met === true) return 'met';
  return met === false ? 'MISSED' : '';
}

/** Prints a table and writes the same as JSON where --out names a file. */
export function publish(title: string, rows: readonly Row[]): void {
  const shown = rows.map((row) => [
    row.name,
    row.value === null ? 'not measured' : `${row.value.toPrecision(3)} ${row.unit}`,
    row.goal ?? '',
    verdictOf(row.met),
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...shown.map((row) => (row[column] as string).length)));
  const lines = shown.map((row) => row.map((cell, column) => cell.padEnd(widths[column] as number)).join('  '));
  console.log([`\n${title}`, ...lines.map((line) => `  ${line}`)].join('\n'));
  const out = optionOf('out');
  if (out !== undefined)
    writeFileSync(out, `${JSON.stringify({ title, at: new Date().toISOString(), rows }, null, 1)}\n`);
}
