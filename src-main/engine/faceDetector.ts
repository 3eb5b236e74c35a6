import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as FaceApi from '@vladmandic/face-api';
import { compileMachine } from './graph/compileProgram.ts';
import { castFromUint8 } from './kernels/pictures.ts';
import { tf, type Tensor } from './tensorflow.ts';

/** Side in pixels of the square picture in which the detector looks for faces. */
export const detectionSide = 512;
/** Longer side in pixels of the face in which the points are placed. */
export const landmarkSide = 112;
const leastScore = 0.5;
/** Two boxes that share more than this of their union are one face. */
const largestOverlap = 0.5;

/** A face's place, in shares of the picture's width and height. */
export interface FaceBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The detector and the 68-point net of @vladmandic/face-api; its recognition model is never loaded. */
export interface FaceDetector {
  /** Boxes of the faces in RGB uint8 [512][512][3], the surest first. */
  locate(pixels: Uint8Array): FaceBox[];
  /**
   * Left eye, right eye, nose tip, left and right mouth corner of a face that fills RGB uint8 [height][width][3]: ten
   * numbers x0,y0..x4,y4 in shares of width and height.
   */
  placePoints(face: {
    readonly pixels: Uint8Array;
    readonly width: number;
    readonly height: number;
  }): Promise<number[]>;
}

/** Loads both nets from the npm package. Throws 'missing-tool' without the engine. */
export async function loadFaceDetector(): Promise<FaceDetector> {
  const require = createRequire(import.meta.url);
  // requires the tfjs-node-gpu that tensorflow.ts has loaded
  const faceApi = require('@vladmandic/face-api/dist/face-api.node-gpu.js') as typeof FaceApi;
  const { ssdMobilenetv1, faceLandmark68Net } = faceApi.nets;
  const models = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'model');
  await ssdMobilenetv1.loadFromDisk(models);
  await faceLandmark68Net.loadFromDisk(models);
  const machine = compileMachine(
    {
      search: {
        inputs: { pixels: { shape: [detectionSide, detectionSide, 3], dtype: 'uint8' } },
        run({ pixels }) {
          // the package's types hold a copy of tfjs
          const input = new faceApi.NetInput([castFromUint8(pixels as Tensor) as unknown as FaceApi.TResolvedNetInput]);
          const { boxes, scores } = ssdMobilenetv1.forwardInput(input) as unknown as Readonly<
            Record<'boxes' | 'scores', readonly Tensor[]>
          >;
          // [candidates, 4] and [candidates]
          return { outputs: { boxes: boxes[0] as Tensor, scores: scores[0] as Tensor }, updates: new Map() };
        },
      },
    },
    new Map(),
  );
  return {
    locate(pixels) {
      const { boxes, scores } = machine.step('search', { pixels }) as Record<'boxes' | 'scores', Float32Array>;
      const within = (share: number) => Math.min(1, Math.max(0, share));
      const candidates = [...scores.keys()]
        .filter((index) => (scores[index] as number) > leastScore)
        .sort((a, b) => (scores[b] as number) - (scores[a] as number))
        .map((index) => {
          const [top, left, bottom, right] = Array.from(boxes.subarray(4 * index, 4 * index + 4), within) as [
            number,
            number,
            number,
            number,
          ];
          return { left, top, right, bottom };
        });
      return candidates.reduce<FaceBox[]>(
        (faces, box) => (faces.some((face) => overlap(face, box) > largestOverlap) ? faces : [...faces, box]),
        [],
      );
    },
    async placePoints({ pixels, width, height }) {
      const face = tf.tensor3d(Int32Array.from(pixels), [height, width, 3], 'int32');
      const found = await faceLandmark68Net
        .detectLandmarks(face as unknown as FaceApi.TNetInput)
        .finally(() => face.dispose());
      const points = (Array.isArray(found) ? (found[0] as FaceApi.FaceLandmarks68) : found).relativePositions;
      const mean = (first: number, last: number) => {
        const chosen = points.slice(first, last + 1);
        return [
          chosen.reduce((sum, { x }) => sum + x, 0) / chosen.length,
          chosen.reduce((sum, { y }) => sum + y, 0) / chosen.length,
        ];
      };
      return [mean(36, 41), mean(42, 47), mean(30, 30), mean(48, 48), mean(54, 54)].flat();
    },
  };
}

/** Intersection over union. */
function overlap(a: FaceBox, b: FaceBox): number {
  const area = ({ left, top, right, bottom }: FaceBox) => Math.max(0, right - left) * Math.max(0, bottom - top);
  const shared = area({
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  });
  return shared / (area(a) + area(b) - shared || 1);
}
