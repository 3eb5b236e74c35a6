import { isPackaged } from './isPackaged.ts';
import { hasNvidiaCard } from './install/engineDevice.mjs';
import { installedEngine } from './installedEngine.ts';

/** Why the engine cuda, which was asked for, does not compute on this machine, and what to do. */
export function explainNoCuda(): string {
  if (!hasNvidiaCard())
    return (
      'The engine cuda was asked for, but this machine has no NVIDIA card with a driver: use --engine auto or ' +
      'cpu, or install the driver and check it with nvidia-smi.'
    );
  if (isPackaged())
    return (
      'The engine cuda was asked for, but the packaged app carries the one for the CPU alone: run ArcBench ' +
      'from its source, as its README says, or open a workbench that is served on a machine with a card.'
    );
  if (installedEngine()?.manifest?.device !== 'cuda')
    return (
      'The engine cuda was asked for, but the one for the CPU is installed: run `ARCBENCH_ENGINE=cuda npm run ' +
      'setup`.'
    );
  return (
    'The engine cuda was asked for, but TensorFlow cannot use the NVIDIA card: check with nvidia-smi that its ' +
    'driver is 525.60 or newer, and that CUDA_VISIBLE_DEVICES does not hide it.'
  );
}
