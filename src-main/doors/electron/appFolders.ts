import { app } from 'electron';
import { join } from 'node:path';

/** The app's files: an archive where it is packaged. */
export const bundledFolder = app.getAppPath();
/**
 * Sources, packages and pictures that others than Electron read, such as the workbench's own Node and the system: they
 * lie outside the archive.
 */
export const unpackedFolder = bundledFolder.replace(/app\.asar$/, 'app.asar.unpacked');
/** The app's picture, for windows, notifications and the About panel. */
export const iconPath = join(unpackedFolder, 'resources', 'icon', 'icon.png');
