import { Redo2, Undo2 } from '@lucide/vue';
import type { Undoing } from '../components/useUndo.ts';
import { useCommands } from './commands.ts';

/** Undo by Ctrl-Z and redo by Ctrl-Shift-Z or Ctrl-Y, for as long as the component lives. */
export function useUndoCommands(
  { canUndo, canRedo, undo, redo }: Undoing,
  { id, group, of }: { readonly id: string; readonly group: string; readonly of: string },
): void {
  useCommands([
    {
      id: `${id}.undo`,
      title: `Undo the last change of ${of}`,
      group,
      icon: Undo2,
      keys: 'Mod+z',
      available: () => canUndo.value,
      run: undo,
    },
    {
      id: `${id}.redo`,
      title: `Redo the last change of ${of}`,
      group,
      icon: Redo2,
      keys: 'Mod+Shift+z',
      available: () => canRedo.value,
      run: redo,
    },
  ]);
}
