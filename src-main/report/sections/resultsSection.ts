import { paragraphs } from '../markdown.ts';
import type { Section } from '../section.ts';
import { accuracyPart } from './accuracyPart.ts';
import { differencesPart } from './differencesPart.ts';
import { identificationPart } from './identificationPart.ts';
import { marginFreePart } from './marginFreePart.ts';
import { ranksPart } from './ranksPart.ts';
import { verificationPart } from './verificationPart.ts';
import { verificationSetsPart } from './verificationSetsPart.ts';

/** What the runs measured, and how the arms differ in it. */
export const resultsSection: Section = (context) => {
  if (context.chosen.every((arm) => arm.runs.length === 0)) return null;
  const parts = [identificationPart(context), verificationPart(context), ranksPart(context)];
  return {
    markdown: paragraphs([
      `## ${context.texts.say('heading.results')}`,
      accuracyPart(context),
      ...parts.map((part) => part?.markdown ?? null),
      verificationSetsPart(context),
      marginFreePart(context),
      differencesPart(context),
    ]),
    charts: new Map(parts.flatMap((part) => [...(part?.charts ?? [])])),
  };
};
