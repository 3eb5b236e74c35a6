import { app, BrowserWindow, dialog, session, shell, type Session, type WebContents } from 'electron';
import { asksForCamera } from './asksForCamera.ts';
import { originIn } from './originIn.ts';

const originOf = new WeakMap<WebContents, string>();
const paper = /^https:\/\/arxiv\.org\/(abs|pdf)\/[\w./-]+$/;

const maySeeCamera = new WeakSet<WebContents>(); // pages whose user has said yes

/** The one thing that every page may ask for: to copy text that the user chose to copy. */
const isPermitted = (permission: string) => permission === 'clipboard-sanitized-write';

/** Denies every permission and device of a session but the one above, and with `camera` the camera in the view Try. */
export function guardSession(guarded: Session, { camera = false } = {}): void {
  guarded.setPermissionRequestHandler((contents, permission, answer, details) => {
    const media = 'mediaTypes' in details ? (details.mediaTypes ?? []) : [];
    if (camera && asksForCamera({ permission, media, page: contents.getURL() }))
      void allowsCamera(contents).then(answer, () => answer(false));
    else answer(isPermitted(permission));
  });
  guarded.setPermissionCheckHandler((contents, permission, _origin, { mediaType }) => {
    const page = contents?.getURL() ?? '';
    return isPermitted(permission) || (camera && asksForCamera({ permission, media: [mediaType ?? ''], page }));
  });
  guarded.setDevicePermissionHandler(() => false);
}

/** Asks the user once for each window, before the camera is opened. */
async function allowsCamera(contents: WebContents): Promise<boolean> {
  if (maySeeCamera.has(contents)) return true;
  const window = BrowserWindow.fromWebContents(contents);
  if (!window) return false;
  const { response } = await dialog.showMessageBox(window, {
    type: 'question',
    message: 'Let ArcBench use the camera?',
    detail: 'It is on only while the view Try shows its picture. Nothing is recorded, and nothing leaves this machine.',
    buttons: ['Allow', 'Do not allow'],
    defaultId: 1,
    cancelId: 1,
  });
  if (response === 0) maySeeCamera.add(contents);
  return response === 0;
}

/**
 * Lets a window's page stay on one origin: it may load nothing of another in its frames, and nothing else may open
 * windows.
 */
export function keepToOrigin(contents: WebContents, origin: string): void {
  originOf.set(contents, origin);
}

/** Guards every page that will ever be made, before it loads anything. */
export function guardAllContents(): void {
  guardSession(session.defaultSession, { camera: true });
  app.on('web-contents-created', (_event, contents) => {
    const isOwn = (url: string) => originOf.get(contents) !== undefined && originIn(url) === originOf.get(contents);
    contents.on('will-navigate', (event, url) => {
      if (!isOwn(url)) event.preventDefault();
    });
    contents.on('will-redirect', (event, url) => {
      if (!isOwn(url)) event.preventDefault();
    });
    contents.on('will-frame-navigate', (event) => {
      if (!isOwn(event.url)) event.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      if (paper.test(url)) void shell.openExternal(url);
      return { action: 'deny' };
    });
  });
}
