import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { closedEnvironment, neutralFolder } from '../../files/programEnvironment.mjs';
import { SetUpError } from './setUpError.mjs';

const traces = ['/dev/nvidiactl', '/proc/driver/nvidia/version', '/usr/lib/wsl/lib/libcuda.so.1'];

/** Whether this machine has an NVIDIA card with its driver. */
export const hasNvidiaCard = () =>
  traces.some((path) => existsSync(path)) ||
  /^GPU \d/m.test(
    spawnSync('nvidia-smi', ['-L'], { encoding: 'utf8', cwd: neutralFolder, env: closedEnvironment() }).stdout ?? '',
  );

/** What ARCBENCH_ENGINE asks for. @returns {'auto' | import('./engineRelease.mjs').Device} */
export function askedDevice() {
  const asked = process.env['ARCBENCH_ENGINE'] || 'auto';
  if (asked === 'auto' || asked === 'cpu' || asked === 'cuda') return asked;
  throw new SetUpError(2, `ARCBENCH_ENGINE is "${asked}", expected auto, cpu or cuda: change it or unset it.`);
}
