import { createHash } from 'node:crypto';
import type { GivenModel } from '../../../src-shared/arms.ts';
import { hashFiles } from '../../files/hashFiles.ts';
import { labelsBeside } from './givenEmbeddings.ts';

/**
 * The SHA-256 by which a model or embeddings are known: that of the ONNX file, or one of the embeddings and the labels
 * beside them. Null where a file is not there or cannot be read.
 */
export async function contentHash(kind: GivenModel['kind'], path: string): Promise<string | null> {
  const files = kind === 'onnx' ? [path] : [path, labelsBeside(path)];
  const hashes = await Promise.all(files.map((file) => hashFiles(file).catch(() => null)));
  const [first] = hashes;
  if (first === undefined || hashes.includes(null)) return null;
  return kind === 'onnx' ? first : createHash('sha256').update(hashes.join('\n')).digest('hex');
}
