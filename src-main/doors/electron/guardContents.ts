import { app, session, shell, type Session, type WebContents } from 'electron';
import { originIn } from './originIn.ts';

const originOf = new WeakMap<WebContents, string>();
const paper = /^https:\/\/arxiv\.org\/(abs|pdf)\/[\w./-]+$/;

/** The one thing that pages may ask for: to copy text that the user chose to copy. */
const isPermitted = (permission: string) => permission === 'clipboard-sanitized-write';

/** Denies every permission and device of a session but the one above. */
export function guardSession(guarded: Session): void {
  guarded.setPermissionRequestHandler((_contents, permission, answer) => answer(isPermitted(permission)));
  guarded.setPermissionCheckHandler((_contents, permission) => isPermitted(permission));
  guarded.setDevicePermissionHandler(() => false);
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
  guardSession(session.defaultSession);
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
