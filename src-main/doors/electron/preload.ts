import { contextBridge, ipcRenderer, webUtils, type IpcRendererEvent } from 'electron';
import type { WireMessage, WireRequest, WorkbenchEvent } from '../../../src-shared/api.ts';
import { eventChannel, requestChannel } from './channels.ts';

// The screens get these three functions and nothing of Electron (src-renderer/client/bridgeTransport.ts).
contextBridge.exposeInMainWorld('arcbench', {
  request: (message: WireRequest): Promise<WireMessage> => ipcRenderer.invoke(requestChannel, message),
  onEvent(listener: (event: WorkbenchEvent) => void): () => void {
    const heard = (_sender: IpcRendererEvent, event: WorkbenchEvent) => listener(event);
    ipcRenderer.on(eventChannel, heard);
    return () => { ipcRenderer.removeListener(eventChannel, heard); };
  },
  pathOf: (file: File): string => webUtils.getPathForFile(file),
});
