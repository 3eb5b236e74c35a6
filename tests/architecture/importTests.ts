// Imports test files without running their tests: a program of standsAlone.test.ts. Writes one line of JSON per file.
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

/** What a test file did when it was imported. */
export interface ImportedFile {
  readonly file: string;
  readonly fault: string | null;
  readonly tests: number;
  /** The reasons of the tests that are skipped; an empty one where a test gives none. */
  readonly skipped: readonly string[];
}

/** In the place of node:test: notes each test and runs none. */
const standIn = `
const noted = (globalThis.notedTests = []);
const test = (name, options) => { noted.push(typeof options === 'object' ? options.skip : undefined); };
const suite = (name, options, body) => (typeof options === 'function' ? options : body)?.();
test.skip = test.todo = test.only = test;
test.test = test.it = test;
export { test, test as it, suite, suite as describe };
export const before = () => {}, after = () => {}, beforeEach = () => {}, afterEach = () => {};
export const mock = {};
export default test;
`;
const address = `data:text/javascript,${encodeURIComponent(standIn)}`;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'node:test' ? { url: address, shortCircuit: true } : next(specifier, context),
});
await import(address);
const { notedTests } = globalThis as unknown as { notedTests: (string | boolean | undefined)[] };

for (const file of process.argv.slice(2)) {
  notedTests.length = 0;
  const fault = await import(pathToFileURL(resolve(file)).href).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const skipped = notedTests
    .filter((skip) => skip !== undefined && skip !== false)
    .map((skip) => (typeof skip === 'string' ? skip : ''));
  const imported: ImportedFile = { file, fault, tests: notedTests.length, skipped };
  process.stdout.write(`${JSON.stringify(imported)}\n`);
}
process.exit();
