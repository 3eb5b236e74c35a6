import { Command } from 'commander';
import { addServeCommand } from '../../src-main/doors/cli/serveCommand.ts';
import { session } from '../../src-main/doors/cli/session.ts';
import { folderWorkbench } from './folderWorkbench.ts';

// The command `serve` alone, on the workbench of a folder that says what becomes of it.
const program = new Command('arcbench').option('--workspace <folder>').option('--json').exitOverride();
addServeCommand(program, session(program), ({ workspace, roots }) => {
  process.stderr.write(`opened ${JSON.stringify({ workspace, roots: roots ?? null })}\n`);
  return {
    ...folderWorkbench(workspace),
    busy: () => true,
    close: async () => {
      process.stderr.write('checkpoint saved\n');
    },
  };
});
await program.parseAsync().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
});
