// Recall and precision of the search for near-identical pictures, on real photographs: copies of each picture are made
// in several ways, cut out by landmarks with 2 % jitter, and looked for. Names a folder, or takes the faces beside the
// checkout. `--jitter 0.02` is the standard deviation of a landmark, of pictures and copies, as a share of the distance
// between the eyes, by which the errors of landmark detectors are usually given.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { dataSchema } from '../../src-shared/dataSchema.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { arcFaceTemplate, similarityTransform, templateFor } from '../../src-shared/maths/similarityTransform.ts';
import type { FaceImage } from '../../src-main/data/dataset.ts';
import { decodeFace } from '../../src-main/data/decodeFace.ts';
import { importDataset } from '../../src-main/data/importDataset.ts';
import type { PreparedImage, PreparedSet } from '../../src-main/data/preparedSet.ts';
import { findDuplicates, isNearPair } from '../../src-main/split/findDuplicates.ts';
import { readSignatures } from '../../src-main/split/pictureSignatures.ts';
import { sharedFaces } from '../sharedFaces.ts';
import { publish, type Row } from './measured.ts';
import { optionOf } from './optionOf.ts';

const inputSize = 112;
const mostOriginals = 400;
const jitter = Number(optionOf('jitter', '0.02'));

/** A face: a picture file without a frame around it, and its five points in pixels. */
interface Original {
  readonly identity: string;
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly landmarks: readonly number[];
}

/** How a copy is made, and where its points are then. */
interface Way {
  readonly name: string;
  readonly make: (picture: Sharp, original: Original) => Sharp;
  readonly points: (original: Original) => readonly number[];
}
const samePlace = ({ landmarks }: Original) => landmarks;
const mirroredPoints = ({ landmarks, width }: Original): number[] =>
  [1, 0, 2, 4, 3].flatMap((point) => [width - 1 - landmarks[2 * point]!, landmarks[2 * point + 1]!]);
const ways: readonly Way[] = [
  { name: 're-encoded, JPEG quality 50', make: (picture) => picture.jpeg({ quality: 50 }), points: samePlace },
  {
    name: 'resized to 60 %',
    make: (picture, { width }) => picture.resize(Math.round(width * 0.6)).jpeg({ quality: 90 }),
    points: ({ landmarks, width }) => landmarks.map((value) => ((value + 0.5) * Math.round(width * 0.6)) / width - 0.5),
  },
  {
    name: 'brightened by 30 %',
    make: (picture) => picture.linear(1.3, 0).jpeg({ quality: 90 }),
    points: samePlace,
  },
  { name: 'grey', make: (picture) => picture.greyscale().jpeg({ quality: 90 }), points: samePlace },
  { name: 'mirrored', make: (picture) => picture.flop().jpeg({ quality: 90 }), points: mirroredPoints },
];

const folder = process.argv.slice(2).find((argument, at) => !argument.startsWith('--') && at === 0);
const sources =
  folder === undefined
    ? [sharedFaces('att_faces'), sharedFaces('course_faces')]
    : [{ path: folder, skip: false as const }];
const there = sources.filter(({ skip }) => skip === false);
if (there.length === 0) throw new Error('Name a folder of real faces: npm run check:duplicates -- <folder>.');
const work = mkdtempSync(join(tmpdir(), 'arcbench-duplicates-'));
try {
  for (const [at, { path }] of there.entries()) await check(path, join(work, String(at)));
} finally {
  rmSync(work, { recursive: true });
}

async function check(source: string, scratch: string): Promise<void> {
  mkdirSync(scratch);
  const { images } = await importDataset(
    { ...dataSchema.parse({ source }), resolvedSource: source },
    { workspace: scratch },
  );
  const originals = await framed(images, scratch);
  const sampled = randomStream(1, 'sample').shuffle(originals).slice(0, mostOriginals);
  const rows: Row[] = [];
  for (const way of ways) {
    const share = await recallOf(way, sampled, scratch);
    rows.push({ name: `found, ${way.name}`, value: 100 * share, unit: '%', goal: '>= 90', met: share >= 0.9 });
  }
  const { wrong, pairs } = await falsePairs(originals, scratch);
  rows.push({ name: `false among ${pairs.toLocaleString('en')} pairs of two people`, value: wrong, unit: 'pairs' });
  const rate = (1e5 * wrong) / pairs;
  rows.push({ name: 'false pairs in 100,000', value: rate, unit: '', goal: '<= 1', met: rate <= 1 });
  publish(
    `Copies of ${sampled.length} of ${originals.length} pictures in ${source}, landmarks with ${100 * jitter} % jitter`,
    rows,
  );
}

/** The pictures without what lies outside of their frame, and points for those that have none. */
async function framed(images: readonly FaceImage[], scratch: string): Promise<Original[]> {
  const originals: Original[] = [];
  for (const [at, image] of images.entries()) {
    const { left, top, width, height } = image.region ?? {
      left: 0,
      top: 0,
      width: image.width!,
      height: image.height!,
    };
    const path = join(scratch, `original-${at}.png`);
    await sharp(image.path).extract({ left, top, width, height }).png({ compressionLevel: 0 }).toFile(path);
    const scale = Math.min(width, height) / inputSize;
    const landmarks =
      image.landmarks?.map((value, axis) => value - (axis % 2 === 0 ? left : top)) ??
      arcFaceTemplate.map((value, axis) => (axis % 2 === 0 ? width : height) / 2 + (value - inputSize / 2) * scale);
    originals.push({ identity: image.identity, path, width, height, landmarks });
  }
  return originals;
}

/** Moves each point as a detector's would differ. */
function jittered(points: readonly number[], label: string): number[] {
  const { a, b } = similarityTransform(points, templateFor(inputSize))!;
  const betweenEyes = (arcFaceTemplate[2]! - arcFaceTemplate[0]!) / Math.hypot(a, b);
  const random = randomStream(1, label);
  return points.map((value) => value + jitter * betweenEyes * random.normal());
}

async function faceOf(path: string, landmarks: readonly number[], identity: string) {
  const face = await decodeFace({ path, identity, landmarks }, { kind: 'landmarks', inputSize });
  if ('reason' in face) throw new Error(`${path}: ${face.reason}`);
  const { contentHash, perceptualHash, pixels } = face;
  return { pixels, image: { path, identity, contentHash, perceptualHash } satisfies PreparedImage };
}

/** The share of pictures whose copy is found. */
async function recallOf(way: Way, originals: readonly Original[], scratch: string): Promise<number> {
  const faces: Awaited<ReturnType<typeof faceOf>>[] = [];
  for (const [at, original] of originals.entries()) {
    const copy = join(scratch, `copy-${at}.jpg`);
    await way.make(sharp(original.path), original).toFile(copy);
    // Each picture is a person of its own, so that the pairs of one person are those of a picture and its copy.
    faces.push(await faceOf(original.path, jittered(original.landmarks, `original ${at}`), String(at)));
    faces.push(await faceOf(copy, jittered(way.points(original), `${way.name} ${at}`), String(at)));
  }
  const { nearPairs } = await findDuplicates(writtenSet(join(scratch, 'set'), faces));
  return nearPairs.filter(([first, second]) => first % 2 === 0 && second === first + 1).length / originals.length;
}

/** Every pair of two people, held against the definition. */
async function falsePairs(originals: readonly Original[], scratch: string): Promise<{ wrong: number; pairs: number }> {
  const faces = [];
  for (const [at, { path, landmarks, identity }] of originals.entries())
    faces.push(await faceOf(path, jittered(landmarks, `original ${at}`), identity));
  const signatures = await readSignatures(writtenSet(join(scratch, 'set'), faces), async () => undefined);
  let pairs = 0;
  let wrong = 0;
  for (let first = 0; first < faces.length; first++) {
    for (let second = first + 1; second < faces.length; second++) {
      if (faces[first]!.image.identity === faces[second]!.image.identity) continue;
      pairs++;
      if (isNearPair(signatures, first, second)) wrong++;
    }
  }
  return { wrong, pairs };
}

function writtenSet(
  target: string,
  faces: readonly { readonly pixels: Uint8Array; readonly image: PreparedImage }[],
): PreparedSet {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  writeFileSync(join(target, 'images.bin'), Buffer.concat(faces.map(({ pixels }) => pixels)));
  const images = faces.map(({ image }) => image);
  return { folder: target, inputSize, count: images.length, hash: '', images, rejected: [], alignment: '' };
}
