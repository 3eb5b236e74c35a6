// Millions of pictures in a record file: seconds and peak memory of import, list, split, audit and screens.
//   npm run bench:scale -- --pictures 500000,5000000
// Many query pictures against many distractors, judged from a file of embeddings:
//   npm run bench:scale -- --judge 20000x1000000x64
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bytesOfPicture } from '../../src-main/data/listMemory.ts';
import { heapArguments } from '../../src-main/files/heapArguments.mjs';
import { contender, publish, type Row } from './measured.ts';
import { optionOf } from './optionOf.ts';
import { writeScaleRecords } from './writeScaleRecords.ts';

const phases = ['open', 'import', 'again', 'read', 'split', 'screens'] as const;
const picturesOfPerson = 58; // as in MS1MV2: 5.8 million pictures of 85,742 people, rounded
const programBytes = 0.4 * 2 ** 30; // Node, sharp, SQLite and the store's cache, without any picture
const judgingBytes = 1.2 * 2 ** 30; // Node, TensorFlow, blocks of similarities, counts by person
const sizes = optionOf('pictures', '600000').split(',').map(Number);

interface Judged {
  readonly pairs: number;
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly peakBytes: number;
}

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

/** Embeddings stay in memory once as they are and once as the engine's; each picture has its path and its person. */
const bytesOfJudging = (pictures: number, numbers: number): number =>
  judgingBytes + pictures * (2 * 4 * numbers + bytesOfPicture);

function measureJudging(asked: string): void {
  const [query = 0, distractors = 0, numbers = 0] = asked.split('x').map(Number);
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-judging-'));
  const run = (phase: 'write' | 'judge') => {
    const program = fileURLToPath(new URL('judgePhase.ts', import.meta.url));
    const counts = [query, distractors, numbers].map(String);
    return contender<Judged>(process.execPath, [...heapArguments(), program, phase, folder, ...counts]);
  };
  try {
    run('write');
    const { pairs, seconds, processorSeconds, peakBytes } = run('judge') ?? {
      ...{ pairs: 0, seconds: Infinity, processorSeconds: Infinity, peakBytes: Infinity },
    };
    const most = gibibytes(bytesOfJudging(query + distractors, numbers));
    const peak = gibibytes(peakBytes);
    const title = [query, distractors].map((count) => count.toLocaleString('en')).join(' query pictures against ');
    publish(`${title} distractors, ${numbers} numbers each, from a file`, [
      { name: `judge: ${processorSeconds.toFixed(0)} s of processor`, value: seconds, unit: 's' },
      { name: '  pairs of two people in a second', value: pairs / seconds, unit: '' },
      { name: '  most memory', value: peak, unit: 'GiB', goal: `<= ${most.toFixed(1)}`, met: peak <= most },
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const judging = optionOf('judge');
if (judging === undefined)
  for (const pictures of sizes)
    publish(`${pictures.toLocaleString('en')} pictures of a record file`, await measure(pictures));
for (const counts of (judging ?? '4000x100000x64').split(',')) measureJudging(counts);
