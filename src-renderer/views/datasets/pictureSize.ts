import type { Picture } from '../../../src-shared/answers/datasetAnswers.ts';

/** Of a picture on the disk in pixels, after the rotation that EXIF asks for. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** null in datasets that were imported before ArcBench read sizes. */
export const pictureSize = ({ width, height }: Picture): PictureSize | null =>
  width === null || height === null ? null : { width, height };
