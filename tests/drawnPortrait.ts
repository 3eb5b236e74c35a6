import sharp from 'sharp';
import { randomStream } from '../src-shared/maths/random.ts';

/**
 * A drawn portrait that the face detector takes for a person, as a PNG of 92 x 112 pixels: soft light and shade on a
 * head with neck and shoulders. The demo's faces are flat drawings, and the detector finds few of them.
 */
export async function drawnPortrait(person: number, picture: number): Promise<Buffer> {
  return await sharp(Buffer.from(portrait(person, picture)))
    .resize(92, 112, { kernel: 'cubic' })
    .removeAlpha()
    .png()
    .toBuffer();
}

function portrait(person: number, picture: number): string {
  const traits = randomStream(1, 'portrait', person);
  const moment = randomStream(1, 'moment', person, picture);
  const between = (low: number, high: number) => low + (high - low) * traits.next();
  const shifted = (reach: number) => (2 * moment.next() - 1) * reach;
  const skin = Math.round(between(180, 215));
  const tone = (share: number, opacity = 1) =>
    `rgba(${[1, 0.8, 0.68].map((part) => Math.round(skin * share * part)).join(',')},${opacity})`;
  const width = between(56, 64);
  const height = between(80, 88);
  const gap = between(25, 28);
  const eyes = between(-14, -9);
  const nose = between(24, 28);
  const mouth = nose + between(16, 19);
  const lips = between(17, 22);
  const hair = `hsl(${Math.round(between(15, 35))},40%,${Math.round(between(8, 30))}%)`;
  const clothes = `hsl(${Math.round(between(0, 360))},45%,${Math.round(between(20, 60))}%)`;
  const light = shifted(0.25);
  const eye = (side: number) => `<g transform="translate(${side * gap} ${eyes})">
    <ellipse rx="17" ry="12" fill="${tone(0.6)}" filter="url(#soft)"/>
    <path d="M-11 1 Q0 -8 11 1 Q0 7 -11 1 Z" fill="#e8e2da"/>
    <circle r="5.2" fill="#3a2a1e"/><circle r="2.4" fill="#0a0808"/><circle cx="1.6" cy="-1.8" r="1.1" fill="#fff"/>
    <path d="M-12 1 Q0 -9.5 12 1" fill="none" stroke="#2a1c14" stroke-width="2.4"/>
    <path d="M-15 -13 Q0 -21 15 -13" fill="none" stroke="${hair}" stroke-width="5" stroke-linecap="round"
      filter="url(#slight)"/></g>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="368" height="448" viewBox="0 0 184 224"><defs>
    <radialGradient id="head" cx="0.45" cy="0.42" r="0.62"><stop stop-color="${tone(1.1)}"/>
      <stop offset="0.6" stop-color="${tone(0.97)}"/><stop offset="1" stop-color="${tone(0.6)}"/></radialGradient>
    <filter id="soft" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="4"/></filter>
    <filter id="slight"><feGaussianBlur stdDeviation="0.8"/></filter></defs>
    <rect width="184" height="224" fill="hsl(${Math.round(between(180, 240))},12%,${Math.round(between(55, 70))}%)"/>
    <g transform="translate(${92 + shifted(6)} ${108 + shifted(6)}) rotate(${shifted(7)})">
    <ellipse cy="-14" rx="${width + 8}" ry="${height + 8}" fill="${hair}"/>
    <path d="M-90 130 Q-80 96 -28 88 L28 88 Q80 96 90 130 Z" fill="${clothes}"/>
    <path d="M-27 60 L-27 98 Q0 116 27 98 L27 60 Z" fill="${tone(0.62)}"/>
    <path d="M${-width} -12 C${-width} ${-height * 1.25} ${width} ${-height * 1.25} ${width} -12
      C${width} ${height * 0.5} ${width * 0.5} ${height} 0 ${height}
      C${-width * 0.5} ${height} ${-width} ${height * 0.5} ${-width} -12 Z" fill="url(#head)"/>
    <path d="M${-width - 3} -10 C${-width - 4} ${-height * 1.35} ${width + 4} ${-height * 1.35} ${width + 3} -10
      Q${width - 4} -46 20 -56 Q${-width + 14} -54 ${-width - 3} -10 Z" fill="${hair}" filter="url(#slight)"/>
    ${eye(-1)}${eye(1)}
    <path d="M-7 ${eyes + 4} Q-12 ${nose - 6} -13 ${nose} Q-6 ${nose + 6} 0 ${nose + 4} Q6 ${nose + 6} 13 ${nose}
      Q12 ${nose - 6} 7 ${eyes + 4} Z" fill="${tone(0.75, 0.55)}" filter="url(#soft)"/>
    <ellipse cx="-1" cy="${nose - 5}" rx="5" ry="8" fill="${tone(1.15, 0.8)}" filter="url(#soft)"/>
    <ellipse cx="-6" cy="${nose + 2}" rx="3" ry="1.8" fill="${tone(0.3)}" filter="url(#slight)"/>
    <ellipse cx="6" cy="${nose + 2}" rx="3" ry="1.8" fill="${tone(0.3)}" filter="url(#slight)"/>
    <path d="M${-lips} ${mouth} Q-6 ${mouth - 6} 0 ${mouth - 3} Q6 ${mouth - 6} ${lips} ${mouth}
      Q0 ${mouth + 13} ${-lips} ${mouth} Z" fill="#a4574f" filter="url(#slight)"/>
    <path d="M${-lips} ${mouth} Q0 ${mouth + 3 + shifted(2)} ${lips} ${mouth}" fill="none" stroke="#5a2a28"
      stroke-width="1.8"/>
    <ellipse cy="${mouth + 14}" rx="14" ry="4" fill="${tone(0.72, 0.8)}" filter="url(#soft)"/>
    </g><rect width="184" height="224" fill="${light > 0 ? 'white' : 'black'}" opacity="${Math.abs(light)}"/></svg>`;
}
