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

/** What makes a synthetic person: shapes and colours in natural, narrow ranges, in pixels of a 112-pixel picture. */
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

const colour = (level: number, green: number, blue: number) =>
  `rgb(${[level, level * green, level * blue].map((value) => Math.round(Math.max(0, Math.min(255, value)))).join(',')})`;

/**
 * One picture of a person as SVG; pose, light, expression, hair, hat, glasses and background are drawn anew each time.
 */
function drawPicture(person: Identity, random: RandomStream): string {
  const between = (low: number, high: number) => low + (high - low) * random.next();
  const light = between(0.65, 1.2);
  const [level, green, blue] = person.skin;
  const skin = colour(level * light, green, blue);
  const shade = colour(level * light * 0.75, green, blue);
  const turn = between(-5, 5); // features slide sideways as the head turns
  const smile = between(-3, 7);
  const lid = person.eyeOpening * between(0.65, 1.1);
  const hair = `hsl(${Math.round(between(0, 50))},${Math.round(between(10, 60))}%,${Math.round(between(8, 60))}%)`;
  const background = [0, 1].map(
    () => `hsl(${Math.round(between(0, 360))},${Math.round(between(5, 50))}%,${Math.round(between(20, 85))}%)`,
  );
  const { faceWidth: w, faceHeight: h, jaw } = person;
  const eye = (sign: number) => {
    const x = sign * person.eyeGap + turn;
    const brow = person.eyeHeight - person.browLift;
    return `<ellipse cx="${x}" cy="${person.eyeHeight}" rx="${person.eyeWidth}" ry="${lid}" fill="#f4f1ec"/><circle cx="${x + turn * 0.2}" cy="${person.eyeHeight}" r="${Math.min(lid, 3.4)}" fill="${person.iris}"/><circle cx="${x + turn * 0.2}" cy="${person.eyeHeight}" r="1.3" fill="#111"/>
      <path d="M${x - 7} ${brow - sign * person.browTilt} L${x + 7} ${brow + sign * person.browTilt}" stroke="${person.brow}" stroke-width="${person.browWidth}" stroke-linecap="round"/>`;
  };
  const top = -h * 0.45;
  const hat =
    random.next() < 0.15 ? `<path d="M${-w - 4} ${top} Q0 ${-h - 26} ${w + 4} ${top} Z" fill="${background[1]}"/>` : '';
  const length = between(0, 1);
  const hairBack = `<ellipse cx="0" cy="${-6 + length * 10}" rx="${w + 5}" ry="${h + 3 + length * 6}" fill="${hair}"/>`;
  const part = between(-0.6, 0.6) * w;
  const hairline = top - between(-6, 10);
  const fringe =
    `<path d="M${-w - 2} -6 C${-w - 2} ${-h * 1.28} ${w + 2} ${-h * 1.28} ${w + 2} -6 Q${w * 0.85} ${hairline} ` +
    `${part} ${hairline} Q${-w * 0.85} ${hairline} ${-w - 2} -6 Z" fill="${hair}"/>`;
  const glasses =
    random.next() < 0.25
      ? [-1, 1]
          .map(
            (sign) =>
              `<circle cx="${sign * person.eyeGap + turn}" cy="${person.eyeHeight}" r="9" fill="none" ` +
              'stroke="#222" stroke-width="1.6"/>',
          )
          .join('')
      : '';
  const marks = [
    ...person.moles.map(([x, y]) => `<circle cx="${x + turn}" cy="${y}" r="1.7" fill="#3a2418"/>`),
    ...[-1, 1].map(
      (sign) => `<circle cx="${sign * 17 + turn}" cy="9" r="6" fill="rgb(220,80,80)" opacity="${person.cheeks}"/>`,
    ),
    ...(person.freckles
      ? Array.from(
          { length: 12 },
          (_, dot) =>
            `<circle cx="${((dot * 7) % 33) - 16 + turn}" cy="${4 + ((dot * 5) % 9)}" r="0.9" fill="${shade}"/>`,
        )
      : []),
    ...(person.cleft ? [`<path d="M${turn} ${h - 8} v5" stroke="${shade}" stroke-width="1.6"/>`] : []),
  ].join('');
  const beard =
    person.beard > 0
      ? `<path d="M${-w * 0.97} 13 C${-w * 0.92} ${h * jaw} ${-w * jaw} ${h} 0 ${h} C${w * jaw} ${h} ` +
        `${w * 0.92} ${h * jaw} ${w * 0.97} 13 Q${w * 0.7} ${person.mouthHeight - 1} 0 ` +
        `${person.mouthHeight - 4} Q${-w * 0.7} ${person.mouthHeight - 1} ${-w * 0.97} 13 Z" fill="#2a1c14" ` +
        `opacity="${person.beard}"/>`
      : '';
  const mouth = person.mouthHeight;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"><defs><linearGradient id="b" x2="1" y2="1"><stop stop-color="${background[0]}"/><stop offset="1" stop-color="${background[1]}"/></linearGradient>
    <linearGradient id="l" gradientTransform="rotate(${between(0, 360)} 0.5 0.5)"><stop stop-color="#fff" stop-opacity="${between(0, 0.22)}"/><stop offset="1" stop-color="#000" stop-opacity="${between(0, 0.3)}"/></linearGradient></defs>
    <rect width="${side}" height="${side}" fill="url(#b)"/><g transform="translate(${56 + between(-3, 3)} ${57 + between(-3, 3)}) rotate(${between(-10, 10)}) scale(${between(0.9, 1.1)})">
    ${hairBack}<ellipse cx="${-w}" cy="-2" rx="${person.ears}" ry="8" fill="${shade}"/><ellipse cx="${w}" cy="-2" rx="${person.ears}" ry="8" fill="${shade}"/>
    <path d="M${-w} -8 C${-w} ${-h * 1.2} ${w} ${-h * 1.2} ${w} -8 C${w} ${h * jaw} ${w * jaw} ${h} 0 ${h} C${-w * jaw} ${h} ${-w} ${h * jaw} ${-w} -8 Z" fill="${skin}"/>${beard}
    ${fringe}${eye(-1)}${eye(1)}<path d="M${turn} ${person.eyeHeight + 3} L${turn * 1.5 - person.noseWidth} ${person.eyeHeight + 3 + person.noseLength} L${turn * 1.5 + person.noseWidth} ${person.eyeHeight + 3 + person.noseLength}" fill="none" stroke="${shade}" stroke-width="2.2"/>
    <path d="M${turn - person.mouthWidth} ${mouth} Q${turn} ${mouth + smile} ${turn + person.mouthWidth} ${mouth}" fill="none" stroke="${person.lips}" stroke-width="${person.lip}" stroke-linecap="round"/>${marks}${glasses}${hat}
    </g><rect width="${side}" height="${side}" fill="url(#l)"/></svg>`;
}

/**
 * Renders the seeded demo faces as a folder an identity and returns the folder; a second call finds them there. Whole
 * or not at all.
 */
export async function renderSyntheticFaces(
  demo: Plan['data']['demo'],
  options: {
    readonly workspace: string;
    readonly onProgress?: (done: number, total: number) => void;
    readonly shouldStop?: () => boolean;
  },
): Promise<string> {
  const key = createHash('sha256')
    .update(JSON.stringify([generatorVersion, demo.people, demo.imagesPerPerson, demo.seed]))
    .digest('hex')
    .slice(0, 12);
  const folder = workspaceFolders(options.workspace).demoFaces(key);
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
            'Stopped while the demo faces were rendered: run the same command again to go on.',
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
