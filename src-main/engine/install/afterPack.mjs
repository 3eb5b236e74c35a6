import { readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addonPlace, readManifest, sha256Of, writeManifest } from './engineManifest.mjs';
import { SetUpError } from './setUpError.mjs';

const ownTfjs = fileURLToPath(new URL('../../../node_modules/@tensorflow/tfjs-node-gpu', import.meta.url));

/**
 * electron-builder calls this when it has copied the app's files. The engine itself is copied in place of the link to
 * it, so the app's users need neither Python nor a compiler. The copy gets a manifest of its own, once its bytes are
 * those that were installed.
 * @param {{ appOutDir: string, electronPlatformName: string, arch: number, packager: { getResourcesDir(appOutDir:
 * string): string } }} context
 * @param {string} [tfjs] the package whose engine was copied
 */
export async function afterPack({ appOutDir, electronPlatformName, arch, packager }, tfjs = ownTfjs) {
  const target = `${electronPlatformName}-${['ia32', 'x64', 'armv7l', 'arm64'][arch] ?? arch}`;
  if (target !== `${process.platform}-${process.arch}`)
    throw new SetUpError(
      2,
      `A package for ${target} was asked for on ${process.platform}-${process.arch}, whose Node and engine ` +
        'it would carry: make it on such a machine.',
    );
  const source = realpathSync(addonPlace(tfjs));
  const installed = readManifest(dirname(source));
  if (installed === null)
    throw new SetUpError(
      1,
      `The engine in ${source} has no manifest, so its copy cannot be checked: run \`npm run setup\`, ` +
        'then package again.',
    );
  if (installed.device !== 'cpu')
    throw new SetUpError(
      2,
      "A package carries the engine for the CPU, since NVIDIA's libraries may not be passed on: run " +
        '`ARCBENCH_ENGINE=cpu npm run package`.',
    );
  const copy = addonPlace(
    join(packager.getResourcesDir(appOutDir), 'app.asar.unpacked', 'node_modules', '@tensorflow', 'tfjs-node-gpu'),
  );
  const names = readdirSync(copy);
  for (const [file, { sha256 }] of Object.entries(installed.files)) {
    const name = basename(file);
    if (!names.includes(name) || (await sha256Of(join(copy, name))) !== sha256)
      throw new SetUpError(1, `${name} was not copied into the package as it was installed: package again.`);
  }
  // A signature of macOS changes the library afterwards; there the system checks the bytes.
  if (electronPlatformName === 'darwin') return;
  await writeManifest(dirname(copy), {
    version: installed.version,
    device: installed.device,
    files: names.map((name) => join(basename(copy), name)),
  });
}
