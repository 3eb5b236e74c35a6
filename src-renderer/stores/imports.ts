import { defineStore } from 'pinia';
import { computed, reactive, ref, shallowRef } from 'vue';
import type { CallInput } from '../../src-shared/api.ts';
import type { Job } from '../../src-shared/answers/jobAnswers.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { faceList, type DroppedFolder } from '../client/droppedFolder.ts';
import { uploadFolder, type UploadProgress } from '../client/uploadFolder.ts';
import { asFault } from '../client/useCall.ts';
import { call } from '../client/workbench.ts';
import { showToast } from '../components/toasts.ts';
import { useDatasets } from './datasets.ts';
import { jobEnded, useJobs } from './jobs.ts';

/** How a source is read: see the knobs data.layout and data.people. */
type ImportData = CallInput<'datasets.import'>['data'];
type Reading = { [Knob in 'layout' | 'people']: NonNullable<ImportData[Knob]> };

/** Imports under way: an upload, and the import jobs. */
export const useImports = defineStore('imports', () => {
  const jobs = useJobs();
  const datasets = useDatasets();
  const upload = shallowRef<{ readonly name: string; readonly progress: UploadProgress | null } | null>(null);
  const fault = shallowRef<ArcBenchError | null>(null);
  const starting = ref(false);
  /** How the next source is read. A question of the last import is answered here. */
  const reading = reactive<Reading>({ layout: 'auto', people: 'auto' });
  /** The dataset of this page's last successful import. */
  const arrived = ref<string | null>(null);
  let abort = new AbortController();

  const start = async (data: CallInput<'datasets.import'>['data']): Promise<void> => {
    fault.value = null;
    starting.value = true;
    const listed = new Set(datasets.all.map(({ hash }) => hash));
    try {
      const job = await call('datasets.import', { data });
      jobs.put(job);
      void jobs.ended(job.id).then((ended) => {
        if (ended.state === 'done') {
          arrived.value = ended.result;
          if (listed.has(ended.result ?? ''))
            showToast({ tone: 'plain', title: 'These pictures are in the list already. Nothing was added.' });
          Object.assign(reading, { layout: 'auto', people: 'auto' } satisfies Reading);
        } else if (ended.fault !== null && ended.state === 'failed')
          fault.value = new ArcBenchError(ended.fault.code, ended.fault.message);
      });
    } catch (error) {
      fault.value = asFault(error);
    } finally {
      starting.value = false;
    }
  };

  /** Imports a dropped folder: by its path where the window knows it, or else by uploading it. */
  const take = async (folder: DroppedFolder): Promise<void> => {
    const path = pathOnDisk(folder);
    const csv = await faceList(folder);
    if (path !== null) return await start(csv === null ? { source: path, ...reading } : { source: `${path}/${csv}` });
    abort = new AbortController();
    fault.value = null;
    upload.value = { name: folder.name, progress: null };
    try {
      const sent = await uploadFolder(folder, {
        signal: abort.signal,
        onProgress: (progress) => {
          upload.value = { name: folder.name, progress };
        },
      });
      await start(csv === null ? { source: sent, ...reading } : { source: `${sent}/${csv}` });
    } catch (error) {
      abort.abort();
      const caught = asFault(error);
      if (caught.code !== 'cancelled') fault.value = caught;
    } finally {
      upload.value = null;
    }
  };

  return {
    upload,
    fault,
    starting,
    arrived,
    reading,
    start,
    take,
    cancelUpload: () => abort.abort(),
    running: computed((): readonly Job[] => jobs.all.filter((job) => job.kind === 'import' && !jobEnded(job))),
  };
});

/** The path of a dropped folder in Electron's window, from the path of a file in it. */
function pathOnDisk({ files }: DroppedFolder): string | null {
  const [first] = files;
  const whole = first === undefined ? undefined : window.arcbench?.pathOf?.(first.file);
  if (first === undefined || whole === undefined || whole === '') return null;
  const path = whole.replaceAll('\\', '/');
  return path.endsWith(`/${first.path}`) ? whole.slice(0, whole.length - first.path.length - 1) : null;
}
