// One phase of bench:scale, in a process of its own, so that its peak of memory is known.
import { existsSync, ftruncateSync, mkdirSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import type { CallInput, CallName, CallOutputs } from '../../src-shared/api.ts';
import { experimentSchema } from '../../src-shared/experiment.ts';
import type { Dataset } from '../../src-main/data/dataset.ts';
import { readDatasetFile, saveDatasetFile } from '../../src-main/data/datasetFile.ts';
import { importDataset } from '../../src-main/data/importDataset.ts';
import { preparedFolder } from '../../src-main/data/prepareDataset.ts';
import { openPreparedSet, writePreparedIndex } from '../../src-main/data/preparedSet.ts';
import { importRecords } from '../../src-main/data/records/importRecords.ts';
import { openStore } from '../../src-main/store/store.ts';
import { auditSplit } from '../../src-main/split/auditSplit.ts';
import { findDuplicates } from '../../src-main/split/findDuplicates.ts';
import { makeSplit } from '../../src-main/split/makeSplit.ts';
import { countPeople } from '../../src-main/workbench/experiment/countPeople.ts';
import { headersIn } from '../../src-main/workbench/experiment/gatherFaces.ts';
import { openWorkbench } from '../../src-main/workbench/openWorkbench.ts';

const [phase = '', folder = ''] = process.argv.slice(2);
const source = join(folder, 'faces');
const workspace = join(folder, 'workspace');
const steps: { name: string; seconds: number; processorSeconds: number }[] = [];

async function timed<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const started = performance.now();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before); // microseconds
  steps.push({ name, seconds: (performance.now() - started) / 1000, processorSeconds: (user + system) / 1e6 });
  return result;
}

const plan = experimentSchema.parse({ data: { source }, prepare: { inputSize: 32 } });

async function importOnce(name: string): Promise<{ dataset: Dataset; store: ReturnType<typeof openStore> }> {
  mkdirSync(workspace, { recursive: true });
  const store = openStore(workspace);
  const dataset = await timed(name, () =>
    importDataset({ ...plan.data, resolvedSource: source }, { workspace, headers: headersIn(store) }),
  );
  return { dataset, store };
}

function hashOfDataset(): string {
  const store = openStore(workspace);
  const hash = store.datasets()[0]?.hash ?? '';
  store.close();
  return hash;
}

const phases: Readonly<Record<string, () => Promise<number>>> = {
  async open() {
    return (await timed('open the record file', () => importRecords(join(source, 'train.rec'), {}))).images.length;
  },
  async import() {
    const { dataset, store } = await importOnce('import: hash each picture');
    await timed('save the list', () => saveDatasetFile(workspace, dataset));
    const { hash, layout, images, rejected } = dataset;
    const people = countPeople(images);
    store.saveDataset({ hash, source, layout, images: images.length, people, rejected, data: plan.data });
    store.close();
    return images.length;
  },
  async again() {
    const { dataset, store } = await importOnce('import again, nothing changed');
    store.close();
    return dataset.images.length;
  },
  async read() {
    return (await timed('read the list', () => readDatasetFile(workspace, hashOfDataset()))).images.length;
  },
  async split() {
    const dataset = await readDatasetFile(workspace, hashOfDataset());
    const prepared = preparedFolder(workspace, dataset, plan.prepare);
    if (!existsSync(prepared)) await timed('write a prepared index', () => writePrepared(prepared, dataset));
    const set = await timed('open the prepared set', () => openPreparedSet(prepared));
    const duplicates = await findDuplicates({ ...set, count: Infinity });
    const split = await timed('split', () => makeSplit(set, plan.split, duplicates));
    await timed('audit', () => auditSplit(set, split, duplicates));
    return set.count;
  },
  async screens() {
    const workbench = await timed('open the workbench', () =>
      openWorkbench({ workspace, door: 'serve', roots: [folder] }),
    );
    const call = <Name extends CallName>(name: Name, input: CallInput<Name>) =>
      workbench.call(name, input) as Promise<CallOutputs[Name]>;
    const [dataset] = await timed('list of datasets', () => call('datasets.list', {}));
    const hash = dataset?.hash ?? '';
    const shown = await timed('dataset with its people', () => call('datasets.show', { hash }));
    await timed('dataset with its people, again', () => call('datasets.show', { hash }));
    const page = { hash, faces: null, excluded: false, filter: '', offset: 0, limit: 60 };
    const identity = shown.persons.at(-1)?.identity ?? '';
    await timed('pictures of one person', () => call('datasets.pictures', { ...page, identity }));
    await timed('a page of all pictures', () => call('datasets.pictures', { ...page, identity: null }));
    const { data, prepare, split } = plan;
    await timed('split preview', () => call('split.preview', { data, prepare, split }));
    const yaml = `name: scale\ndata: { source: ${source} }\nprepare: { inputSize: ${prepare.inputSize} }\n`;
    await timed('plan of a training, with its advice', () => call('experiments.check', { yaml }));
    await workbench.close();
    return shown.images;
  },
};

async function writePrepared(prepared: string, dataset: Dataset): Promise<void> {
  mkdirSync(prepared, { recursive: true });
  const bytes = dataset.images.length * plan.prepare.inputSize ** 2 * 3;
  const pixels = openSync(join(prepared, 'images.bin'), 'w');
  ftruncateSync(pixels, bytes);
  closeSync(pixels);
  const index = {
    version: 1 as const,
    inputSize: plan.prepare.inputSize,
    hash: prepared.slice(-64),
    alignment: 'none',
    packed: { bytes, sha256: '' },
    images: dataset.images.map(({ path, identity, contentHash = '' }) => ({
      path,
      identity,
      contentHash,
      perceptualHash: contentHash.slice(0, 16),
    })),
    rejected: [],
  };
  await writePreparedIndex(join(prepared, 'index.json'), index, workspace);
}

const pictures = await phases[phase]?.();
const peakBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ pictures, peakBytes, steps }));
