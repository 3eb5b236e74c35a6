// Millions of pictures in a record file: seconds and peak memory of import, list, split, audit and screens.
//   npm run bench:scale -- --pictures 500000,5000000
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bytesOfPicture } from '../../src-main/data/listMemory.ts';
import { heapArguments } from '../../src-main/files/heapArguments.mjs';
import { contender, publish, type Row } from './measured.ts';
import { writeScaleRecords } from './writeScaleRecords.ts';

const phases = ['open', 'import', 'again', 'read', 'split', 'screens'] as const;
const picturesOfPerson = 58; // as in MS1MV2: 5.8 million pictures of 85,742 people, rounded
const programBytes = 0.4 * 2 ** 30; // Node, sharp, SQLite and the store's cache, without any picture
const asked = process.argv[process.argv.indexOf('--pictures') + 1];
const sizes = process.argv.includes('--pictures') ? (asked ?? '').split(',').map(Number) : [600_000];

interface Measured {
  readonly pictures: number;
  readonly peakBytes: number;
  readonly steps: readonly { readonly name: string; readonly seconds: number; readonly processorSeconds: number }[];
}

const gibibytes = (bytes: number) => bytes / 2 ** 30;
const rate = (pictures: number, seconds: number) => Math.round(pictures / seconds).toLocaleString('en');

async function measure(pictures: number): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-scale-'));
  try {
    const started = performance.now();
    const people = Math.ceil(pictures / picturesOfPerson);
    const { bytes } = await writeScaleRecords(join(folder, 'faces'), { pictures, people });
    const seconds = (performance.now() - started) / 1000;
    const rows: Row[] = [
      { name: `write a record file of ${gibibytes(bytes).toFixed(1)} GiB`, value: seconds, unit: 's' },
    ];
    let most = 0;
    for (const phase of phases) {
      const program = fileURLToPath(new URL('scalePhase.ts', import.meta.url));
      const measured = contender<Measured>(process.execPath, [...heapArguments(), program, phase, folder]);
      const { steps, peakBytes } = measured ?? { steps: [], peakBytes: Infinity };
      for (const { name, seconds: value, processorSeconds } of steps) {
        const processor = `${processorSeconds.toFixed(1)} s of processor`; // tells on a machine that others use
        rows.push({ name: `${name}: ${rate(pictures, value)} pictures/s, ${processor}`, value, unit: 's' });
      }
      rows.push({ name: `  most memory of this process (${phase})`, value: gibibytes(peakBytes), unit: 'GiB' });
      most = Math.max(most, peakBytes);
    }
    const foretold = gibibytes(pictures * bytesOfPicture + programBytes);
    const goal = `<= ${foretold.toFixed(1)}, as an import foretells`;
    const met = gibibytes(most) <= foretold;
    return [...rows, { name: 'most memory of a process', value: gibibytes(most), unit: 'GiB', goal, met }];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const pictures of sizes)
  publish(`${pictures.toLocaleString('en')} pictures of a record file`, await measure(pictures));
