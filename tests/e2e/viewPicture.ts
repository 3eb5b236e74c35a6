import sharp from 'sharp';

/** Half of the page's size: letters can still be told apart, and a picture has about ten kilobytes. */
const scale = 0.5;
/** Of 255, in any channel. Edges of letters differ by less between two drawings of one page. */
const mostDifference = 32;
/** Of all pixels of a picture: less than a word of three letters. */
export const mostChanged = 0.0002;

/** A screenshot as it is kept: halved, as WebP. */
export async function keptPicture(screenshot: Buffer): Promise<Buffer> {
  const { width } = await sharp(screenshot).metadata();
  return await sharp(screenshot)
    .resize({ width: Math.round(width * scale) })
    .webp({ quality: 80, effort: 6, smartSubsample: true })
    .toBuffer();
}

/** How two pictures of one view differ. */
export interface PictureChange {
  /** The share of pixels that changed; 1 where the sizes differ. */
  readonly share: number;
  /** The new picture, pale, with what changed in red, as PNG. */
  readonly shown: Buffer;
}

/** Compares two pictures as `keptPicture` makes them. */
export async function changedPicture(kept: Buffer, now: Buffer): Promise<PictureChange> {
  const [before, after] = await Promise.all([pixelsOf(kept), pixelsOf(now)]);
  const { width, height } = after.info;
  if (before.info.width !== width || before.info.height !== height)
    return { share: 1, shown: await sharp(now).png().toBuffer() };
  const shown = Buffer.alloc(width * height * 3);
  let changed = 0;
  for (let pixel = 0; pixel < width * height; pixel++) {
    const at = pixel * 3;
    const differs = [0, 1, 2].some(
      (channel) => Math.abs(before.data[at + channel]! - after.data[at + channel]!) > mostDifference,
    );
    if (differs) {
      changed++;
      shown.set([220, 0, 0], at);
    } else for (let channel = 0; channel < 3; channel++) shown[at + channel] = 200 + after.data[at + channel]! / 5;
  }
  const png = await sharp(shown, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  return { share: changed / (width * height), shown: png };
}

const pixelsOf = (picture: Buffer) => sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
