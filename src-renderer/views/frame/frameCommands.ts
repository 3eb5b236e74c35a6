import { CirclePause, CircleStop, Flag, Keyboard, Moon, PanelBottom, PanelLeft, Search, Sun, X } from '@lucide/vue';
import { useRouter } from 'vue-router';
import { dismissToast, toasts } from '../../components/toasts.ts';
import { useCommands } from '../../stores/commands.ts';
import { useFrame } from '../../stores/frame.ts';
import { useJobs } from '../../stores/jobs.ts';
import { useTheme } from '../../stores/theme.ts';
import { lastAddressOf } from '../../router.ts';
import { screens } from '../screens.ts';
import { cancelJob, isPausing, pauseJob, stopAfterEpoch, trains } from './jobActions.ts';

/** The commands that every screen has. */
export function useFrameCommands(): void {
  const router = useRouter();
  const frame = useFrame();
  const theme = useTheme();
  const jobs = useJobs();
  const training = () => jobs.running.find((job) => trains(job) && !isPausing(job)) ?? null;
  useCommands([
    ...screens.map(({ name, title, icon, key }) => ({
      id: `go.${name}`,
      title,
      icon,
      group: 'Go to',
      keys: `g ${key}`,
      run: () => void router.push(lastAddressOf(name)),
    })),
    {
      id: 'palette',
      title: 'Search and commands',
      group: 'General',
      icon: Search,
      keys: 'Mod+k',
      run: () => {
        frame.paletteOpen = !frame.paletteOpen;
      },
    },
    {
      id: 'shortcuts',
      title: 'Keyboard shortcuts',
      group: 'General',
      icon: Keyboard,
      keys: '?',
      run: () => {
        frame.shortcutsOpen = true;
      },
    },
    {
      id: 'jobs',
      title: 'Jobs and logs',
      group: 'General',
      icon: PanelBottom,
      keys: 'j',
      run: () => {
        frame.jobsOpen = !frame.jobsOpen;
      },
    },
    {
      id: 'close',
      title: 'Close the jobs and logs',
      group: 'General',
      icon: X,
      keys: 'Escape',
      available: () => frame.jobsOpen,
      run: () => {
        frame.jobsOpen = false;
      },
    },
    {
      id: 'messages.close',
      title: 'Dismiss the messages',
      group: 'General',
      icon: X,
      keys: 'Escape',
      yields: true,
      available: () => toasts.value.length > 0,
      run: () => {
        for (const { id } of toasts.value) dismissToast(id);
      },
    },
    {
      id: 'sidebar',
      title: 'Narrow or widen the sidebar',
      group: 'General',
      icon: PanelLeft,
      keys: '[',
      run: () => {
        frame.narrow = !frame.narrow;
      },
    },
    {
      id: 'theme.light',
      title: 'Light theme',
      group: 'General',
      icon: Sun,
      available: () => theme.dark,
      run: () => {
        theme.choice = 'light';
      },
    },
    {
      id: 'theme.dark',
      title: 'Dark theme',
      group: 'General',
      icon: Moon,
      available: () => !theme.dark,
      run: () => {
        theme.choice = 'dark';
      },
    },
    {
      id: 'job.cancel',
      title: 'Cancel the running job',
      group: 'Jobs',
      icon: CircleStop,
      available: () => jobs.current !== null,
      run: () => {
        if (jobs.current) void cancelJob(jobs.current);
      },
    },
    {
      id: 'job.pause',
      title: 'Pause training',
      group: 'Jobs',
      icon: CirclePause,
      available: () => training() !== null,
      run: () => {
        const job = training();
        if (job) void pauseJob(job, jobs.queued.find(trains) ?? null);
      },
    },
    {
      id: 'job.stopAfterEpoch',
      title: 'Stop training after this epoch',
      group: 'Jobs',
      icon: Flag,
      available: () => jobs.current?.state === 'running' && trains(jobs.current),
      run: () => {
        if (jobs.current) void stopAfterEpoch(jobs.current);
      },
    },
  ]);
}
