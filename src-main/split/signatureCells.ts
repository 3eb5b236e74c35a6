import { signatureSize } from './pictureSignatures.ts';

/** Pictures whose signatures are close, and the box of their signatures. */
export interface SignatureCell {
  readonly pictures: Int32Array;
  readonly lowest: Float32Array;
  readonly highest: Float32Array;
}

const mostInCell = 48;

/** Cuts the signatures into cells, each time at the mean of the dimension that spreads widest: leaves of a k-d tree. */
export function signatureCells(signatures: Float32Array, pictures: Int32Array): SignatureCell[] {
  const cells: SignatureCell[] = [];
  const waiting = [pictures];
  for (let part = waiting.pop(); part; part = waiting.pop()) {
    const cell = boxed(signatures, part);
    const halves = part.length <= mostInCell ? null : cut(signatures, cell);
    if (halves) waiting.push(...halves);
    else if (part.length > 0) cells.push(cell);
  }
  return cells;
}

function boxed(signatures: Float32Array, pictures: Int32Array): SignatureCell {
  const lowest = new Float32Array(signatureSize).fill(Infinity);
  const highest = new Float32Array(signatureSize).fill(-Infinity);
  for (const picture of pictures) {
    for (let at = 0; at < signatureSize; at++) {
      const value = signatures[picture * signatureSize + at]!;
      if (value < lowest[at]!) lowest[at] = value;
      if (value > highest[at]!) highest[at] = value;
    }
  }
  return { pictures, lowest, highest };
}

/** Two halves of a cell; null if all its signatures are equal. */
function cut(signatures: Float32Array, { pictures, lowest, highest }: SignatureCell): [Int32Array, Int32Array] | null {
  const spreads = highest.map((value, at) => value - lowest[at]!);
  const widest = spreads.indexOf(spreads.reduce((most, spread) => Math.max(most, spread), 0));
  const valueOf = (picture: number) => signatures[picture * signatureSize + widest]!;
  const mean = pictures.reduce((sum, picture) => sum + valueOf(picture), 0) / pictures.length;
  const below = pictures.filter((picture) => valueOf(picture) < mean);
  if (below.length === 0) return null;
  return [below, pictures.filter((picture) => valueOf(picture) >= mean)];
}
