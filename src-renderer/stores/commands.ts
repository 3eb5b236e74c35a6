import { defineStore } from 'pinia';
import { computed, onScopeDispose, shallowReactive, type Component } from 'vue';

/** Something a user can do from the palette (Ctrl-K) or by keys. */
export interface Command {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly icon?: Component;
  /** 'g d' for one key after the other, 'Mod+k' for keys together (Mod: Ctrl, on a Mac Cmd). */
  readonly keys?: string;
  /** Left out of the palette while it is false. */
  readonly available?: () => boolean;
  readonly run: () => void;
}

/** The registry of commands; a view adds its own by useCommands([...]) in its setup and they go with it. */
export const useCommandRegistry = defineStore('commands', () => {
  const registered = shallowReactive(new Map<string, Command>());
  return {
    all: computed(() => [...registered.values()]),
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
