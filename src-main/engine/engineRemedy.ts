/** Whether a source of ArcBench lies in a packaged app, which carries its engine and has no set-up. */
export const isPackaged = (address: string = import.meta.url): boolean => address.includes('/app.asar.unpacked/');

/** What brings a whole engine. */
export const engineRemedy = (packaged: boolean = isPackaged()): string =>
  packaged ? 'install ArcBench again, which brings its engine with it' : 'run `npm run setup`, which installs it again';
