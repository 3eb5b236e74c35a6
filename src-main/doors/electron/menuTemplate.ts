import type { MenuItemConstructorOptions } from 'electron';

export interface MenuActions {
  readonly openWorkspace: () => void;
  readonly openRecent: (folder: string) => void;
  readonly openExperiment: () => void;
  readonly openRemote: () => void;
  readonly about: () => void;
}

/** The window's menus. */
export function menuTemplate({
  recent,
  actions,
  platform,
  packaged,
}: {
  readonly recent: readonly string[];
  readonly actions: MenuActions;
  readonly platform: NodeJS.Platform;
  readonly packaged: boolean;
}): MenuItemConstructorOptions[] {
  const mac = platform === 'darwin';
  return [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        { label: 'Open Workspace…', accelerator: 'CmdOrCtrl+O', click: actions.openWorkspace },
        {
          label: 'Open Recent Workspace',
          enabled: recent.length > 0,
          submenu: recent.map((folder) => ({
            label: folder.replaceAll('&', '&&'),
            click: () => actions.openRecent(folder),
          })),
        },
        { label: 'Open Experiment…', accelerator: 'CmdOrCtrl+Shift+O', click: actions.openExperiment },
        { label: 'Open Remote Workbench…', click: actions.openRemote },
        { type: 'separator' },
        { role: mac ? 'close' : 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        { role: 'reload' },
        ...(packaged ? [] : [{ role: 'toggleDevTools' } as const]),
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'windowMenu' },
    // The panel of the role `about` blocks the process on Linux until it is closed.
    { role: 'help', submenu: [mac ? { role: 'about' } : { label: 'About ArcBench', click: actions.about }] },
  ];
}
