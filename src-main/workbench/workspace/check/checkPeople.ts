import { join } from 'node:path';
import { isLeftover, workspaceFolders } from '../../../files/workspaceFolders.ts';
import { enrolledPeople } from '../../trial/enrolledPeople.ts';
import { namesIn, type WorkspaceCheck } from './faultList.ts';

/** Names people whose pictures are not whole: the view Try cannot show them, so they could not be deleted there. */
export async function checkPeople({ store, faults }: WorkspaceCheck): Promise<void> {
  const area = workspaceFolders(store.workspace).area('people');
  await faults.unlessUnread(area, async () => {
    const whole = new Set((await enrolledPeople(store.workspace).list()).map(({ id }) => id));
    for (const name of await namesIn(area))
      if (!isLeftover(name) && !whole.has(name))
        await faults.addRemovable(
          join(area, name),
          'This is no whole person of the view Try.',
          'enrol the person again',
        );
  });
}
