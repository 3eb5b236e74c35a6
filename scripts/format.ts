import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closedEnvironment } from '../src-main/files/programEnvironment.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const tool = (name: string) => join(root, 'node_modules', '.bin', name);
const run = (program: string, args: readonly string[]) => execFileSync(program, args, { cwd: root, stdio: 'inherit' });

// The order matters: ESLint may change code that Prettier then lays out.
const native = execFileSync('git', ['ls-files', '*.cc', '*.h', '*.c'], {
  cwd: root,
  encoding: 'utf8',
  env: closedEnvironment(),
});
try {
  run(tool('eslint'), ['.', '--fix']);
} catch {
  process.exitCode = 1; // what it cannot mend itself stands above
}
run(tool('prettier'), ['--write', '--log-level', 'warn', '.']);
run(tool('clang-format'), ['-i', ...native.trim().split('\n')]);
