import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as FaceApi from '@vladmandic/face-api';
import { tf } from './tensorflow.ts';

/** Side in pixels of the square picture in which the detector looks for faces. */
export const detectionSide = 512;
/** Longer side in pixels of the face in which the points are placed. */
export const landmarkSide = 112;
const surest = { minConfidence: 0.5 };

/** A face's place, in shares of the picture's width and height. */
export interface FaceBox { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }

/** The detector and the 68-point net of @vladmandic/face-api; its recognition model is never loaded. */
export interface FaceDetector {
  /** Boxes of the faces in RGB uint8 [512][512][3], the surest first. */
  locate(pixels: Uint8Array): Promise<FaceBox[]>;
  /** Left eye, right eye, nose tip, left and right mouth corner of a face that fills RGB uint8 [height][width][3]: ten numbers x0,y0..x4,y4 in shares of width and height. */
  placePoints(face: { readonly pixels: Uint8Array; readonly width: number; readonly height: number }): Promise<number[]>;
}

/** Loads both nets from the npm package. Throws 'missing-tool' without the engine. */
export async function loadFaceDetector(): Promise<FaceDetector> {
  const require = createRequire(import.meta.url);
  const faceApi = require('@vladmandic/face-api/dist/face-api.node-gpu.js') as typeof FaceApi; // requires the tfjs-node-gpu that tensorflow.ts has loaded
  const { ssdMobilenetv1, faceLandmark68Net } = faceApi.nets;
  const models = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'model');
  await ssdMobilenetv1.loadFromDisk(models);
  await faceLandmark68Net.loadFromDisk(models);
  const withPicture = async <T>(pixels: Uint8Array, shape: [height: number, width: number, channels: number], action: (input: FaceApi.TNetInput) => Promise<T>): Promise<T> => {
    const tensor = tf.tensor3d(Int32Array.from(pixels), shape, 'int32');
    try {
      return await action(tensor as unknown as FaceApi.TNetInput); // the package's types hold a copy of tfjs
    } finally {
      tensor.dispose();
    }
  };
  return {
    locate: (pixels) => withPicture(pixels, [detectionSide, detectionSide, 3], async (input) =>
      (await ssdMobilenetv1.locateFaces(input, surest)).map(({ relativeBox }) => ({ left: relativeBox.left, top: relativeBox.top, right: relativeBox.right, bottom: relativeBox.bottom }))),
    placePoints: ({ pixels, width, height }) => withPicture(pixels, [height, width, 3], async (input) => {
      const found = await faceLandmark68Net.detectLandmarks(input);
      const points = (Array.isArray(found) ? found[0] as FaceApi.FaceLandmarks68 : found).relativePositions;
      const mean = (first: number, last: number) => {
        const chosen = points.slice(first, last + 1);
        return [chosen.reduce((sum, { x }) => sum + x, 0) / chosen.length, chosen.reduce((sum, { y }) => sum + y, 0) / chosen.length];
      };
      return [mean(36, 41), mean(42, 47), mean(30, 30), mean(48, 48), mean(54, 54)].flat();
    }),
  };
}
