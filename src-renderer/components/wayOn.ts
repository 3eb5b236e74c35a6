import type { RouteLocationRaw, Router } from 'vue-router';

/**
 * Taken when something is begun in a view, and called when it has ended: leads to what it made. A user who went
 * elsewhere meanwhile stays there.
 */
export function wayOn(router: Router): (to: RouteLocationRaw) => Promise<void> {
  const place = () => router.currentRoute.value.path;
  const begun = place();
  return async (to) => {
    if (place() === begun) await router.push(to);
  };
}
