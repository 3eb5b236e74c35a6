import { isPackaged } from './isPackaged.ts';

/** What brings a whole engine. */
export const engineRemedy = (packaged: boolean = isPackaged()): string =>
  packaged ? 'install ArcBench again, which brings its engine with it' : 'run `npm run setup`, which installs it again';
