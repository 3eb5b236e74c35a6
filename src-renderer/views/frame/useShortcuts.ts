import { useEventListener } from '@vueuse/core';
import { useCommandRegistry } from '../../stores/commands.ts';
import { useFrame } from '../../stores/frame.ts';

/** How long the second key of a sequence may take. */
const patienceMilliseconds = 1200;

/** What lies over the view while it is open, and takes the keys: dialogs, menus and the lists of fields. */
const covering = '[role="dialog"], [role="alertdialog"], [role="menu"], .floating[role="listbox"]';

/** Other keys for what a Command names. */
const otherKeys: Readonly<Record<string, string>> = { 'Mod+y': 'Mod+Shift+z' };
const undoKeys: readonly string[] = ['Mod+z', 'Mod+Shift+z'];

/** The keys of an event, as a Command names them. Shift counts only beside Ctrl, as in Ctrl+Shift+Z. */
function keysOf(event: KeyboardEvent): string {
  const isLetter = event.key.length === 1;
  const key = isLetter ? event.key.toLowerCase() : event.key;
  if (!event.ctrlKey && !event.metaKey) return key;
  const keys = event.shiftKey && isLetter ? `Mod+Shift+${key}` : `Mod+${key}`;
  return otherKeys[keys] ?? keys;
}

/** Runs the command whose keys are pressed. Keys without Ctrl are left to a field being typed in and to what covers. */
export function useShortcuts(): void {
  const registry = useCommandRegistry();
  const frame = useFrame();
  let first: { readonly keys: string; readonly at: number } | null = null;
  useEventListener(window, 'keydown', (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.altKey || ['Control', 'Shift', 'Meta', 'Alt'].includes(event.key)) return;
    const target = event.target as HTMLElement | null;
    const typing =
      target !== null &&
      (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
      !(target instanceof HTMLInputElement && target.type === 'checkbox');
    const keys = keysOf(event);
    const isCovered = document.querySelector(covering) !== null;
    // A text field undoes its own typing, and in a dialog Ctrl-Z would change what is behind it.
    const isForView = !keys.startsWith('Mod+') || undoKeys.includes(keys);
    if ((typing || isCovered) && isForView) return;
    const both = first !== null && event.timeStamp - first.at < patienceMilliseconds ? `${first.keys} ${keys}` : keys;
    first = null;
    const available = registry.all
      .filter((command) => command.available?.() ?? true)
      .sort((a, b) => Number(a.yields ?? false) - Number(b.yields ?? false));
    const command =
      available.find((candidate) => candidate.keys === both) ?? available.find((candidate) => candidate.keys === keys);
    if (command !== undefined) {
      event.preventDefault();
      if (command.id !== 'palette') frame.paletteOpen = false;
      command.run();
    } else if (available.some((candidate) => candidate.keys?.startsWith(`${keys} `))) {
      first = { keys, at: event.timeStamp };
    }
  });
}
