import { useLocalStorage } from '@vueuse/core';
import { defineStore } from 'pinia';
import { ref } from 'vue';

/** System notifications at the end of a job while another window is in front. They are turned on in the settings. */
export const useNotifications = defineStore('notifications', () => {
  const wanted = useLocalStorage('arcbench.notify', false);
  const refused = ref(false);
  const permitted = (): boolean => 'Notification' in window && Notification.permission === 'granted';
  return {
    wanted,
    refused,
    /** Turns notifications on, which asks the browser for permission, or off. */
    want: async (on: boolean): Promise<void> => {
      wanted.value =
        on && 'Notification' in window && (permitted() || (await Notification.requestPermission()) === 'granted');
      refused.value = on && !wanted.value;
    },
    notify: (title: string, text?: string): void => {
      if (wanted.value && permitted() && !document.hasFocus())
        new Notification(title, { icon: 'icon.svg', ...(text === undefined ? {} : { body: text }) });
    },
  };
});
