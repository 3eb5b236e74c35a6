import { ArcBenchError } from '../../../src-shared/errors.ts';
import { printable } from '../../../src-shared/printable.ts';

const replacement = '\ufffd'; // Node puts it where the bytes of an argument are not UTF-8

/** Throws 'wrong-input' for an argument that is not UTF-8: Node would read and write a file of another name. */
export function refuseBrokenText(words: readonly string[]): void {
  const broken = words.find((word) => word.includes(replacement));
  if (broken !== undefined)
    throw new ArcBenchError(
      'wrong-input',
      `${printable(broken)} is not valid UTF-8: ArcBench cannot name such a file or folder; rename it.`,
    );
}
