import { useEventListener } from '@vueuse/core';
import { useCommandRegistry } from '../../stores/commands.ts';
import { useFrame } from '../../stores/frame.ts';

/** How long the second key of a sequence may take. */
const patienceMilliseconds = 1200;

/** The keys of an event, as a Command names them. */
function keysOf(event: KeyboardEvent): string {
  const modifier = event.ctrlKey || event.metaKey ? 'Mod+' : '';
  return `${modifier}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`;
}

/** Runs the command whose keys are pressed. Keys without Ctrl are ignored while the user types or a dialog is open. */
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
    if (
      (typing || document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null) &&
      !keys.startsWith('Mod+')
    )
      return;
    if (typing && keys === 'Mod+z') return; // a text field undoes its own typing
    const both = first !== null && event.timeStamp - first.at < patienceMilliseconds ? `${first.keys} ${keys}` : keys;
    first = null;
    const available = registry.all.filter((command) => command.available?.() ?? true);
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
