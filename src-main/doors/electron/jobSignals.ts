import { Notification, type BrowserWindow } from 'electron';
import type { Job } from '../../../src-shared/answers/jobAnswers.ts';
import type { Workbench } from '../../workbench/workbench.ts';
import { iconPath } from './appFolders.ts';
import { taskbarProgress } from './taskbarProgress.ts';

/**
 * Shows the progress of jobs on the taskbar, and a notification when a long one ends while the user looks elsewhere.
 */
export function showJobs(window: BrowserWindow, workbench: Pick<Workbench, 'subscribe'>): void {
  const jobs = new Map<string, Job>();
  const unsubscribe = workbench.subscribe((event) => {
    if (event.event === 'job.dismissed') jobs.delete(event.payload.id);
    if (event.event !== 'job') return;
    const job = event.payload;
    const before = jobs.get(job.id)?.state;
    jobs.set(job.id, job);
    window.setProgressBar(taskbarProgress(jobs.values()));
    if (
      before !== 'running' ||
      window.isFocused() ||
      !Notification.isSupported() ||
      (job.kind !== 'experiment' && job.kind !== 'resume') ||
      (job.state !== 'done' && job.state !== 'failed')
    )
      return;
    const notification = new Notification({
      title: job.state === 'done' ? `${job.title} is done` : `${job.title} failed`,
      body: job.fault?.message ?? 'Its report is written.',
      icon: iconPath,
    });
    notification.on('click', () => {
      if (window.isMinimized()) window.restore();
      window.show();
    });
    notification.show();
  });
  window.once('closed', unsubscribe);
}
