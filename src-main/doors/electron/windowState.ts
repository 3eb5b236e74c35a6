import { z } from 'zod';

const place = z.strictObject({ x: z.int(), y: z.int(), width: z.int().min(640).max(20_000), height: z.int().min(480).max(20_000) });
export const windowStateSchema = z.strictObject({ bounds: place.nullable(), maximized: z.boolean() });
export type WindowState = z.infer<typeof windowStateSchema>;
type Area = Readonly<z.infer<typeof place>>;

/** Where a window opens: where it was, if enough of its title is on a screen that is still there. */
export function placeOfWindow({ bounds }: WindowState, screens: readonly Area[]): Partial<Area> {
  const reachable = bounds !== null && screens.some(({ x, y, width, height }) => bounds.x + bounds.width > x + 100 && bounds.x < x + width - 100 && bounds.y >= y && bounds.y < y + height - 40);
  return reachable ? bounds : { width: 1440, height: 900 };
}
