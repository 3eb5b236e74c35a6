import { call } from './workbench.ts';

const bytesOfPart = 900_000; // a multiple of three, so that base64 needs no padding between the parts

/** An id that no other picture of this page has. */
export const newPictureId = (): string =>
  [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join('-');

/** Sends a picture to the workbench, which keeps it in memory under the id. Rejects with ArcBenchError. */
export async function sendPicture(picture: string, file: Blob): Promise<void> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const parts = Math.max(1, Math.ceil(bytes.length / bytesOfPart));
  for (let part = 0; part < parts; part++) {
    const data = base64Of(bytes.subarray(part * bytesOfPart, (part + 1) * bytesOfPart));
    await call('try.send', { picture, part, parts: Math.min(parts, 100), data });
  }
}

const charactersAtOnce = 8192; // arguments of one call

function base64Of(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += charactersAtOnce)
    text += String.fromCharCode(...bytes.subarray(at, at + charactersAtOnce));
  return btoa(text);
}
