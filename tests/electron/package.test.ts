import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
type Locked = Readonly<
  Record<
    string,
    { readonly dependencies?: Record<string, string>; readonly optionalDependencies?: Record<string, string> }
  >
>;
const { packages: locked } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Locked };
const { files } = parse(readFileSync(join(root, 'electron-builder.yml'), 'utf8')) as { files: readonly string[] };
const leftOut = files.filter((pattern) => pattern.startsWith('!node_modules/')).map((pattern) => pattern.slice(1));

/** Where a package that another requires lies, as Node looks for it. */
function placeOf(name: string, from: string): string | null {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const place = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (place in locked) return place;
    if (at === '') return null;
  }
}

test("the packaged app leaves out no package that the workbench's sources import, or theirs", () => {
  const sources = globSync(['src-main/**/*.ts', 'src-shared/**/*.ts'], { cwd: root }).filter(
    (path) => !/electron\/(main|preload)\.ts$|doors\/start\.ts$/.test(path),
  );
  const imported = sources
    .flatMap((path) =>
      [
        ...readFileSync(join(root, path), 'utf8').matchAll(
          /^(?!import type)[^\n]*?(?:from|import\(|require\(|createRequire\(import\.meta\.url\)\()\s*'((?:@[\w-]+\/)?[\w-]+)[^']*'/gm,
        ),
      ].map(([, name = '']) => name),
    )
    .filter((name) => name !== 'electron' && name !== 'node');
  const needed = new Set(imported.map((name) => placeOf(name, '')).filter((place) => place !== null));
  // `@emnapi/runtime` is for sharp on WebAssembly; types are for the compiler.
  for (const place of needed)
    for (const name of Object.keys({ ...locked[place]?.dependencies, ...locked[place]?.optionalDependencies })) {
      const found = name.startsWith('@types/') ? null : placeOf(name, place);
      if (found !== null) needed.add(found);
    }
  assert.ok(
    needed.has('node_modules/better-sqlite3') &&
      needed.has('node_modules/@cornerstonejs/codec-libjpeg-turbo-8bit') &&
      needed.size > 100,
    `${needed.size} packages were found`,
  );
  const missing = [...needed].filter(
    (place) =>
      place !== 'node_modules/@emnapi/runtime' && leftOut.some((pattern) => matchesGlob(`${place}/index.js`, pattern)),
  );
  assert.deepEqual(missing, []);
});
