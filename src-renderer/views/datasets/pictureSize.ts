import type { Picture } from '../../../src-shared/api.ts';

/** Pixels of a picture as it lies on the disk, turned as EXIF says. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Null in datasets that were imported before sizes were read. */
export const pictureSize = ({ width, height }: Picture): PictureSize | null =>
  width === null || height === null ? null : { width, height };
