import { Activity, Download, Play, Rows3, Star, Trash2 } from '@lucide/vue';
import { useRouter } from 'vue-router';
import { runArchiveAddress } from '../../../src-shared/addresses.ts';
import type { RunSummary } from '../../../src-shared/answers/runAnswers.ts';
import { fileSize } from '../../../src-shared/fileSize.ts';
import { saveAddress } from '../../client/saveAddress.ts';
import { call } from '../../client/workbench.ts';
import { confirm } from '../../components/confirm.ts';
import { formatPlural } from '../../components/format.ts';
import type { MenuEntry } from '../../components/menuEntry.ts';
import { showFault } from '../../components/toasts.ts';
import { useJobs } from '../../stores/jobs.ts';

/** The most runs that one call takes. */
const runsAtOnce = 200;

export const isResumable = ({ status }: RunSummary): boolean =>
  status === 'cancelled' || status === 'failed' || status === 'trained';
/** Whether a run has a saved model. */
export const isExportable = ({ status }: RunSummary): boolean => status === 'done' || status === 'trained';

/** What can be done with runs, from their rows and from their menus. */
export function useRunActions() {
  const jobs = useJobs();
  const router = useRouter();
  const showLive = ({ id }: RunSummary) => void router.push({ name: 'live', params: { run: id } });
  /** Saves the run as ONNX, weights, model card and more, in one archive. */
  const exportRun = ({ id }: RunSummary) => saveAddress(runArchiveAddress(id));
  const star = ({ id, note, starred }: RunSummary) =>
    void call('runs.annotate', { id, note, starred: !starred }).catch(showFault);
  async function resume(runs: readonly RunSummary[]): Promise<void> {
    try {
      for (const { id } of runs) jobs.put(await call('runs.resume', { id }));
      if (runs[0]) showLive(runs[0]);
    } catch (error) {
      showFault(error);
    }
  }
  /** Asks, and deletes runs. Whether it did. */
  async function remove(runs: readonly RunSummary[]): Promise<boolean> {
    const ids = runs.map(({ id }) => id);
    try {
      const sizes = await call('runs.sizes', { ids });
      const bytes = ids.reduce((sum, id) => sum + (sizes[id] ?? 0), 0);
      const isMeant = await confirm({
        title: `Delete ${formatPlural(ids.length, ['run', 'runs'])}?`,
        text:
          `Their points, checkpoints and saved models, ${fileSize(bytes)}, are removed from the workspace. ` +
          'This cannot be undone.',
        action: 'Delete',
        danger: true,
      });
      if (!isMeant) return false;
      for (let from = 0; from < ids.length; from += runsAtOnce)
        await call('runs.delete', { ids: ids.slice(from, from + runsAtOnce) });
      return true;
    } catch (error) {
      showFault(error);
      return false;
    }
  }
  /** The menu of a run, or of several that are marked. */
  function menuOf(runs: readonly RunSummary[], from: 'runs' | 'live'): readonly MenuEntry[] {
    const [run, ...more] = runs;
    if (run === undefined) return [];
    const resumable = runs.filter(isResumable);
    const alone = more.length === 0;
    const many = (count: number) => (alone ? '' : ` ${formatPlural(count, ['run', 'runs'])}`);
    return [
      ...(alone ? [{ label: run.starred ? 'Unstar' : 'Star', icon: Star, run: () => star(run) }] : []),
      from === 'runs'
        ? { label: 'Show live', icon: Activity, run: () => showLive(run) }
        : {
            label: 'Show in Runs',
            icon: Rows3,
            run: () => void router.push({ name: 'runs', params: { id: run.id } }),
          },
      ...(resumable.length === 0
        ? []
        : [{ label: `Resume${many(resumable.length)}`, icon: Play, run: () => void resume(resumable) }]),
      ...(alone && isExportable(run) ? [{ label: 'Export (ZIP)', icon: Download, run: () => exportRun(run) }] : []),
      'separator',
      { label: `Delete${many(runs.length)}…`, icon: Trash2, danger: true, run: () => void remove(runs) },
    ];
  }
  return { showLive, exportRun, star, resume, remove, menuOf };
}
