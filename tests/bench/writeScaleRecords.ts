import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { randomStream } from '../../src-shared/maths/random.ts';
import { recordFrames } from '../../src-main/data/records/recordFrames.ts';
import { recordPayload } from '../../src-main/data/records/recordHeader.ts';

const poolSize = 300;
const side = 112; // pixels, as in insightface's files
const bytesAtATime = 8 * 2 ** 20;
const startOfImage = 2; // bytes: where a segment of a JPEG may begin
const commentMarker = 0xfffe;
const commentBytes = 10; // the marker, the length, and six digits of base 64

/** Soft drawn pictures, each a JPEG of about a kilobyte. */
const drawPool = (): Promise<Buffer[]> =>
  Promise.all(
    Array.from({ length: poolSize }, (_, index) => {
      const random = randomStream(1, 'pool', index);
      const soft = Buffer.from(Array.from({ length: 5 * 5 * 3 }, () => random.integer(256)));
      return sharp(soft, { raw: { width: 5, height: 5, channels: 3 } })
        .resize(side, side, { kernel: 'cubic' })
        .jpeg({ quality: 60 })
        .toBuffer();
    }),
  );

/** A JPEG with a number in a comment, so that each has a hash of its own. */
function numbered(jpeg: Buffer, number: number): Buffer {
  const comment = Buffer.alloc(commentBytes);
  comment.writeUInt16BE(commentMarker, 0);
  comment.writeUInt16BE(commentBytes - 2, 2);
  comment.writeUIntBE(number, 4, 6);
  return Buffer.concat([jpeg.subarray(0, startOfImage), comment, jpeg.subarray(startOfImage)]);
}

/** Writes train.rec, train.idx and property as insightface does, without its records of ranges. */
export async function writeScaleRecords(
  folder: string,
  { pictures, people }: { readonly pictures: number; readonly people: number },
): Promise<{ readonly bytes: number }> {
  const pool = await drawPool();
  mkdirSync(folder, { recursive: true });
  const file = openSync(join(folder, 'train.rec'), 'w');
  const index = openSync(join(folder, 'train.idx'), 'w');
  let offset = 0;
  let frames: Buffer[] = [];
  let lines = '';
  let waiting = 0;
  const flush = () => {
    writeSync(file, Buffer.concat(frames));
    writeSync(index, lines);
    frames = [];
    lines = '';
    waiting = 0;
  };
  for (let picture = 0; picture < pictures; picture++) {
    const label = Math.floor((picture * people) / pictures);
    const jpeg = numbered(pool[picture % poolSize] as Buffer, picture);
    const framed = recordFrames(recordPayload(picture + 1, [label, 1], { picture: jpeg, scalar: false }));
    frames.push(framed);
    lines += `${picture + 1}\t${offset}\n`;
    offset += framed.length;
    waiting += framed.length;
    if (waiting > bytesAtATime) flush();
  }
  flush();
  closeSync(file);
  closeSync(index);
  writeFileSync(join(folder, 'property'), `${people},${side},${side}\n`);
  return { bytes: offset };
}
