import type { RandomStream } from '../../../src-shared/maths/random.ts';

/**
 * Bytes changed as a broken disk, a cut download or an attacker changes them: flipped, cut, spliced with another of
 * their kind, numbers made absurd.
 */
export function mutate(random: RandomStream, content: Uint8Array, other: Uint8Array = content): Buffer {
  let bytes = Buffer.from(content);
  const at = () => random.integer(Math.max(1, bytes.length));
  // Half of the changes fall on the first bytes, where headers are.
  const early = () => (random.next() < 0.5 ? random.integer(Math.min(64, Math.max(1, bytes.length))) : at());
  for (let change = 0; change <= random.integer(4); change++) {
    if (bytes.length < 8) break;
    switch (random.integer(7)) {
      case 0: {
        const place = early();
        bytes[place] = (bytes[place] ?? 0) ^ (1 << random.integer(8));
        break;
      }
      case 1:
        bytes[early()] = random.integer(256);
        break;
      case 2:
        bytes = bytes.subarray(0, at());
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at()), other.subarray(random.integer(other.length))]);
        break;
      case 4: {
        const from = at();
        const to = at();
        bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(from)]);
        break;
      }
      case 5: {
        const place = Math.min(early(), bytes.length - 4);
        bytes.writeUInt32BE(
          [0xffffffff, 0x7fffffff, 0, 1, 0x80000000, 0x00ffffff, 65_500][random.integer(7)] ?? 0,
          place,
        );
        break;
      }
      default:
        bytes.fill(random.integer(2) === 0 ? 0 : 0xff, at(), at());
    }
  }
  return bytes;
}

/** Text changed in the same ways, and with what breaks parsers between its words. */
export function mutateText(random: RandomStream, text: string, poisons: readonly string[]): Buffer {
  if (random.next() < 0.4) return mutate(random, Buffer.from(text));
  let changed = text;
  for (let change = 0; change <= random.integer(4); change++) {
    const tokens = changed.split(/(\s|,|:)/);
    const place = random.integer(tokens.length);
    const poison = poisons[random.integer(poisons.length)] ?? '';
    if (random.next() < 0.3) tokens.splice(place, 1 + random.integer(3));
    else tokens[place] = random.next() < 0.5 ? poison : `${tokens[place]}${poison}`;
    changed = tokens.join('');
  }
  return Buffer.from(changed);
}

export const hostileNames: readonly string[] = [
  '..',
  '../../sentinel/x',
  '/etc/passwd',
  'C:\\x',
  'a\nb',
  'a\rb',
  '\u001b[2J\u001b[1;1H',
  '\u202egnp.exe',
  '\u2066x',
  'a\u0000b',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'n'.repeat(255),
  'n'.repeat(5000),
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '](javascript:alert(1))',
  '`x`',
  'a|b',
  '${1}',
  '$&',
  '{name}',
  '%2e%2e%2f',
  '.',
  '-',
  '--help',
  ' ',
  '\t',
  '\ufeff',
  '\ud800',
  'con',
  'aux.png',
  '~',
  '*',
  '=1+1',
  '\u0085',
  '\u2028',
  '🧑‍🔬',
  'é',
  'e\u0301',
];
export const hostileNumbers: readonly string[] = [
  'NaN',
  'Infinity',
  '-Infinity',
  '1e308',
  '-1e308',
  '1e-320',
  '9'.repeat(400),
  '-0',
  '0x7fffffff',
  '1_000',
  '2147483648',
  '18446744073709551616',
  '٣',
  '',
];
