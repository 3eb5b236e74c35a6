import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { makeFolders } from '../../files/makeFolders.ts';
import { writeWhole } from '../../files/writeWhole.ts';
import { measureEngine } from '../../engine/diagnose.ts';
import { cacheFolder } from '../../engine/install/cacheFolder.mjs';
import type { EngineMeasurement } from '../../engine/measureEngine.ts';
import type { EngineName } from '../../../src-shared/runEngine.ts';

const speedSchema = z.object({ device: z.enum(['cpu', 'cuda']), gigaflops: z.number().nonnegative(), at: z.number() });
/** A measured speed; 0 GFLOP/s where the engine could not compute. */
export type MachineSpeed = z.infer<typeof speedSchema>;

const minute = 60_000;
const day = 86_400_000;
const fileOf = () => join(cacheFolder('speed'), 'machine.json');
/** The key of this machine and engine: different machines may share one home folder. */
const keyOf = (engine: EngineName) =>
  [
    engine,
    cpus()[0]?.model,
    cpus().length,
    process.env['CUDA_VISIBLE_DEVICES'],
    process.env['TF_NUM_INTRAOP_THREADS'],
  ].join(' | ');

function keptSpeeds(): Record<string, MachineSpeed> {
  try {
    return z.record(z.string(), speedSchema).parse(JSON.parse(readFileSync(fileOf(), 'utf8')));
  } catch {
    return {}; // not there, or not ours: it is measured again
  }
}

/** The speed that was measured here within the last month, or minutes where it failed; null where none was. */
export function keptSpeed(engine: EngineName): MachineSpeed | null {
  const kept = keptSpeeds()[keyOf(engine)];
  return kept && Date.now() - kept.at < (kept.gigaflops > 0 ? 30 * day : 10 * minute) ? kept : null;
}

/** Keeps a measured speed for later estimates, where the user's cache can be written. */
export async function keepSpeed(
  engine: EngineName,
  { device, gigaflops }: Pick<EngineMeasurement, 'device' | 'gigaflops'>,
): Promise<MachineSpeed> {
  const speed = { device, gigaflops, at: Date.now() };
  try {
    makeFolders(dirname(fileOf()));
    await writeWhole(fileOf(), `${JSON.stringify({ ...keptSpeeds(), [keyOf(engine)]: speed }, null, 1)}\n`);
  } catch {
    // An estimate is not worth a failure.
  }
  return speed;
}

/** The speed of this machine; measured in its own process where it is not known. */
export async function machineSpeed(engine: EngineName): Promise<MachineSpeed> {
  return (
    keptSpeed(engine) ??
    (await keepSpeed(engine, await measureEngine(engine).catch(() => ({ device: 'cpu' as const, gigaflops: 0 }))))
  );
}

/** Returns a function that measures the machine if that is not done yet and nothing else computes. */
export function measuredAtRest({
  busy,
  onMeasured,
}: {
  readonly busy: () => boolean;
  readonly onMeasured: () => void;
}): () => void {
  let measuring = false;
  return () => {
    if (measuring || busy() || keptSpeed('auto') !== null) return;
    measuring = true;
    void machineSpeed('auto').finally(() => {
      measuring = false;
      onMeasured();
    });
  };
}
