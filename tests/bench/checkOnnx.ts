// Opens an exported model.onnx with Python's onnxruntime, and with onnx and insightface where Python has them, and says
// what each found. Names the folder of an export, or the file. `--python venv/bin/python` chooses the Python.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { python: { type: 'string', default: 'python3' } },
  allowPositionals: true,
});
const [named] = positionals;
const path = resolve(named ?? '.');
const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'model.onnx') : path;
if (named === undefined || !existsSync(file)) {
  console.error(`There is no ${file}: name the folder that \`npm run arcbench -- export <run> <folder>\` made.`);
  process.exit(2);
}
const { status, error } = spawnSync(values.python, [fileURLToPath(new URL('checkOnnx.py', import.meta.url)), file], {
  stdio: 'inherit',
});
if (error) console.error(`${values.python} could not be started (${error.message}): name a Python with --python.`);
process.exitCode = status ?? 1;
