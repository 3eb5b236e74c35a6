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
    /** Shows a notification while another window is in front. A click on it comes back here and calls `open`. */
    notify: ({ title, text, open }: { title: string; text: string | undefined; open: () => void }): void => {
      if (!wanted.value || !permitted() || document.hasFocus()) return;
      const shown = new Notification(title, { icon: 'icon.svg', ...(text === undefined ? {} : { body: text }) });
      shown.addEventListener('click', () => {
        window.focus();
        open();
        shown.close();
      });
    },
  };
});
