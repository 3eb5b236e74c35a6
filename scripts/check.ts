import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closedEnvironment } from '../src-main/files/programEnvironment.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Where the tools keep what they found in files that have not changed since. A clean clone checks everything. */
const cache = (name: string) => join(root, 'node_modules', '.cache', 'check', name);
const incremental = (name: string) => ['--noEmit', '--incremental', '--tsBuildInfoFile', cache(name)];
const tool = (name: string) => join(root, 'node_modules', '.bin', name);
const native = () =>
  execFileSync('git', ['ls-files', '*.cc', '*.h', '*.c'], { cwd: root, encoding: 'utf8', env: closedEnvironment() })
    .trim()
    .split('\n');

interface Check {
  readonly name: string;
  readonly command: readonly string[];
  /** What mends it. */
  readonly remedy: string;
}

// The compiler in machine code takes a quarter of the time of the one in JavaScript, which vue-tsc and ESLint need.
const typescript = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');

const checks: readonly Check[] = [
  {
    name: 'types',
    command: [process.execPath, typescript, '-p', '.', ...incremental('types')],
    remedy: 'mend the types named above',
  },
  {
    name: 'types of the screens',
    command: [tool('vue-tsc'), '-p', 'src-renderer', ...incremental('screens')],
    remedy: 'mend the types named above',
  },
  {
    name: 'Prettier',
    command: [
      tool('prettier'),
      ...['--check', '--log-level', 'warn', '--cache', '--cache-strategy', 'content'],
      ...['--cache-location', cache('prettier'), '.'],
    ],
    remedy: 'npm run format',
  },
  {
    name: 'ESLint',
    command: [tool('eslint'), '--cache', '--cache-strategy', 'content', '--cache-location', cache('eslint'), '.'],
    remedy: 'mend the lines named above; some by npm run format',
  },
  {
    name: 'clang-format',
    command: [tool('clang-format'), '--dry-run', '-Werror', ...native()],
    remedy: 'npm run format',
  },
];

/** Runs one check. Prints nothing where it passes. */
async function passes({ name, command, remedy }: Check): Promise<boolean> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code === 0) return true;
  process.stderr.write(`${said.trimEnd()}\n${name}: not passed. To mend it: ${remedy}.\n`);
  return false;
}

const results = await Promise.all(checks.map(passes)); // each of them uses one core
if (results.includes(false)) process.exitCode = 1;
