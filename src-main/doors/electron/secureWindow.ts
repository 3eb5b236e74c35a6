import { BrowserWindow, type BrowserWindowConstructorOptions } from 'electron';
import { iconPath } from './appFolders.ts';
import { keepToOrigin } from './guardContents.ts';

/**
 * A window whose page has no Node, no Electron, its own context and one origin. Windows differ only in `preload` and
 * `partition`.
 */
export function secureWindow(
  origin: string,
  {
    preload,
    partition,
    ...options
  }: Omit<BrowserWindowConstructorOptions, 'webPreferences'> & {
    readonly preload?: string;
    readonly partition?: string;
  },
): BrowserWindow {
  const window = new BrowserWindow({
    icon: iconPath,
    ...options,
    webPreferences: {
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      ...(preload === undefined ? {} : { preload }),
      ...(partition === undefined ? {} : { partition }),
    },
  });
  keepToOrigin(window.webContents, origin);
  return window;
}
