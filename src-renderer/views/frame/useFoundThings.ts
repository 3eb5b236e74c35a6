import { Activity, FileText, FlaskConical, Images, Settings, UserRound } from '@lucide/vue';
import { computed, shallowRef, watch } from 'vue';
import { useRouter, type RouteLocationRaw } from 'vue-router';
import type { ReportSummary } from '../../../src-shared/answers/reportAnswers.ts';
import { call } from '../../client/workbench.ts';
import { formatCount, formatPlural } from '../../components/format.ts';
import type { Command } from '../../stores/commands.ts';
import { useDatasets } from '../../stores/datasets.ts';
import { useExperiments } from '../../stores/experiments.ts';
import { useRuns } from '../../stores/runs.ts';
import { statusWord } from '../live/statusWord.ts';

/** An entry of the palette: a command, or something that it opens. */
export interface FoundThing extends Command {
  /** Said behind the title, such as how large a dataset is. */
  readonly hint?: string;
}
interface Person {
  readonly dataset: string;
  readonly datasetName: string;
  readonly identity: string;
  readonly images: number;
}

/** People are looked for in so many of the newest datasets. */
const datasetsSearched = 6;
const settings = [
  'Theme: light, dark or as the system',
  'Notifications when a job ends',
  'Workspace and version',
  'Engine: device, versions and speed',
  'Room on the disk: remove what is no longer needed',
  'Keyboard shortcuts',
  'Words used in ArcBench',
  'First steps',
];

/**
 * What the palette finds beside commands: datasets, people, experiments, runs, reports and settings. People and reports
 * are asked for when the palette is opened.
 */
export function useFoundThings(isOpen: () => boolean) {
  const datasets = useDatasets();
  const experiments = useExperiments();
  const runs = useRuns();
  const router = useRouter();
  const reports = shallowRef<readonly ReportSummary[]>([]);
  const people = shallowRef<readonly Person[]>([]);
  watch(isOpen, (open) => {
    if (!open) return;
    void call('reports.list', {}).then(
      (found) => {
        reports.value = found;
      },
      () => null, // the view of reports says what is wrong
    );
    void loadPeople();
  });
  async function loadPeople(): Promise<void> {
    const found = await Promise.all(
      datasets.all.slice(0, datasetsSearched).map(async ({ hash, name }) => {
        const details = await call('datasets.show', { hash }).catch(() => null);
        return (details?.persons ?? []).map(({ identity, images }): Person => ({
          dataset: hash,
          datasetName: name,
          identity,
          images,
        }));
      }),
    );
    people.value = found.flat();
  }

  const go = (to: RouteLocationRaw) => () => void router.push(to);
  const ofDatasets = computed(() =>
    datasets.all.map(({ hash, name, people: count }): FoundThing => ({
      id: `dataset ${hash}`,
      title: name,
      hint: formatPlural(count, ['person', 'people']),
      group: 'Datasets',
      icon: Images,
      run: go({ name: 'datasets', params: { hash } }),
    })),
  );
  const ofPeople = computed(() =>
    people.value.map(({ dataset, datasetName, identity, images }): FoundThing => ({
      id: `person ${dataset} ${identity}`,
      title: identity,
      hint: `${formatPlural(images, ['image', 'images'])}, ${datasetName}`,
      group: 'People',
      icon: UserRound,
      run: go({ name: 'datasets', params: { hash: dataset }, query: { person: identity } }),
    })),
  );
  const ofExperiments = computed(() =>
    experiments.all.map(({ id, name, arms, seeds }): FoundThing => ({
      id: `experiment ${id}`,
      title: name,
      hint: `${formatPlural(arms, ['arm', 'arms'])}, ${formatPlural(seeds, ['seed', 'seeds'])}`,
      group: 'Experiments',
      icon: FlaskConical,
      run: go({ name: 'experiment', params: { id } }),
    })),
  );
  const ofRuns = computed(() =>
    runs.all.map(({ id, arm, seed, experiment, status }): FoundThing => ({
      id: `run ${id}`,
      title: `${arm}, seed ${formatCount(seed)}`,
      hint: `${experiment}, ${statusWord(status)}`,
      group: 'Runs',
      icon: Activity,
      run: go({ name: 'runs', params: { id } }),
    })),
  );
  const ofReports = computed(() =>
    reports.value.map(({ id, title }): FoundThing => ({
      id: `report ${id}`,
      title,
      group: 'Reports',
      icon: FileText,
      run: go({ name: 'report', params: { id } }),
    })),
  );
  const ofSettings = settings.map((title): FoundThing => ({
    id: `setting ${title}`,
    title,
    group: 'Settings',
    icon: Settings,
    run: go({ name: 'settings' }),
  }));
  return computed((): readonly FoundThing[] => [
    ...ofDatasets.value,
    ...ofExperiments.value,
    ...ofReports.value,
    ...ofRuns.value,
    ...ofPeople.value,
    ...ofSettings,
  ]);
}
