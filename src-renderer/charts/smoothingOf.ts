/** The weight that a curve is smoothed by of the one that was chosen: epochs are few, and more would hide them. */
export const smoothingOf = (name: string, chosen: number): number =>
  name.startsWith('step/') ? chosen : Math.min(chosen, 0.6);
