import { createHash } from 'node:crypto';
import type { Dataset } from '../../data/dataset.ts';

/** The name of the list of an edited dataset: other exclusions may leave the same pictures of another import. */
export const editedList = ({ hash, base }: Pick<Dataset, 'hash' | 'base'>): string =>
  createHash('sha256')
    .update(`${base?.hash ?? hash} ${hash}`)
    .digest('hex');
