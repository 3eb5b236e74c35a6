import { ipcMain, type BrowserWindow, type WebFrameMain } from 'electron';
import type { Workbench } from '../../workbench/workbench.ts';
import { answerRequest } from '../answerRequest.ts';
import type { Log } from '../wireFault.ts';
import { appOrigin } from './appProtocol.ts';
import { eventChannel, requestChannel } from './channels.ts';
import { originIn } from './originIn.ts';

/** Answers the contract's calls of the window's own page, and tells it every event; any other page or frame is refused. */
export function openIpcDoor(window: BrowserWindow, workbench: Pick<Workbench, 'call' | 'subscribe'>, log: Log): void {
  const isOwnPage = (frame: WebFrameMain | null) => frame !== null && frame === window.webContents.mainFrame && originIn(frame.url) === appOrigin;
  ipcMain.handle(requestChannel, async (event, message: unknown) => {
    if (!isOwnPage(event.senderFrame)) throw new Error('Only the workbench\'s own page may call it.');
    return await answerRequest(workbench, message, log);
  });
  const unsubscribe = workbench.subscribe((event) => window.webContents.send(eventChannel, event));
  window.once('closed', () => {
    unsubscribe();
    ipcMain.removeHandler(requestChannel);
  });
}
