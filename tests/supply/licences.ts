// Lists the licences of all that ships or is fetched at set-up; fails on one that nobody has looked at. Argument: a
// checkout.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { imagenetFiles } from '../../src-main/model/weights/imagenetFiles.ts';

const root = process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url));
/** Free licences that a MIT program may ship with; MPL binds changes to its own files alone. */
const accepted = new Set([
  'MIT',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
  'Zlib',
  'PSF-2.0',
  'Python-2.0',
  'MPL-2.0',
]);
/** LGPL is taken where the library stays a file of its own that the user can replace: libvips, which sharp loads. */
const replaceable = /^node_modules\/@img\/sharp-/;
const lesser = new Set(['LGPL-3.0-or-later']);
/**
 * Not free or not said to be, and not shipped: set-up fetches CUDA from its maker's own packages where there is an
 * NVIDIA card, and a run with weights: imagenet fetches these.
 */
const fetchedOnly = new Set(['LicenseRef-NVIDIA-Proprietary', 'LicenseRef-None-Stated']);
const imagenetReleases = Object.values(imagenetFiles).flatMap((files) => (files ? [files.release] : []));
/** Development packages of which a part is in the packaged app all the same. */
const packagedToo = new Set(['node_modules/electron']);

interface Package {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}
const readJson = <T>(...names: string[]): T => JSON.parse(readFileSync(join(root, ...names), 'utf8')) as T;

/** Whether an SPDX expression is satisfied by accepted licences: one side of OR, both of AND. */
function isAccepted(expression: string, also: ReadonlySet<string> = new Set()): boolean {
  return expression
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((alternative) => alternative.split(' AND ').every((name) => accepted.has(name) || also.has(name)));
}

const found: { readonly name: string; readonly licence: string; readonly ok: boolean }[] = [];
for (const [path, locked] of Object.entries(
  readJson<{ packages: Record<string, Package> }>('package-lock.json').packages,
)) {
  if (path === '' || locked.link || (locked.dev && !packagedToo.has(path))) continue;
  // another platform's
  const installed = existsSync(join(root, path, 'package.json')) ? readJson<Package>(path, 'package.json') : locked;
  const licence = installed.license ?? locked.license ?? 'none stated';
  found.push({
    name: `${path.replace(/^.*node_modules\//, '')} ${installed.version}`,
    licence,
    ok: isAccepted(licence, replaceable.test(path) ? lesser : new Set()),
  });
}
for (const release of imagenetReleases) {
  const name = release.from === 'package' ? release.requirement.replace('==', ' ') : basename(release.address);
  found.push({ name: `${name} (fetched)`, licence: release.licence, ok: isAccepted(release.licence, fetchedOnly) });
}
for (const { wheels } of Object.values(
  readJson<Record<string, { wheels: { file: string; licence?: string }[] }>>('src-main/engine/install/enginePins.json'),
)) {
  for (const { file, licence = 'none stated' } of wheels)
    found.push({ name: `${file} (fetched)`, licence, ok: isAccepted(licence, fetchedOnly) });
}

for (const [licence, entries] of [...Map.groupBy(found, (entry) => entry.licence)].sort(
  ([, a], [, b]) => b.length - a.length,
)) {
  process.stdout.write(
    `${licence} (${entries.length})\n  ${[...new Set(entries.map(({ name }) => name))].sort().join('\n  ')}\n`,
  );
}
const unknown = found.filter(({ ok }) => !ok);
if (unknown.length > 0) {
  process.stderr.write(
    'Licences that nobody has looked at: ' +
      `${unknown.map(({ name, licence }) => `${name} (${licence})`).join(', ')}: read them, then accept them ` +
      'in tests/supply/licences.ts or drop the packages.\n',
  );
  process.exitCode = 1;
}
