import { chartFrame, shorten, text } from './chartFrame.ts';

export interface FacePairing {
  readonly left: string;
  readonly right: string;
  readonly leftFace: string;
  readonly rightFace: string;
  readonly note: string;
  /** Their cosine, as it is written between them. */
  readonly cosine?: string | undefined;
}

const side = 96;
const top = 46;
const gap = 44;
const columns = 3;

/** Pairs of faces with their names below, as SVG with the pictures inside. Null without pairs. */
export function faceSheet(title: string, pairings: readonly FacePairing[]): string | null {
  if (pairings.length === 0) return null;
  const cardWidth = 2 * side + 34;
  const cardHeight = side + 52;
  const across = Math.min(columns, pairings.length);
  return chartFrame(
    {
      title,
      width: Math.max(560, gap + across * (cardWidth + gap)),
      height: top + Math.ceil(pairings.length / across) * (cardHeight + 8) + 8,
      table: {
        columns: ['left', 'right', 'cosine', 'note'],
        rows: pairings.map(({ left, right, cosine, note }) => [left, right, cosine ?? null, note]),
      },
    },
    pairings.map(({ left, right, leftFace, rightFace, note, cosine }, index) => {
      const x = gap + (index % across) * (cardWidth + gap);
      const y = top + Math.floor(index / across) * (cardHeight + 8);
      const face = (data: string, at: number) =>
        `<image href="${data}" x="${at}" y="${y}" width="${side}" height="${side}"/>`;
      return [
        face(leftFace, x),
        face(rightFace, x + side + 34),
        text(x + side + 17, y + side / 2 + 5, '→', 'class="muted" font-size="18" text-anchor="middle"'),
        cosine === undefined
          ? ''
          : text(x + side + 17, y + side / 2 + 22, cosine, 'class="ink" font-size="11" text-anchor="middle"'),
        text(x + side / 2, y + side + 16, shorten(left, 15), 'class="ink" text-anchor="middle"'),
        text(x + side + 34 + side / 2, y + side + 16, shorten(right, 15), 'class="ink" text-anchor="middle"'),
        text(x + cardWidth / 2, y + side + 34, shorten(note, 36), 'class="muted" font-size="11" text-anchor="middle"'),
      ].join('');
    }),
  );
}
