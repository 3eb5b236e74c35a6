import { shallowReactive } from 'vue';
import { createRouter, createWebHashHistory } from 'vue-router';
import { showToast } from './components/toasts.ts';
import { screens, type Screen } from './views/screens.ts';

/**
 * Addresses are in the hash, so that they work below both http://…/ and arcbench://app/, and picture addresses stay
 * relative.
 */
export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    ...screens.map(({ name, title, parameter, load }) => ({
      name,
      path: parameter === undefined ? `/${name}` : `/${name}/${parameter}`,
      component: load,
      meta: { title },
    })),
    { path: '/:rest(.*)*', redirect: { name: 'datasets' } },
  ],
});

// The other views are loaded after the first one: while the connection is lost they could not be.
const restMilliseconds = 2500;
void router.isReady().then(() =>
  setTimeout(async () => {
    for (const { load } of screens) await load().catch(() => null); // said when it is opened
  }, restMilliseconds),
);
router.onError((_error, to) =>
  showToast({
    tone: 'bad',
    title: `${String(to.meta['title'] ?? 'This view')} could not be loaded. Check that the workbench is running.`,
    action: {
      label: 'Reload',
      run: () => {
        location.hash = to.fullPath;
        location.reload();
      },
    },
  }),
);

const lastAddress = shallowReactive(new Map<string, string>());
/** Where a view was when the user left it, so that a link to the view leads back there. */
export const lastAddressOf = (screen: Screen['name']): string => lastAddress.get(screen) ?? `/${screen}`;

router.afterEach((to) => {
  lastAddress.set(String(to.name), to.fullPath);
  document.title = typeof to.meta['title'] === 'string' ? `${to.meta['title']} · ArcBench` : 'ArcBench';
});
