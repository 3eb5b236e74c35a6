import { useLocalStorage, usePreferredDark } from '@vueuse/core';
import { defineStore } from 'pinia';
import { computed, watchEffect } from 'vue';

export type ThemeChoice = 'system' | 'light' | 'dark';

/** Light or dark, by the system's setting or by choice. The choice is kept in this browser. */
export const useTheme = defineStore('theme', () => {
  const choice = useLocalStorage<ThemeChoice>('arcbench.theme', 'system');
  const prefersDark = usePreferredDark();
  const dark = computed(() => choice.value === 'dark' || (choice.value === 'system' && prefersDark.value));
  watchEffect(
    () => {
      document.documentElement.dataset['theme'] = dark.value ? 'dark' : 'light';
    },
    { flush: 'sync' },
  );
  return { choice, dark };
});
