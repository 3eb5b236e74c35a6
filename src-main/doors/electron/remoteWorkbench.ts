import { dialog, session, type BrowserWindow } from 'electron';
import { setTimeout as wait } from 'node:timers/promises';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { privateName, sharedNames } from '../privateName.ts';
import { connectOrigin } from './appProtocol.ts';
import { guardSession } from './guardContents.ts';
import { remoteAddress } from './remoteAddress.ts';
import { secureWindow } from './secureWindow.ts';

const answerSeconds = 20;
let opened = 0;

/** Asks for the address of a served workbench until it is open in a window of its own, or the user closes this one. */
export function askForRemote(parent: BrowserWindow): void {
  const window = secureWindow(connectOrigin, {
    parent,
    modal: true,
    width: 560,
    height: 400,
    minimizable: false,
    maximizable: false,
    title: 'Open remote workbench',
  });
  window.removeMenu();
  window.webContents.on('before-input-event', (_event, { type, key }) => {
    if (type === 'keyDown' && key === 'Escape') window.close();
  });
  let asking = false;
  const open = async (address: string, token: string) => {
    if (asking) return;
    asking = true;
    try {
      const remote = await openRemote(remoteAddress(address, token));
      if (window.isDestroyed()) return remote.destroy();
      window.destroy();
      remote.show();
    } catch (error) {
      const fault = error instanceof ArcBenchError ? error.message : 'This address cannot be read.';
      if (!window.isDestroyed()) await window.loadURL(`${connectOrigin}/?${new URLSearchParams({ fault, address })}`);
    } finally {
      asking = false;
    }
  };
  window.webContents.on('will-navigate', (event, url) => {
    event.preventDefault();
    const given = new URL(url).searchParams;
    void open(given.get('address') ?? '', given.get('token') ?? '');
  });
  void window.loadURL(`${connectOrigin}/`);
}

/**
 * Loads the screens that a served workbench sends into a window that is not shown yet, in a session of their own that
 * is forgotten with it: they reach nothing of this machine's workbench. Throws ArcBenchError.
 */
async function openRemote(address: URL): Promise<BrowserWindow> {
  const partition = `remote-${++opened}`;
  guardSession(session.fromPartition(partition));
  const page = pageOf(address);
  const window = secureWindow(page.origin, {
    partition,
    show: false,
    width: 1440,
    height: 900,
    title: `ArcBench at ${address.host}`,
  });
  window.on('page-title-updated', (event, title) => {
    event.preventDefault();
    window.setTitle(`${title} at ${address.host}`);
  });
  let status = 0;
  window.webContents.on('did-navigate', (_event, _url, code) => {
    status = code;
  });
  const fault = await Promise.race([
    window.loadURL(page.href).then(
      () => null,
      (error: Error) => error.message.split(' ')[0] ?? '',
    ),
    wait(answerSeconds * 1000, `no answer within ${answerSeconds} s`, { ref: false }),
  ]);
  if (fault === null && status < 400) {
    keepTrying(window, page, address.host);
    return window;
  }
  window.destroy();
  if (fault !== null)
    throw new ArcBenchError(
      'failed',
      `The workbench at ${address.host} cannot be reached: see whether it runs there, and whether its port ` +
        `is forwarded to this machine (${fault}).`,
    );
  if (status === 401 || status === 403)
    throw new ArcBenchError(
      'wrong-input',
      `The workbench at ${address.host} does not take this token: each start of \`arcbench serve\` prints a new one.`,
    );
  throw new ArcBenchError(
    'failed',
    `What answers at ${address.host} is no workbench (HTTP ${status}): see which port \`arcbench serve\` printed.`,
  );
}

/** The address under which a workbench of this machine gives its cookie, or the same one of another machine. */
function pageOf(address: URL): URL {
  const page = new URL(address);
  if (sharedNames.some((name) => address.hostname === name || address.hostname === `[${name}]`))
    page.hostname = privateName(address.searchParams.get('token') ?? '');
  return page;
}

/**
 * Shows a message where open screens are loaded again and their workbench is gone or has restarted. While they are
 * open, the screens themselves show a lost connection.
 */
function keepTrying(window: BrowserWindow, page: URL, host: string): void {
  const tell = async (message: string, detail: string, buttons: readonly string[]) => {
    const { response } = await dialog.showMessageBox(window, {
      type: 'error',
      message,
      detail,
      buttons: [...buttons, 'Close'],
      defaultId: 0,
      cancelId: buttons.length,
    });
    if (window.isDestroyed()) return;
    if (response < buttons.length)
      await window.loadURL(`${page.origin}/`).catch(() => {}); // the event shows the message again
    else window.destroy();
  };
  window.webContents.on('did-fail-load', (_event, code, description, _url, isMainFrame) => {
    if (!isMainFrame || code === -3) return; // -3: another page was asked for in the meantime
    void tell(
      `The workbench at ${host} cannot be reached.`,
      `See whether it still runs there, and whether its port is still forwarded (${description}).`,
      ['Try Again'],
    );
  });
  window.webContents.on('did-navigate', (_event, _url, status) => {
    if (status >= 400)
      void tell(
        `The workbench at ${host} has another token now.`,
        'It was restarted: open it again with the address that it printed.',
        [],
      );
  });
}
