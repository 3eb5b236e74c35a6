import { hostWorkbench } from './hostWorkbench.ts';

const [workspace = ''] = process.argv.slice(2);
// Loaded inside, so that a package that does not load is told in the window like any other reason not to open.
await hostWorkbench(async () =>
  (await import('../../workbench/openWorkbench.ts')).openWorkbench({ workspace, door: 'electron' }),
);
