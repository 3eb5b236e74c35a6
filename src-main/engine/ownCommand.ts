import { isPackaged } from './isPackaged.ts';

/** How a user types ArcBench's command line: a packaged app has no npm. */
export const ownCommand = (packaged: boolean = isPackaged()): string => (packaged ? 'arcbench' : 'npm run arcbench --');
