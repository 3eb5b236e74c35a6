import { ancestrySchema, startInWords, type Ancestry } from '../../../src-shared/ancestry.ts';
import type { TrainerMessage } from '../../trainer/trainerMessages.ts';
import { keepEngine } from './enginesOf.ts';
import type { PlannedRun } from './plannedRuns.ts';
import { keepOnce, warnOfOtherEngines, warnOnce } from './runEvents.ts';
import type { FollowedRun } from '../results/tensorboard/followRun.ts';
import type { StageOptions } from './stage.ts';

/** The run that a trainer speaks of. */
export interface RecordedRun {
  readonly run: PlannedRun;
  readonly planHash: string;
  readonly epochs: number;
  /** The last epoch of this round; null where the run trains to its end. */
  readonly untilEpoch: number | null;
  /** The event file that grows with the run; null where the plan asks for none. */
  readonly followed: FollowedRun | null;
}

/** Keeps what a trainer says of its run in the store, and shows it. */
export function recordMessage(
  options: StageOptions,
  { run, planHash, epochs, untilEpoch, followed }: RecordedRun,
  message: TrainerMessage,
): void {
  const { store, progress } = options;
  const { id } = run;
  switch (message.kind) {
    case 'started':
      store.atomically(() => {
        // an extended run began with the weights that its parent began with, and a given model begins with none
        if (message.initialWeightsHash !== null && store.run(id)?.initialWeightsHash === null)
          store.updateRun(id, { initialWeightsHash: message.initialWeightsHash });
        keepEngine(store, id, message.engine);
        keepClassCentres(options, id, message.classCentres);
      });
      warnOfOtherEngines(options, planHash, run);
      return;
    case 'progress':
      progress.step({
        done: (message.epoch - 1) * message.total + message.done,
        total: Math.min(epochs, untilEpoch ?? epochs) * message.total,
        note: `epoch ${message.epoch}/${epochs}, ${message.imagesPerSecond.toFixed(0)} img/s`,
      });
      return;
    case 'embedded':
      progress.step({ done: message.done, total: message.total, note: 'pictures' });
      return;
    case 'points':
      store.addPoints(message.points.map((point) => ({ run: id, ...point })));
      followed?.add(message.points);
      return;
    case 'epoch':
      progress.notice(epochLine(message.summary, epochs));
      return;
    case 'snapshot':
      store.saveArtefact(id, { kind: 'snapshots', path: message.folder, sha256: null });
      return;
    case 'notice':
      keepOnce(store, id, message);
      progress.notice(message.message);
      return;
    case 'warning':
      warnOnce(options, id, message.warning);
      return;
    case 'done':
    case 'failed':
    case 'stopped':
    case 'paused':
      return; // how the run ended is kept by endRun
  }
}

/** Keeps whether a run took its parent's class centres over, and says where it started. */
function keepClassCentres({ store, progress }: StageOptions, id: string, classCentres: Ancestry['classCentres']): void {
  const ancestry = ancestrySchema.safeParse(store.result(id, 'ancestry')).data;
  if (!ancestry) return;
  const message = startInWords({ ...ancestry, classCentres });
  store.saveResult(id, 'ancestry', { ...ancestry, classCentres });
  if (keepOnce(store, id, { kind: 'notice', message })) progress.notice(message);
}

type Points = Extract<TrainerMessage, { kind: 'epoch' }>['summary']['points'];
const identified = ({ 'val/identification': rate }: Points): string =>
  rate === undefined ? '' : `val TPR ${(100 * rate).toFixed(1)} %  `;

function epochLine({ epoch, points }: Extract<TrainerMessage, { kind: 'epoch' }>['summary'], epochs: number): string {
  const percent = (name: string) => `${(100 * (points[name] ?? 0)).toFixed(1)} %`;
  return (
    `epoch ${epoch}/${epochs}  loss ${points['train/loss']?.toFixed(3)}  train ${percent('train/accuracy')}  ` +
    `val ${percent('val/accuracy')}  ${identified(points)}${points['imagesPerSecond']?.toFixed(0)} img/s`
  );
}
