import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { contender, publish } from './measured.ts';
import { compareBackbones } from './compareBackbones.ts';
import { comparePrecisions } from './comparePrecisions.ts';

if (process.argv.includes('--all')) {
  compareBackbones();
  process.exit();
}

if (process.argv.includes('--precision')) {
  comparePrecisions();
  process.exit();
}

interface Rates {
  readonly train: number;
  readonly evaluate: number;
  readonly memoryGiB: number;
}
interface TorchRates {
  readonly train: number;
  readonly version: string;
}
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const own = contender<Rates>(process.execPath, [file('trainStep.ts'), 'compiled']);
const torch = ['eager', 'channels_last'] // its faster layout counts
  .flatMap((mode) => contender<TorchRates>('python3', [file('torchStep.py'), 'resnet18', '64', mode]) ?? [])
  .sort((a, b) => b.train - a.train)[0];
const again = contender<Rates>(process.execPath, [file('trainStep.ts'), 'compiled']);
const stock = contender<Rates>(process.execPath, [file('trainStep.ts'), 'stock'], {
  TF_NUM_INTEROP_THREADS: String(availableParallelism()),
}); // TensorFlow's own default
if (!own || !again || !stock) throw new Error('The engine could not be measured: see the message above.');
const rate = (own.train + again.train) / 2; // before and after PyTorch, against drift of the machine
if (!torch)
  console.log(
    'PyTorch was not measured: python3 has no torch; get it with `python3 -m pip install torch` (or name its ' +
      'folder in PYTHONPATH).',
  );
publish('Training step, resnet18, 112 x 112, batch 64, 500 classes, SGD', [
  { name: 'ArcBench, compiled', value: rate, unit: 'img/s' },
  { name: 'stock tfjs-node, eager', value: stock.train, unit: 'img/s' },
  { name: `PyTorch${torch ? ` ${torch.version}` : ''}, eager`, value: torch?.train ?? null, unit: 'img/s' },
  { name: 'against stock tfjs-node', value: rate / stock.train, unit: 'x', goal: '>= 5', met: rate / stock.train >= 5 },
  {
    name: 'against PyTorch',
    value: torch ? rate / torch.train : null,
    unit: 'x',
    goal: '>= 1.1',
    met: torch ? rate / torch.train >= 1.1 : null,
  },
  {
    name: 'evaluation against training',
    value: own.evaluate / own.train,
    unit: 'x',
    goal: '>= 2.5',
    met: own.evaluate / own.train >= 2.5,
  },
  { name: 'memory', value: own.memoryGiB, unit: 'GiB', goal: '<= 3', met: own.memoryGiB <= 3 },
]);
