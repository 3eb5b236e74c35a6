import { ipcMain, type BrowserWindow, type IpcMainEvent, type WebFrameMain } from 'electron';
import { z } from 'zod';
import type { Workbench } from '../../workbench/workbench.ts';
import { answerRequest } from '../answerRequest.ts';
import type { Log } from '../wireFault.ts';
import { appOrigin } from './appProtocol.ts';
import { eventChannel, givenChannel, requestChannel } from './channels.ts';
import { originIn } from './originIn.ts';

const givenSchema = z.array(z.string().min(1).max(4096)).max(10_000);

/** Answers the contract's calls of the window's own page and sends it every event; refuses other pages and frames. */
export function openIpcDoor(
  window: BrowserWindow,
  workbench: Pick<Workbench, 'call' | 'subscribe' | 'open'>,
  log: Log,
): void {
  const isOwnPage = (frame: WebFrameMain | null) =>
    frame !== null && frame === window.webContents.mainFrame && originIn(frame.url) === appOrigin;
  ipcMain.handle(requestChannel, async (event, message: unknown) => {
    if (!isOwnPage(event.senderFrame)) throw new Error("Only the workbench's own page may call it.");
    return await answerRequest(workbench, message, log);
  });
  const given = (event: IpcMainEvent, message: unknown) => {
    const paths = givenSchema.safeParse(message);
    if (isOwnPage(event.senderFrame) && paths.success) for (const path of paths.data) workbench.open(path);
  };
  ipcMain.on(givenChannel, given);
  const unsubscribe = workbench.subscribe((event) => window.webContents.send(eventChannel, event));
  window.once('closed', () => {
    unsubscribe();
    ipcMain.removeHandler(requestChannel);
    ipcMain.off(givenChannel, given);
  });
}
