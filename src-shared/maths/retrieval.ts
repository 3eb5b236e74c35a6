export interface Retrieval {
  /** Images that have another one of their class; the rest ask for what is not there and are left out. */
  readonly queries: number;
  readonly precisionAt1: number;
  readonly meanAveragePrecisionAtR: number;
  readonly rPrecision: number;
}

/**
 * Retrieval within one set, each image asking for the R others of its class: precision at 1, R-precision and MAP@R
 * (arXiv 2003.08505, equation 5). Rows of cosines come one by one; an equal cosine of another class ranks first.
 */
export function retrieval(labels: ArrayLike<number>) {
  const images = new Map<number, number>();
  for (let index = 0; index < labels.length; index++) images.set(labels[index]!, (images.get(labels[index]!) ?? 0) + 1);
  const largest = Math.max(1, ...images.values());
  const cosinesKept = new Float32Array(largest);
  const sameKept = new Uint8Array(largest);
  let queries = 0;
  let first = 0;
  let atR = 0;
  let precision = 0;
  return {
    /** The cosines of one image with every image of the set, itself included. */
    add(row: number, cosines: Float32Array): void {
      const own = labels[row]!;
      const wanted = images.get(own)! - 1;
      if (wanted === 0) return;
      let kept = 0;
      for (let other = 0; other < cosines.length; other++) {
        if (other === row) continue;
        const cosine = cosines[other]!;
        const same = labels[other] === own ? 1 : 0;
        const beats = (place: number) =>
          cosine > cosinesKept[place]! || (cosine === cosinesKept[place]! && same < sameKept[place]!);
        if (kept === wanted && !beats(wanted - 1)) continue;
        let place = kept < wanted ? kept++ : wanted - 1;
        for (; place > 0 && beats(place - 1); place--) {
          cosinesKept[place] = cosinesKept[place - 1]!;
          sameKept[place] = sameKept[place - 1]!;
        }
        cosinesKept[place] = cosine;
        sameKept[place] = same;
      }
      let found = 0;
      let averaged = 0;
      for (let place = 0; place < wanted; place++) if (sameKept[place] === 1) averaged += ++found / (place + 1);
      queries++;
      first += sameKept[0]!;
      precision += found / wanted;
      atR += averaged / wanted;
    },
    /** Null where no class has two images. */
    result: (): Retrieval | null =>
      queries === 0
        ? null
        : {
            queries,
            precisionAt1: first / queries,
            meanAveragePrecisionAtR: atR / queries,
            rPrecision: precision / queries,
          },
  };
}
