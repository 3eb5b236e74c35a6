/** Steps that can be undone, and steps that were undone and can be done again; the latest is the last of each. */
export interface StepHistory<Step> {
  readonly undo: readonly Step[];
  readonly redo: readonly Step[];
}

export const noSteps: StepHistory<never> = { undo: [], redo: [] };

/** A history after a new step: what was undone before it can no longer be done again. At most `most` steps stay. */
export const withStep = <Step>({ undo }: StepHistory<Step>, step: Step, most: number): StepHistory<Step> => ({
  undo: [...undo.slice(1 - most), step],
  redo: [],
});

/** The step to take, and the history after it. */
export interface TakenStep<Step> {
  readonly step: Step;
  readonly history: StepHistory<Step>;
}

/** Takes the latest step back. `opposite` gives the step that does it again. Null where there is nothing to undo. */
export function undoneStep<Step>(
  { undo, redo }: StepHistory<Step>,
  opposite: (step: Step) => Step,
): TakenStep<Step> | null {
  const step = undo.at(-1);
  if (step === undefined) return null;
  return { step, history: { undo: undo.slice(0, -1), redo: [...redo, opposite(step)] } };
}

/** Does the step again that was undone last. Null where there is none. */
export function redoneStep<Step>(
  { undo, redo }: StepHistory<Step>,
  opposite: (step: Step) => Step,
): TakenStep<Step> | null {
  const step = redo.at(-1);
  if (step === undefined) return null;
  return { step, history: { undo: [...undo, opposite(step)], redo: redo.slice(0, -1) } };
}
