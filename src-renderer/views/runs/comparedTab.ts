import { sessionRef } from '../../components/sessionRef.ts';

const tabNames = ['metrics', 'differences', 'curves', 'knobs', 'rates', 'mistakes', 'oneRight', 'facts'] as const;
/** A way to compare marked runs. */
export type ComparedTab = (typeof tabNames)[number];
export const isComparedTab = (text: unknown): text is ComparedTab => tabNames.some((name) => name === text);

/** How the marked runs are compared. */
export const useComparedTab = () => sessionRef<ComparedTab>('runs.tab', 'metrics');
