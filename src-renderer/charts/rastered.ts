const pixelRatio = 2;

/** An SVG picture, given as a data URL and of a size in CSS pixels, as the data URL of a PNG of twice that size. */
export async function rastered(
  svg: string,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<string | undefined> {
  const picture = new Image(width, height);
  picture.src = svg;
  await picture.decode();
  const canvas = document.createElement('canvas');
  canvas.width = pixelRatio * width;
  canvas.height = pixelRatio * height;
  const drawing = canvas.getContext('2d');
  if (drawing === null) return undefined;
  drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png');
}
