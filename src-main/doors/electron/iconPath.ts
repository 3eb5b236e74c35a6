import { app } from 'electron';
import { join } from 'node:path';

/** The app's picture, for windows, notifications and the About panel. */
export const iconPath = join(app.getAppPath(), 'resources', 'icon', 'icon.png');
