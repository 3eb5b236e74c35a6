import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import { randomStream, type RandomStream } from '../../src-shared/maths/random.ts';
import { workspaceFolders } from '../files/workspaceFolders.ts';
import { writeSynced, writeWholeFolder } from '../files/writeWhole.ts';

const side = 112;
const generatorVersion = 4;

/** Shapes and colours of a synthetic person, in natural ranges, in pixels of a 112-pixel picture. */
function drawIdentity(random: RandomStream) {
  const between = (low: number, high: number) => low + (high - low) * random.next();
  const hsl = (hue: number, saturation: number, lightness: number) =>
    `hsl(${Math.round(hue)},${Math.round(saturation)}%,${Math.round(lightness)}%)`;
  return {
    faceWidth: between(25, 38),
    faceHeight: between(35, 47),
    jaw: between(0.5, 1),
    skin: [between(110, 240), between(0.7, 0.88), between(0.55, 0.78)] as const,
    eyeGap: between(11, 18),
    eyeHeight: between(-12, -3),
    eyeWidth: between(4, 8),
    eyeOpening: between(2.4, 5.5),
    iris: hsl(between(0, 360), between(30, 80), between(25, 50)),
    browLift: between(6, 12),
    browTilt: between(-4, 4),
    browWidth: between(1.2, 5),
    brow: hsl(between(0, 50), between(10, 60), between(8, 60)),
    noseLength: between(8, 18),
    noseWidth: between(3, 9),
    mouthHeight: between(17, 26),
    mouthWidth: between(6, 15),
    lip: between(1.4, 5.5),
    lips: hsl(between(-30, 25), between(25, 75), between(30, 60)),
    ears: between(3, 9),
    cheeks: between(0, 0.35),
    freckles: random.next() < 0.3,
    cleft: random.next() < 0.3,
    beard: random.next() < 0.3 ? between(0.15, 0.5) : 0,
    moles: Array.from({ length: random.integer(3) }, () => [between(-18, 18), between(2, 22)] as const),
  };
}
type Identity = ReturnType<typeof drawIdentity>;

const colour = (level: number, green: number, blue: number) => {
  const channels = [level, level * green, level * blue].map((value) => Math.round(Math.max(0, Math.min(255, value))));
  return `rgb(${channels.join(',')})`;
};

/** What changes from picture to picture. The order of the draws is part of the generator: keep it. */
function drawCircumstances(person: Identity, random: RandomStream) {
  const between = (low: number, high: number) => low + (high - low) * random.next();
  const hsl = (saturation: readonly [number, number], lightness: readonly [number, number], highestHue: number) =>
    `hsl(${Math.round(between(0, highestHue))},${Math.round(between(...saturation))}%,` +
    `${Math.round(between(...lightness))}%)`;
  const light = between(0.65, 1.2);
  const turn = between(-5, 5); // features slide sideways as the head turns
  const smile = between(-3, 7);
  const lid = person.eyeOpening * between(0.65, 1.1);
  const hair = hsl([10, 60], [8, 60], 50);
  const background = [hsl([5, 50], [20, 85], 360), hsl([5, 50], [20, 85], 360)] as const;
  const hasHat = random.next() < 0.15;
  const hairLength = between(0, 1);
  const part = between(-0.6, 0.6);
  const fringe = between(-6, 10);
  const hasGlasses = random.next() < 0.25;
  const lightAngle = between(0, 360);
  const brightest = between(0, 0.22);
  const darkest = between(0, 0.3);
  const shiftX = between(-3, 3);
  const shiftY = between(-3, 3);
  const tilt = between(-10, 10);
  const zoom = between(0.9, 1.1);
  const scene = { light, lightAngle, brightest, darkest, background, shiftX, shiftY, tilt, zoom };
  return { ...scene, turn, smile, lid, hair, hairLength, part, fringe, hasHat, hasGlasses };
}
interface Drawing extends ReturnType<typeof drawCircumstances> {
  readonly person: Identity;
  readonly skin: string;
  readonly shade: string;
}

/** One picture of a person as SVG. Pose, light, expression, hair, hat, glasses and background are drawn each time. */
function drawPicture(person: Identity, random: RandomStream): string {
  const circumstances = drawCircumstances(person, random);
  const { background, light, lightAngle, brightest, darkest, shiftX, shiftY, tilt, zoom } = circumstances;
  const [level, green, blue] = person.skin;
  const drawing: Drawing = {
    ...circumstances,
    person,
    skin: colour(level * light, green, blue),
    shade: colour(level * light * 0.75, green, blue),
  };
  const face = [
    hairBehind(drawing),
    ears(drawing),
    head(drawing),
    beard(drawing),
    hairInFront(drawing),
    eye(drawing, -1),
    eye(drawing, 1),
    nose(drawing),
    mouth(drawing),
    marks(drawing),
    glasses(drawing),
    hat(drawing),
  ].join('\n');
  const place = `translate(${56 + shiftX} ${57 + shiftY}) rotate(${tilt}) scale(${zoom})`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}">
    <defs>
      <linearGradient id="b" x2="1" y2="1">
        <stop stop-color="${background[0]}"/><stop offset="1" stop-color="${background[1]}"/>
      </linearGradient>
      <linearGradient id="l" gradientTransform="rotate(${lightAngle} 0.5 0.5)">
        <stop stop-color="#fff" stop-opacity="${brightest}"/>
        <stop offset="1" stop-color="#000" stop-opacity="${darkest}"/>
      </linearGradient>
    </defs>
    <rect width="${side}" height="${side}" fill="url(#b)"/>
    <g transform="${place}">${face}</g>
    <rect width="${side}" height="${side}" fill="url(#l)"/>
  </svg>`;
}

function eye({ person, turn, lid }: Drawing, sign: -1 | 1): string {
  const { eyeHeight, eyeWidth, eyeGap, iris, browLift, browTilt } = person;
  const x = sign * eyeGap + turn;
  const pupil = x + turn * 0.2;
  const brow = eyeHeight - browLift;
  return `<ellipse cx="${x}" cy="${eyeHeight}" rx="${eyeWidth}" ry="${lid}" fill="#f4f1ec"/>
    <circle cx="${pupil}" cy="${eyeHeight}" r="${Math.min(lid, 3.4)}" fill="${iris}"/>
    <circle cx="${pupil}" cy="${eyeHeight}" r="1.3" fill="#111"/>
    <path d="M${x - 7} ${brow - sign * browTilt} L${x + 7} ${brow + sign * browTilt}" stroke="${person.brow}"
      stroke-width="${person.browWidth}" stroke-linecap="round"/>`;
}

const hatTop = (faceHeight: number) => -faceHeight * 0.45;

function hat({ person: { faceWidth: w, faceHeight: h }, hasHat, background }: Drawing): string {
  const top = hatTop(h);
  return hasHat ? `<path d="M${-w - 4} ${top} Q0 ${-h - 26} ${w + 4} ${top} Z" fill="${background[1]}"/>` : '';
}

const hairBehind = ({ person: { faceWidth: w, faceHeight: h }, hairLength, hair }: Drawing): string =>
  `<ellipse cx="0" cy="${-6 + hairLength * 10}" rx="${w + 5}" ry="${h + 3 + hairLength * 6}" fill="${hair}"/>`;

function hairInFront({ person: { faceWidth: w, faceHeight: h }, part, fringe, hair }: Drawing): string {
  const hairline = hatTop(h) - fringe;
  return (
    `<path d="M${-w - 2} -6 C${-w - 2} ${-h * 1.28} ${w + 2} ${-h * 1.28} ${w + 2} -6 Q${w * 0.85} ${hairline} ` +
    `${part * w} ${hairline} Q${-w * 0.85} ${hairline} ${-w - 2} -6 Z" fill="${hair}"/>`
  );
}

const ears = ({ person, shade }: Drawing): string =>
  [-1, 1]
    .map((sign) => `<ellipse cx="${sign * person.faceWidth}" cy="-2" rx="${person.ears}" ry="8" fill="${shade}"/>`)
    .join('');

const head = ({ person: { faceWidth: w, faceHeight: h, jaw }, skin }: Drawing): string =>
  `<path d="M${-w} -8 C${-w} ${-h * 1.2} ${w} ${-h * 1.2} ${w} -8 C${w} ${h * jaw} ${w * jaw} ${h} 0 ${h} ` +
  `C${-w * jaw} ${h} ${-w} ${h * jaw} ${-w} -8 Z" fill="${skin}"/>`;

function beard({ person }: Drawing): string {
  const { faceWidth: w, faceHeight: h, jaw, mouthHeight } = person;
  if (person.beard === 0) return '';
  return (
    `<path d="M${-w * 0.97} 13 C${-w * 0.92} ${h * jaw} ${-w * jaw} ${h} 0 ${h} C${w * jaw} ${h} ` +
    `${w * 0.92} ${h * jaw} ${w * 0.97} 13 Q${w * 0.7} ${mouthHeight - 1} 0 ${mouthHeight - 4} ` +
    `Q${-w * 0.7} ${mouthHeight - 1} ${-w * 0.97} 13 Z" fill="#2a1c14" opacity="${person.beard}"/>`
  );
}

function nose({ person: { eyeHeight, noseWidth, noseLength }, turn, shade }: Drawing): string {
  const top = eyeHeight + 3;
  const bottom = top + noseLength;
  const x = turn * 1.5;
  return (
    `<path d="M${turn} ${top} L${x - noseWidth} ${bottom} L${x + noseWidth} ${bottom}" fill="none" ` +
    `stroke="${shade}" stroke-width="2.2"/>`
  );
}

const mouth = ({ person: { mouthHeight: y, mouthWidth, lips, lip }, turn, smile }: Drawing): string =>
  `<path d="M${turn - mouthWidth} ${y} Q${turn} ${y + smile} ${turn + mouthWidth} ${y}" fill="none" ` +
  `stroke="${lips}" stroke-width="${lip}" stroke-linecap="round"/>`;

function marks({ person, turn, shade }: Drawing): string {
  const moles = person.moles.map(([x, y]) => `<circle cx="${x + turn}" cy="${y}" r="1.7" fill="#3a2418"/>`);
  const cheeks = [-1, 1].map(
    (sign) => `<circle cx="${sign * 17 + turn}" cy="9" r="6" fill="rgb(220,80,80)" opacity="${person.cheeks}"/>`,
  );
  const freckles = Array.from({ length: person.freckles ? 12 : 0 }, (_, dot) => {
    const x = ((dot * 7) % 33) - 16 + turn;
    return `<circle cx="${x}" cy="${4 + ((dot * 5) % 9)}" r="0.9" fill="${shade}"/>`;
  });
  const cleft = `<path d="M${turn} ${person.faceHeight - 8} v5" stroke="${shade}" stroke-width="1.6"/>`;
  return [...moles, ...cheeks, ...freckles, ...(person.cleft ? [cleft] : [])].join('');
}

function glasses({ person, turn, hasGlasses }: Drawing): string {
  if (!hasGlasses) return '';
  return [-1, 1]
    .map(
      (sign) =>
        `<circle cx="${sign * person.eyeGap + turn}" cy="${person.eyeHeight}" r="9" fill="none" ` +
        'stroke="#222" stroke-width="1.6"/>',
    )
    .join('');
}

/** Where the pictures of a demo are or will be. */
export function demoFolder(workspace: string, demo: Plan['data']['demo']): string {
  const key = createHash('sha256')
    .update(JSON.stringify([generatorVersion, demo.people, demo.imagesPerPerson, demo.seed]))
    .digest('hex')
    .slice(0, 12);
  return workspaceFolders(workspace).demoFaces(key);
}

/**
 * Draws the demo faces from their seed, one sub-folder for each person, and returns the folder. A second call finds
 * them there. The folder is written whole or not at all.
 */
export async function renderSyntheticFaces(
  demo: Plan['data']['demo'],
  options: {
    readonly workspace: string;
    readonly onProgress?: (done: number, total: number) => void;
    readonly shouldStop?: () => boolean;
  },
): Promise<string> {
  const folder = demoFolder(options.workspace, demo);
  if (existsSync(folder)) return folder;
  const total = demo.people * demo.imagesPerPerson;
  let next = 0;
  let done = 0;
  const worker = async (temporary: string) => {
    for (let person = next++; person < demo.people; person = next++) {
      const identity = drawIdentity(randomStream(demo.seed, 'identity', person));
      const own = join(temporary, `person-${String(person + 1).padStart(4, '0')}`);
      await mkdir(own, { recursive: true });
      for (let picture = 0; picture < demo.imagesPerPerson; picture++) {
        if (options.shouldStop?.())
          throw new ArcBenchError(
            'cancelled',
            'Stopped while the demo faces were drawn: run the same again to draw them.',
          );
        const svg = drawPicture(identity, randomStream(demo.seed, 'picture', person, picture));
        await writeSynced(
          join(own, `${String(picture + 1).padStart(3, '0')}.png`),
          await sharp(Buffer.from(svg)).removeAlpha().png({ compressionLevel: 2 }).toBuffer(),
        );
        options.onProgress?.(++done, total);
      }
    }
  };
  await writeWholeFolder(folder, async (temporary) => {
    await Promise.all(Array.from({ length: availableParallelism() }, () => worker(temporary)));
  });
  return folder;
}
