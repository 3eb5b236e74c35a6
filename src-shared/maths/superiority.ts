import { wilsonInterval, type Interval } from './statistics.ts';

export interface Superiority {
  /** Of pairs in which b is above a; a tie counts half. */
  readonly share: number;
  /** Wilson's 95 % interval over the pairs. */
  readonly interval: Interval;
}

/** P(b > a) over pairs, from their differences b − a (Bouthillier et al. 2021, arXiv 2103.03098, section 4). */
export function superiority(differences: readonly number[]): Superiority {
  const wins = differences.reduce((sum, value) => sum + (1 + Math.sign(value)) / 2, 0);
  return { share: wins / differences.length, interval: wilsonInterval(wins, differences.length) };
}
