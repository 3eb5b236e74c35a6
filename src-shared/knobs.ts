import type { Setting } from './arms.ts';

/** Sections that a number can stand for, and the knob that it then sets: `gradientClip: 5`. */
export const shortKnobs: Readonly<Record<string, string>> = { 'training.gradientClip': 'training.gradientClip.norm' };

/** The values of a section by their dotted names, such as 'optimizer.momentum'; a list of plain values is one value. */
export function knobsOf(section: unknown, prefix = ''): Map<string, unknown> {
  const knobs = new Map<string, unknown>();
  const flatten = (path: string, value: unknown): void => {
    if (
      typeof value === 'object' &&
      value !== null &&
      (!Array.isArray(value) || value.some((item) => typeof item === 'object'))
    ) {
      for (const [key, item] of Object.entries(value)) flatten(path === '' ? key : `${path}.${key}`, item);
    } else if (value !== undefined) knobs.set(path, value);
  };
  flatten(prefix, section);
  return knobs;
}

/** A copy of a section with the knob of a dotted name set. */
export function withKnob<T>(section: T, name: string, value: Setting): T {
  const copy: unknown = structuredClone(section);
  const path = name.split('.');
  let place = copy as Record<string, unknown>;
  for (const step of path.slice(0, -1)) place = place[step] as Record<string, unknown>;
  place[path.at(-1) as string] = value;
  return copy as T;
}
