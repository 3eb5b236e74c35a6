import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

/** Builds the screens; addresses are relative, so that the same files serve below http://…/ and arcbench://app/. */
export default defineConfig({
  root: 'src-renderer',
  base: './',
  publicDir: '../resources/icon',
  plugins: [vue()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: 'chrome108', // the oldest Electron that the window is seen on
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
  },
  worker: { format: 'es' },
});
