import { Activity, FileText, FlaskConical, Images, Orbit, Rows3, ScanFace, Settings, Split } from '@lucide/vue';
import type { Component } from 'vue';
import type { ScreenName } from './screenName.ts';

export interface Screen {
  readonly name: ScreenName;
  readonly title: string;
  readonly icon: Component;
  /** The second key after 'g'. */
  readonly key: string;
  readonly group: 'Faces' | 'Training' | 'Results' | '';
  /** What may follow in the address, such as ':id?'. */
  readonly parameter?: string;
  readonly load: () => Promise<{ readonly default: Component }>;
}

/** The nine views in the order of the work. */
export const screens: readonly Screen[] = [
  {
    name: 'datasets',
    title: 'Datasets',
    icon: Images,
    key: 'd',
    group: 'Faces',
    parameter: ':hash?',
    load: () => import('./datasets/Datasets.vue'),
  },
  { name: 'split', title: 'Split', icon: Split, key: 's', group: 'Faces', load: () => import('./split/Split.vue') },
  {
    name: 'experiment',
    title: 'Experiment',
    icon: FlaskConical,
    key: 'e',
    group: 'Training',
    parameter: ':id?',
    load: () => import('./experiment/Experiment.vue'),
  },
  {
    name: 'live',
    title: 'Live',
    icon: Activity,
    key: 'l',
    group: 'Training',
    parameter: ':run?',
    load: () => import('./live/Live.vue'),
  },
  {
    name: 'runs',
    title: 'Runs',
    icon: Rows3,
    key: 'r',
    group: 'Results',
    parameter: ':id?',
    load: () => import('./runs/Runs.vue'),
  },
  {
    name: 'embedding',
    title: 'Embedding',
    icon: Orbit,
    key: 'm',
    group: 'Results',
    parameter: ':run?',
    load: () => import('./embedding/Embedding.vue'),
  },
  {
    name: 'try',
    title: 'Try',
    icon: ScanFace,
    key: 't',
    group: 'Results',
    parameter: ':run?',
    load: () => import('./try/Try.vue'),
  },
  {
    name: 'report',
    title: 'Report',
    icon: FileText,
    key: 'p',
    group: 'Results',
    parameter: ':id?',
    load: () => import('./report/Report.vue'),
  },
  {
    name: 'settings',
    title: 'Settings',
    icon: Settings,
    key: ',',
    group: '',
    load: () => import('./settings/Settings.vue'),
  },
];
