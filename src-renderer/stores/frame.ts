import { useLocalStorage } from '@vueuse/core';
import { defineStore } from 'pinia';
import { ref } from 'vue';

/** Which parts of the app shell are open. */
export const useFrame = defineStore('frame', () => ({
  narrow: useLocalStorage('arcbench.sidebar.narrow', false),
  jobsOpen: ref(false),
  paletteOpen: ref(false),
  shortcutsOpen: ref(false),
  /** The job whose log the jobs panel shows. */
  jobShown: ref<string | null>(null),
}));
