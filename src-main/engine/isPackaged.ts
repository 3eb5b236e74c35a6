/** Whether a source of ArcBench lies in a packaged app, which carries its engine and needs no set-up. */
export const isPackaged = (address: string = import.meta.url): boolean => address.includes('/app.asar.unpacked/');
