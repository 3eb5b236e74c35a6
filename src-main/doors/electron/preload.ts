import { contextBridge, ipcRenderer, webUtils, type IpcRendererEvent } from 'electron';
import type { WireMessage, WireRequest, WorkbenchEvent } from '../../../src-shared/api.ts';
import { eventChannel, givenChannel, requestChannel } from './channels.ts';
import { givenPaths, type GivingEvent } from './givenPaths.ts';

/** Electron before 32, which the tests run on, has the path on the file itself. */
const pathOf = (file: File & { readonly path?: string }): string =>
  (webUtils as typeof webUtils | undefined)?.getPathForFile(file) ?? file.path ?? '';

declare const window: {
  addEventListener(
    name: 'drop' | 'change',
    listener: (event: GivingEvent<File & { readonly webkitRelativePath: string }>) => void,
    capture: true,
  ): void;
};

// The user may import what they drop or choose, wherever it is. These listeners run before any script of the page.
for (const name of ['drop', 'change'] as const) {
  window.addEventListener(
    name,
    (event) => {
      const paths = givenPaths(event, pathOf);
      if (paths.length > 0) ipcRenderer.send(givenChannel, paths);
    },
    true,
  );
}

// The screens get these three functions and nothing of Electron (src-renderer/client/bridgeTransport.ts).
contextBridge.exposeInMainWorld('arcbench', {
  request: (message: WireRequest): Promise<WireMessage> => ipcRenderer.invoke(requestChannel, message),
  onEvent(listener: (event: WorkbenchEvent) => void): () => void {
    const heard = (_sender: IpcRendererEvent, event: WorkbenchEvent) => listener(event);
    ipcRenderer.on(eventChannel, heard);
    return () => {
      ipcRenderer.removeListener(eventChannel, heard);
    };
  },
  pathOf,
});
