import { execFileSync, fork } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { closedEnvironment, inheritedEnvironment, neutralFolder } from '../files/programEnvironment.mjs';
import { engineRemedy } from './engineRemedy.ts';
import { isPackaged } from './isPackaged.ts';
import { explainNoCuda } from './explainNoCuda.ts';
import { engineFaultByHash } from './install/engineManifest.mjs';
import { installedEngine } from './installedEngine.ts';
import type { EngineMeasurement, MeasurementMessage } from './measureEngine.ts';

export interface Diagnosis extends EngineMeasurement {
  readonly deviceName: string;
  readonly node: string;
  /** The engine's folder in the cache. */
  readonly folder: string | null;
  /**
   * Whether its files were compared with the SHA-256 of their installation; they are not where there is no manifest.
   */
  readonly checked: boolean;
}

/**
 * Engine, device, versions, files and speed, measured in a process of its own; throws ArcBenchError where a file is
 * damaged or the engine cannot compute.
 */
export async function diagnose(engine: 'auto' | 'cuda' | 'cpu'): Promise<Diagnosis> {
  const installed = installedEngine();
  const checked = installed !== null && installed.manifest !== null;
  const fault = checked ? await engineFaultByHash(installed.folder) : null;
  if (fault)
    throw new ArcBenchError(
      'damaged',
      `The engine in ${installed?.folder} is damaged (${fault}): ` +
        `${isPackaged() ? engineRemedy() : 'delete that folder and run `npm run setup`'}.`,
    );
  const found = await measureEngine(engine);
  if (engine === 'cuda' && found.device !== 'cuda') throw new ArcBenchError('wrong-input', explainNoCuda());
  return {
    ...found,
    deviceName: found.device === 'cuda' ? cardName() : (cpus()[0]?.model ?? 'unknown'),
    node: process.version,
    folder: installed?.folder ?? null,
    checked,
  };
}

/** What computes here and how fast, measured in a process of its own. Throws ArcBenchError where it cannot. */
export function measureEngine(engine: 'auto' | 'cuda' | 'cpu'): Promise<EngineMeasurement> {
  const child = fork(fileURLToPath(new URL('measureEngine.ts', import.meta.url)), {
    execArgv: ['--disable-warning=DEP0044', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    cwd: neutralFolder,
    env: inheritedEnvironment(engine === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    let heard: MeasurementMessage | null = null;
    child.on('message', (message: MeasurementMessage) => {
      heard = message;
    });
    child.on('close', (code, signal) => {
      if (heard && 'device' in heard) resolve(heard);
      else if (heard) reject(new ArcBenchError(heard.code, heard.message));
      else
        reject(
          new ArcBenchError(
            'failed',
            `TensorFlow ended without a word (${signal ?? `exit code ${code}`}: ` +
              `${errors.trim().split('\n').at(-1) ?? ''}): it needs a processor with AVX and glibc 2.27 or ` +
              `newer${isPackaged() ? '' : '; run `npm run setup` to see whether it loads'}.`,
          ),
        );
    });
  });
}

function cardName(): string {
  try {
    return (
      execFileSync('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], {
        encoding: 'utf8',
        cwd: neutralFolder,
        env: closedEnvironment(),
        stdio: ['ignore', 'pipe', 'ignore'],
      }).split('\n')[0] ?? 'unknown'
    );
  } catch {
    return 'unknown';
  }
}
