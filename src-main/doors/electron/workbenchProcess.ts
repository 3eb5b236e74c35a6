import { hostWorkbench } from './hostWorkbench.ts';

const [workspace = ''] = process.argv.slice(2);
// Loaded inside, so that the window shows a package that fails to load like any other reason not to open.
await hostWorkbench(async () =>
  (await import('../../workbench/openWorkbench.ts')).openWorkbench({ workspace, door: 'electron' }),
);
