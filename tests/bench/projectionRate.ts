// t-SNE at its limit of 50,000 points (500 people of 100 pictures, 128 numbers): how long it takes, how soon it tells
// of progress, and the memory.
import { randomStream } from '../../src-shared/maths/random.ts';
import { projectEmbeddings } from '../../src-main/evaluate/projection/projectEmbeddings.ts';
import { publish } from './measured.ts';
import { optionOf } from './optionOf.ts';

const points = Number(optionOf('points', '50000'));
const people = 500;
const size = 128;
const random = randomStream(1, 'embeddings');
const around = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
const centres = Array.from({ length: people }, () => Float32Array.from({ length: size }, around));
const values = Float32Array.from(
  { length: points * size },
  (_, at) => (centres[Math.floor(at / size) % people]?.[at % size] ?? 0) + 0.5 * around(),
);

const started = performance.now();
const seconds = () => (performance.now() - started) / 1000;
let first = Number.NaN;
let last = 0;
let longest = 0;
const coordinates = await projectEmbeddings(values, size, {
  method: 'tsne',
  dimensions: 2,
  seed: 1,
  onProgress: () => {
    const now = seconds();
    if (Number.isNaN(first)) first = now;
    [longest, last] = [Math.max(longest, now - last), now];
  },
});
publish(`t-SNE of ${points.toLocaleString('en')} points of ${size} numbers`, [
  { name: 'all', value: seconds(), unit: 's' },
  { name: 'until progress is told first', value: first, unit: 's' },
  { name: 'longest silence', value: longest, unit: 's' },
  { name: 'most memory', value: process.resourceUsage().maxRSS / 1024, unit: 'MiB' },
  {
    name: 'places that are numbers',
    value: coordinates.filter(Number.isFinite).length / coordinates.length,
    unit: 'of all',
    goal: '1',
    met: coordinates.every(Number.isFinite),
  },
]);
