import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { looksLikeSafetensors, readSafetensors } from './safetensors.ts';
import { refuseFile, type StoredTensor } from './storedTensor.ts';
import { readTorchLegacy, readTorchZip } from './torchFile.ts';
import { readFault } from '../../files/readFault.ts';

const largestFile = 2 ** 29;

/**
 * The tensors of a weight file by name: safetensors, or torch's .pth (zip or legacy). The first bytes tell which.
 * Nothing in the file is run. Throws 'wrong-input'.
 */
export function readWeightFile(path: string): Map<string, StoredTensor> {
  const refuse = refuseFile(path);
  const bytes = readWhole(path);
  if (looksLikeSafetensors(bytes)) return readSafetensors(bytes, refuse);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return readTorchZip(bytes, refuse);
  if (bytes[0] === 0x80) return readTorchLegacy(bytes, refuse);
  throw refuse('it is neither safetensors nor what torch.save writes (.pth)');
}

function readWhole(path: string): Uint8Array {
  const refuse = refuseFile(path);
  try {
    const file = openSync(path, 'r');
    try {
      const found = fstatSync(file);
      if (!found.isFile()) throw refuse('it is no file; name a .safetensors or .pth file');
      if (found.size > largestFile)
        throw refuse(
          `it has ${found.size} bytes, at most ${largestFile} were expected; save the backbone's state_dict ` +
            'alone, without optimiser',
        );
      const content = readFileSync(file);
      return new Uint8Array(content.buffer, content.byteOffset, content.length); // a Buffer's slice would share memory
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof ArcBenchError) throw error;
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw (
      readFault(error, path) ??
      refuse(
        missing
          ? "there is no such file; model.weights is 'random', 'imagenet' or a .safetensors or .pth file, " +
              'relative to the experiment file'
          : `the system refuses (${error instanceof Error ? error.message : String(error)}); make it readable`,
        error,
      )
    );
  }
}
