import { cssOf, type Rgb, type RowColours } from './cloudColours.ts';

const head = 30;
const foot = 40;
const gap = 16;
const mostEntries = 8;

/** Clouds side by side as a PNG, each below its name, with a legend at the bottom. */
export function cloudPicture(
  clouds: readonly {
    readonly name: string;
    readonly canvas: HTMLCanvasElement;
    readonly over: HTMLCanvasElement | null;
  }[],
  colours: RowColours,
  {
    back,
    ink,
    font,
    caption,
  }: { readonly back: Rgb; readonly ink: Rgb; readonly font: string; readonly caption: string },
): Promise<Blob | null> {
  const ratio = Math.max(1, (clouds[0]?.canvas.width ?? 1) / Math.max(1, clouds[0]?.canvas.clientWidth ?? 1));
  const sheet = document.createElement('canvas');
  sheet.width = clouds.reduce((sum, { canvas }) => sum + canvas.width, gap * ratio * (clouds.length - 1));
  sheet.height = Math.max(...clouds.map(({ canvas }) => canvas.height)) + (head + foot) * ratio;
  const context = sheet.getContext('2d');
  if (!context) return Promise.resolve(null);
  context.fillStyle = cssOf(back);
  context.fillRect(0, 0, sheet.width, sheet.height);
  let left = 0;
  for (const { name, canvas, over } of clouds) {
    context.fillStyle = cssOf(ink);
    context.font = `600 ${14 * ratio}px ${font}`;
    context.fillText(name, left + 8 * ratio, 20 * ratio);
    context.drawImage(canvas, left, head * ratio);
    if (over) context.drawImage(over, left, head * ratio, canvas.width, canvas.height);
    left += canvas.width + gap * ratio;
  }
  context.font = `${12 * ratio}px ${font}`;
  const base = sheet.height - 14 * ratio;
  let at = 8 * ratio;
  const word = (text: string) => {
    context.fillStyle = cssOf(ink);
    context.fillText(text, at, base);
    at += context.measureText(text).width + 14 * ratio;
  };
  word(caption);
  if (colours.scale) {
    const shade = context.createLinearGradient(at, 0, at + 120 * ratio, 0);
    colours.scale.stops.forEach((stop, index, { length }) => shade.addColorStop(index / (length - 1), cssOf(stop)));
    context.fillStyle = shade;
    context.fillRect(at, base - 9 * ratio, 120 * ratio, 9 * ratio);
    at += 126 * ratio;
    word(`0° to ${colours.scale.most}°`);
  }
  // A legend of many people would not fit and says little.
  for (const { label, colour } of colours.entries.length > mostEntries ? [] : colours.entries) {
    context.fillStyle = colour;
    context.fillRect(at, base - 9 * ratio, 9 * ratio, 9 * ratio);
    at += 13 * ratio;
    word(label);
  }
  return new Promise((resolve) => {
    sheet.toBlob(resolve, 'image/png');
  });
}
