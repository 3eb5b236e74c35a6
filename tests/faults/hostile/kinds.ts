import type { HostileKind } from './attempt.ts';
import { bombs } from './bombs.ts';
import { experiments } from './experiments.ts';
import { celebA, csv, pairs } from './lists.ts';
import { folders, messages, uploads } from './names.ts';
import { pictures } from './pictures.ts';
import { arrays, pickles, safetensors } from './weights.ts';

export const kinds: readonly HostileKind[] = [
  pictures,
  bombs,
  csv,
  celebA,
  pairs,
  experiments,
  safetensors,
  pickles,
  arrays,
  folders,
  uploads,
  messages,
];
