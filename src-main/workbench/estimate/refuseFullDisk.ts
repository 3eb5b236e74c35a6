import { ArcBenchError } from '../../../src-shared/errors.ts';
import { fileSize } from '../../../src-shared/fileSize.ts';
import { machineLimits } from './machineLimits.ts';

/** Throws 'no-space' where the disk of the workspace cannot take what is about to be written. */
export function refuseFullDisk(workspace: string, bytes: number, what: string): void {
  const { freeDiskBytes } = machineLimits(workspace);
  if (bytes === 0 || freeDiskBytes === null || bytes <= freeDiskBytes) return;
  throw new ArcBenchError(
    'no-space',
    `${what} need about ${fileSize(bytes)}, and the disk of the workspace has ${fileSize(freeDiskBytes)} free: free ` +
      'some space, use fewer faces, or choose another --workspace.',
  );
}
