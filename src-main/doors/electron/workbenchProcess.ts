import type { Workbench } from '../../workbench/workbench.ts';
import type { OpenWorkbench } from '../cli/serveCommand.ts';
import { hostWorkbench } from './hostWorkbench.ts';

// Loaded inside, so that a package that does not load is told in the window like any other reason not to open.
const application = new URL('../../workbench/openWorkbench.ts', import.meta.url).href;
const [workspace = ''] = process.argv.slice(2);
await hostWorkbench(async (): Promise<Workbench> => (await import(application) as { openWorkbench: OpenWorkbench }).openWorkbench({ workspace, door: 'electron' }));
