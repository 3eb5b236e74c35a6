import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { CheckedInput } from '../../../src-shared/api.ts';

const mostBytes = 64 * 2 ** 20; // of one picture
const mostInAll = 192 * 2 ** 20;

/**
 * Pictures that screens sent, in memory only. The least recently used are forgotten where there are many: a screen
 * sends them again.
 */
export function keptPictures() {
  const whole = new Map<string, Buffer>(); // least recently used first
  let arriving: { readonly picture: string; readonly parts: Buffer[]; bytes: number } | null = null;
  return {
    /** Takes the parts of a picture, one after the other. Throws 'wrong-input' where it is too large. */
    take({ picture, part, parts, data }: CheckedInput<'try.send'>): void {
      if (part === 0 || arriving?.picture !== picture) arriving = { picture, parts: [], bytes: 0 };
      if (arriving.parts.length !== part)
        throw new ArcBenchError('wrong-input', 'A part of the picture is missing: send it again from its beginning.');
      const piece = Buffer.from(data, 'base64');
      arriving.bytes += piece.length;
      if (arriving.bytes > mostBytes) {
        arriving = null;
        throw new ArcBenchError(
          'wrong-input',
          `The picture has more than ${mostBytes / 2 ** 20} MiB: choose a smaller one.`,
        );
      }
      arriving.parts.push(piece);
      if (part < parts - 1) return;
      whole.delete(picture);
      whole.set(picture, Buffer.concat(arriving.parts));
      arriving = null;
      let inAll = [...whole.values()].reduce((sum, { length }) => sum + length, 0);
      for (const [oldest, { length }] of whole) {
        if (inAll <= mostInAll || oldest === picture) break;
        whole.delete(oldest);
        inAll -= length;
      }
    },
    /** The file of a picture. Throws 'wrong-input' where it is no longer there. */
    bytes(picture: string): Buffer {
      const kept = whole.get(picture);
      if (!kept) throw new ArcBenchError('wrong-input', 'The picture is no longer in memory: choose it again.');
      whole.delete(picture);
      whole.set(picture, kept);
      return kept;
    },
  };
}
