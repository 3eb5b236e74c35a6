import { z } from 'zod';
import { reportTextKeys, type TextKey, type Texts } from './reportTexts.ts';

export type WarningKey = Extract<TextKey, `warning.${string}`>;

/** A warning about a run: the key of a text and its numbers. warningSentence writes it in any language. */
export const runWarningSchema = z.strictObject({
  key: z.custom<WarningKey>((key) => typeof key === 'string' && key.startsWith('warning.') && reportTextKeys.has(key)),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type RunWarning = z.infer<typeof runWarningSchema>;

/** Values that are shares, shown in per cent. */
const shares = new Set(['share', 'accuracy']);

/** A warning as a sentence. Older runs kept whole sentences; they stay as they are. */
export function warningSentence(warning: RunWarning | string, texts: Texts): string {
  if (typeof warning === 'string') return warning;
  const write = ([name, value]: [string, string | number]) => {
    if (typeof value === 'string') return [name, value];
    if (shares.has(name)) return [name, `${texts.decimal(100 * value, 0)} %`];
    return [name, Number.isInteger(value) ? value : texts.short(value)];
  };
  return texts.say(warning.key, Object.fromEntries(Object.entries(warning.values).map(write)));
}
