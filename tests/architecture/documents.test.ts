import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const filesIn = (...patterns: readonly string[]): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file !== '' && existsSync(join(root, file)));
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const listDocuments = () => filesIn('*.md');
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts);

/** What a document links to or names in backticks as a file or folder of the repository, relative to the root. */
function pathsNamedIn(document: string): string[] {
  const text = read(document);
  const links = [...text.matchAll(/\]\((?!\w+:|#)([^)#\s]+)[^)]*\)/g)].map(([, link = '']) =>
    join(dirname(document), link),
  );
  const images = [...text.matchAll(/<img src="([^"]+)"/g)].map(([, source = '']) => join(dirname(document), source));
  const inBackticks = [...text.matchAll(/`((?:src-\w+|tests|scripts|docs|resources|\.ci)\/[^`\s]*)`/g)];
  return [...links, ...images, ...inBackticks.map(([, path = '']) => path)];
}

test('a document names only files of the repository', () => {
  const documents = listDocuments();
  assert.ok(documents.includes('docs/ARCHITECTURE.md') && documents.includes('README.md'));
  const missing = documents.flatMap((document) =>
    pathsNamedIn(document)
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${document} names ${path}, which is not there`),
  );
  assert.deepEqual(missing, []);
});

test('each picture for the documents stands in one', () => {
  const pictures = filesIn('docs/screenshots');
  assert.ok(pictures.length > 5, 'the pictures were not found');
  const shown = new Set(listDocuments().flatMap(pathsNamedIn));
  assert.deepEqual(
    pictures.filter((picture) => !shown.has(picture)),
    [],
  );
});

test('a document names only npm scripts that exist', () => {
  const documents = listDocuments();
  const unknown = documents.flatMap((document) =>
    [...read(document).matchAll(/`?npm run ([\w:]+(?:-\w+)*)/g)]
      .map(([, script = '']) => script)
      .filter((script) => !scripts.includes(script))
      .map((script) => `${document} names npm run ${script}, which package.json does not have`),
  );
  assert.deepEqual(unknown, []);
});

test('no file cites a document that is not in the repository', () => {
  const documents = listDocuments();
  const names = new Set(documents.map((document) => document.replace(/^.*\//, '')));
  const sources = filesIn('src-*', 'tests', 'scripts', 'docs', 'resources/experiments', '*.md', '*.yml').filter(
    (file) => !/\.(png|svg|npy|bin|safetensors)$/.test(file),
  );
  assert.ok(sources.length > 300, 'the sources were not found');
  const cited = sources.flatMap((file) =>
    // The second form cites the notes that the design was written in, which are not part of the repository.
    [...read(file).matchAll(/\b([A-Z_]{4,}\.md)\b|\b(?:DESIGN|FORMATS|REFERENCE)(?: \d|,)/g)]
      .filter(([, document]) => document === undefined || !names.has(document))
      .map(([text]) => `${file} cites ${text}`),
  );
  assert.deepEqual(cited, []);
});
