import { z } from 'zod';
import { reportTextKeys, type TextKey, type Texts } from './reportTexts.ts';

export type WarningKey = Extract<TextKey, `warning.${string}`>;

/**
 * What is said against a run while it trains or behind it: a text's key and its numbers, written in any language by
 * warningSentence.
 */
export const runWarningSchema = z.strictObject({
  key: z.custom<WarningKey>((key) => typeof key === 'string' && key.startsWith('warning.') && reportTextKeys.has(key)),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type RunWarning = z.infer<typeof runWarningSchema>;

/** Values that are shares, written in per cent. */
const shares = new Set(['share', 'accuracy']);

/** A warning in words; a sentence, which is what older runs kept, as it is. */
export const warningSentence = (warning: RunWarning | string, texts: Texts): string =>
  typeof warning === 'string'
    ? warning
    : texts.say(
        warning.key,
        Object.fromEntries(
          Object.entries(warning.values).map(([name, value]) => [
            name,
            typeof value === 'string'
              ? value
              : shares.has(name)
                ? `${texts.decimal(100 * value, 0)} %`
                : Number.isInteger(value)
                  ? value
                  : texts.short(value),
          ]),
        ),
      );
