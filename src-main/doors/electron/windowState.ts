import type { BrowserWindow } from 'electron';
import { z } from 'zod';

const place = z.strictObject({
  x: z.int(),
  y: z.int(),
  width: z.int().min(640).max(20_000),
  height: z.int().min(480).max(20_000),
});
export const windowStateSchema = z.strictObject({ bounds: place.nullable(), maximized: z.boolean() });
export type WindowState = z.infer<typeof windowStateSchema>;
type Area = Readonly<z.infer<typeof place>>;

/** Where a window opens: where it was before, if enough of its title lies on a screen that is still there. */
export function placeOfWindow({ bounds }: WindowState, screens: readonly Area[]): Partial<Area> {
  const reachable =
    bounds !== null &&
    screens.some(
      ({ x, y, width, height }) =>
        bounds.x + bounds.width > x + 100 && bounds.x < x + width - 100 && bounds.y >= y && bounds.y < y + height - 40,
    );
  return reachable ? bounds : { width: 1440, height: 900 };
}

/** How far a window's contents lie within the frame that the window manager draws around it. */
function frameOf(asked: Area, found: Area): { readonly x: number; readonly y: number } {
  const x = found.x - asked.x;
  const y = found.y - asked.y;
  const isFrame =
    found.width === asked.width && found.height === asked.height && x >= 0 && x <= 20 && y >= 0 && y <= 80;
  return isFrame ? { x, y } : { x: 0, y: 0 };
}

/**
 * Follows a window from before it is shown, and returns a function for the state to keep. On X11 a window is placed by
 * its frame but reports the place of its contents, and a maximized window reports the size of the screen as its normal
 * size. If these were kept as they are, the window would creep and grow with each start.
 */
export function followWindow(
  window: Pick<BrowserWindow, 'on' | 'getBounds' | 'isMaximized' | 'isMinimized' | 'isFullScreen' | 'isDestroyed'>,
  before: WindowState,
): () => WindowState {
  const asked = window.getBounds();
  let frame: ReturnType<typeof frameOf> | null = null;
  let { bounds } = before;
  const look = () => {
    if (window.isDestroyed() || window.isMaximized() || window.isMinimized() || window.isFullScreen()) return;
    const found = window.getBounds();
    frame ??= frameOf(asked, found);
    bounds = { ...found, x: found.x - frame.x, y: found.y - frame.y };
  };
  let settling: NodeJS.Timeout | undefined;
  const settle = () => {
    clearTimeout(settling);
    settling = setTimeout(look, 300);
  };
  window.on('show', settle);
  window.on('move', settle);
  window.on('resize', settle);
  return () => {
    look();
    return { bounds, maximized: window.isMaximized() };
  };
}
