import { fork } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { FuzzResult } from './fuzz/fuzz.ts';
import { fuzzTargets, type FuzzTarget } from './fuzz/fuzzTargets.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string', multiple: true },
  },
});
const names = fuzzTargets.map(({ name }) => name);
const chosen = values.target ?? names;
const unknown = chosen.find((name) => !names.includes(name));
if (!(Number(values.seconds) > 0) || !Number.isInteger(Number(values.seed)) || unknown !== undefined) {
  process.stderr.write(
    '--seconds takes the processor seconds for each parser, --seed a whole number, --target one of ' +
      `${names.join(', ')}.\n`,
  );
  process.exit(2);
}
const program = fileURLToPath(new URL('./fuzz/fuzzProcess.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'arcbench-fuzz-'));
const patience = 30_000; // milliseconds without a word from the process

type Told =
  | { readonly inputs: number }
  | {
      readonly result: Omit<FuzzResult, 'findings'> & {
        readonly mebibytes: number;
        readonly findings: readonly { readonly what: string; readonly input: string }[];
      };
    };

/** Fuzzes a parser; returns the number of findings, which are kept as files. */
async function fuzzTarget({ name, path }: FuzzTarget): Promise<number> {
  const own = join(folder, name);
  mkdirSync(own);
  const child = fork(program, [name, own, String(values.seconds), String(values.seed)]);
  let inputs = 0;
  let told: Told | null = null;
  let watchdog = setTimeout(() => undefined, 0);
  const watch = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => child.kill('SIGKILL'), patience);
  };
  watch();
  child.on('message', (message: Told) => {
    watch();
    told = message;
    if ('inputs' in message) inputs = message.inputs;
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('exit', (...end) => setImmediate(() => resolve(end))),
  );
  clearTimeout(watchdog);
  const last = told as Told | null;
  if (last === null || !('result' in last)) {
    const input = join(own, 'run', path);
    console.log(
      `${name.padEnd(14)} ended with ${signal ?? code} after ${inputs} inputs; the input is ` +
        `${existsSync(input) ? input : 'not known'}`,
    );
    return 1;
  }
  const { result } = last;
  console.log(
    `${name.padEnd(14)} ${String(result.inputs).padStart(8)} inputs  ${String(result.accepted).padStart(7)} ` +
      `accepted  ${String(result.branches).padStart(6)} branches  ${String(result.corpus).padStart(5)} kept  slowest ` +
      `${result.slowestSeconds.toFixed(2)} s  ${result.mebibytes.toFixed(0)} MiB  ${result.findings.length} findings`,
  );
  for (const [number, { what, input }] of result.findings.entries()) {
    const file = join(own, `finding-${number + 1}`);
    writeFileSync(file, Buffer.from(input, 'base64'));
    console.log(`  ${file} (${readFileSync(file).length} bytes)\n    ${what.slice(0, 800).replaceAll('\n', '\n    ')}`);
  }
  return result.findings.length;
}

let findings = 0;
for (const target of fuzzTargets) if (chosen.includes(target.name)) findings += await fuzzTarget(target);
console.log(
  `Seed ${values.seed}, ${values.seconds} s of processor time for each parser: ${findings} findings in ${folder}.`,
);
if (findings > 0) process.exitCode = 1;
