import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const iconOf = (kind: 'svg' | 'png') => fileURLToPath(new URL(`../resources/icon/icon.${kind}`, import.meta.url));

/** The drawing in pixels, 1024 a side, of which electron-builder makes the sizes and formats of each system. */
export async function renderedIcon(): Promise<Buffer> {
  return await sharp(iconOf('svg'), { density: 144 })
    .resize(1024, 1024)
    .png({ compressionLevel: 9, effort: 10 })
    .toBuffer();
}

if (import.meta.main) writeFileSync(iconOf('png'), await renderedIcon());
