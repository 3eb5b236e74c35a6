import { dialog, session, type BrowserWindow } from 'electron';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { connectOrigin } from './appProtocol.ts';
import { guardSession } from './guardContents.ts';
import { remoteAddress } from './remoteAddress.ts';
import { secureWindow } from './secureWindow.ts';

let opened = 0;

/** Asks for the address of a served workbench and opens it. */
export function askForRemote(parent: BrowserWindow): void {
  const window = secureWindow(connectOrigin, { parent, modal: true, width: 560, height: 380, minimizable: false, maximizable: false, title: 'Open remote workbench' });
  window.removeMenu();
  window.webContents.on('will-navigate', (event, url) => {
    event.preventDefault();
    const given = new URL(url).searchParams;
    try {
      const address = remoteAddress(given.get('address') ?? '', given.get('token') ?? '');
      setImmediate(() => window.destroy()); // not while it navigates
      openRemote(address);
    } catch (error) {
      void window.loadURL(`${connectOrigin}/?fault=${encodeURIComponent(error instanceof ArcBenchError ? error.message : 'This address cannot be read.')}`);
    }
  });
  void window.loadURL(`${connectOrigin}/`);
}

/** Opens the screens that a served workbench sends, in a session of their own that is forgotten with the window: they reach nothing of this machine's workbench. */
export function openRemote(address: URL): BrowserWindow {
  const partition = `remote-${++opened}`;
  guardSession(session.fromPartition(partition));
  const window = secureWindow(address.origin, { partition, width: 1440, height: 900, title: `ArcBench at ${address.host}` });
  window.on('page-title-updated', (event, title) => {
    event.preventDefault();
    window.setTitle(`${title} at ${address.host}`);
  });
  window.loadURL(address.href).catch(async (error: Error) => {
    if (window.isDestroyed()) return;
    await dialog.showMessageBox(window, { type: 'error', message: `The workbench at ${address.host} cannot be reached.`, detail: `Look whether it runs there, and whether its port is brought here through the tunnel (${error.message.split(' ')[0]}).` });
    if (!window.isDestroyed()) window.destroy();
  });
  return window;
}
