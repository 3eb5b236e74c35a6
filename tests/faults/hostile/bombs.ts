import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostileKind, Met } from './attempt.ts';
import { readPictures } from './pictures.ts';

/** Small files that grow beyond measure when they are decoded, eight at a time, as many as are under way at once. */
export const bombs: HostileKind = {
  name: 'decompression bombs, 8 at a time',
  share: 0.016,
  each: 8,
  async open(own) {
    execFileSync(process.execPath, [fileURLToPath(new URL('makeBombs.ts', import.meta.url)), own], {
      stdio: 'inherit',
    });
    const files = readdirSync(own).sort();
    let next = 0;
    return {
      async attempt(_random, folder): Promise<Met> {
        const file = files[next++ % files.length] ?? '';
        for (let copy = 0; copy < 8; copy++) {
          const person = join(folder, 'faces', copy < 4 ? 'one' : 'two');
          mkdirSync(person, { recursive: true });
          copyFileSync(join(own, file), join(person, `${copy}${extname(file)}`));
        }
        return await readPictures(folder);
      },
    };
  },
};
