import { createPinia } from 'pinia';
import { createApp } from 'vue';
import { config } from 'zod';
import App from './App.vue';
import { showFault } from './components/toasts.ts';
import './components/theme.css';
import './components/control.css';
import { router } from './router.ts';

config({ jitless: true }); // the content security policy forbids code from strings
// errors that nobody caught are shown too
window.addEventListener('unhandledrejection', ({ reason }) => showFault(reason));
createApp(App).use(createPinia()).use(router).mount('#app');
