import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { renderSyntheticFaces } from '../src-main/data/syntheticFaces.ts';

/**
 * Draws people as the demo does and lays them out as AT&T lays out its own: `s1/1.png`, `s1/2.png` and so on, of 112 x
 * 112 pixels. The same people and pictures each time.
 */
export async function drawFaces(
  folder: string,
  { people, pictures }: { readonly people: number; readonly pictures: number },
): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  const workspace = mkdtempSync(join(dirname(folder), `.${basename(folder)}-`));
  const drawn = await renderSyntheticFaces({ people, imagesPerPerson: pictures, seed: 1 }, { workspace });
  mkdirSync(folder);
  for (const [person, name] of readdirSync(drawn).sort().entries()) {
    const own = join(folder, `s${person + 1}`);
    renameSync(join(drawn, name), own);
    for (const [picture, file] of readdirSync(own).sort().entries())
      renameSync(join(own, file), join(own, `${picture + 1}.png`));
  }
  rmSync(workspace, { recursive: true });
}
