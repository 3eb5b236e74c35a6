import { createRouter, createWebHashHistory } from 'vue-router';
import { screens } from './views/screens.ts';

/** Addresses after the hash, so that they hold below http://…/ and arcbench://app/ alike, and relative picture addresses too. */
export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    ...screens.map(({ name, title, parameter, load }) => ({ name, path: parameter === undefined ? `/${name}` : `/${name}/${parameter}`, component: load, meta: { title } })),
    { path: '/:rest(.*)*', redirect: { name: 'datasets' } },
  ],
});

router.afterEach((to) => { document.title = typeof to.meta['title'] === 'string' ? `${to.meta['title']} · ArcBench` : 'ArcBench'; });
