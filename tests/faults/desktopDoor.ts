import { setTimeout as wait } from 'node:timers/promises';
import type { CallInput, CallName, CallOutputs } from '../../src-shared/api.ts';
import { desktop, type Desktop } from '../electron/startedApp.ts';
import { jobEnd } from '../jobEnd.ts';
import { waitUntil } from '../waitUntil.ts';
import { childrenOf, runs } from './faultExperiment.ts';
import type { KilledDoor, KilledWorkbench } from './workbenchKills.ts';

const patience = 60_000; // milliseconds in which a workbench without its window must have saved and ended

type Answer = { readonly result?: unknown; readonly fault?: { readonly message: string } };
type There = typeof globalThis & { readonly arcbench: { request(message: unknown): Promise<Answer> } };

/** The desktop app on a virtual screen. `close` takes the screen down. */
export async function desktopDoor(): Promise<KilledDoor & Pick<Desktop, 'close'>> {
  const machine = await desktop({ real: true });
  return {
    name: 'desktop',
    start: (workspace) => startApp(machine, workspace),
    close: () => machine.close(),
  };
}

/** Starts the app on a workspace. Its contract is called in the page of its window. */
async function startApp(machine: Desktop, workspace: string): Promise<KilledWorkbench> {
  const { app, page } = await machine.start(`--workspace=${workspace}`);
  const window = app.process().pid as number;
  const workbench = await waitUntil('the process of the workbench', () =>
    childrenOf(window).find((child) => runs(child, 'workbenchProcess')),
  );
  let asked = 0;
  const call = async <Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutputs[Name]> => {
    const answer = await page.evaluate((message) => (globalThis as There).arcbench.request(message), {
      id: ++asked,
      call: name,
      input,
    });
    if (answer.fault) throw new Error(answer.fault.message);
    return answer.result as CallOutputs[Name];
  };
  return {
    call,
    end: (job) => jobEnd(job, () => call('jobs.list', {})),
    processes: { window, workbench },
    trainedBy: workbench,
    async stop() {
      // Without an answer to its questions, the app is ended as a session that logs out ends it.
      if (isAlive(window)) process.kill(window, 'SIGKILL');
      for (const end = performance.now() + patience; isAlive(workbench); await wait(50))
        if (performance.now() > end) {
          process.kill(workbench, 'SIGKILL');
          throw new Error(`The workbench did not end within ${patience / 1000} s after its window was killed.`);
        }
    },
  };
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}
