import { defineStore } from 'pinia';
import { computed, onScopeDispose, shallowReactive, watch, type Component } from 'vue';
import { showToast } from '../components/toasts.ts';

const patienceMilliseconds = 5000;

/** An action that the palette (Ctrl-K) offers or a key triggers. */
export interface Command {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly icon?: Component;
  /** 'g d' for one key after the other, 'Mod+k' for both together (Mod is Ctrl, on a Mac Cmd). */
  readonly keys?: string;
  /** Whether another available command with the same keys goes first. */
  readonly yields?: boolean;
  /** The palette leaves the command out while this is false. */
  readonly available?: () => boolean;
  readonly run: () => void;
}

/** All commands. A view adds its own with useCommands([...]) in its setup; they go when the view goes. */
export const useCommandRegistry = defineStore('commands', () => {
  const registered = shallowReactive(new Map<string, Command>());
  return {
    all: computed(() => [...registered.values()]),
    /**
     * Runs a command of a view that was just opened, as soon as the view offers it. After a few seconds it says that
     * the view cannot do it now.
     */
    runSoon: (id: string, title: string): void => {
      const isReady = (): boolean => {
        const command = registered.get(id);
        return command !== undefined && (command.available?.() ?? true);
      };
      const stop = watch(isReady, (ready) => ready && done(), { flush: 'post' });
      const patience = setTimeout(() => {
        stop();
        showToast({ tone: 'plain', title: `“${title}” is not possible here now.` });
      }, patienceMilliseconds);
      const done = (): void => {
        clearTimeout(patience);
        stop();
        registered.get(id)?.run();
      };
      if (isReady()) done();
    },
    add: (commands: readonly Command[]): void => {
      for (const command of commands) registered.set(command.id, command);
    },
    remove: (commands: readonly Command[]): void => {
      for (const command of commands) if (registered.get(command.id) === command) registered.delete(command.id);
    },
  };
});

/** Registers commands for as long as the component lives. */
export function useCommands(commands: readonly Command[]): void {
  const registry = useCommandRegistry();
  registry.add(commands);
  onScopeDispose(() => registry.remove(commands));
}
