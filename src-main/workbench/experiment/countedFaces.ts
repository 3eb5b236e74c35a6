import type { SplitFacts } from '../../../src-shared/advice.ts';
import type { FacesFrom } from '../../../src-shared/startEstimate.ts';

/** How the faces of a plan would be split; a refusal says in one sentence why they cannot be. */
export type CountedFaces = { readonly from: FacesFrom; readonly facts: SplitFacts } | { readonly refusal: string };
