import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { actionsElsewhere } from '../../src-renderer/views/frame/actionsElsewhere.ts';

const views = fileURLToPath(new URL('../../src-renderer/views', import.meta.url));
/** Commands that close what is open in a view: elsewhere there is nothing to close. */
const closing = ['live.small', 'split.unselect'];

/** The commands that the files of a view register, by their ids. */
function commandsOf(screen: string): string[] {
  const folder = join(views, screen);
  const text = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
  return [...text.matchAll(/\bid: '([a-z]+\.[A-Za-z]+)'/g)].flatMap(([, id = '']) =>
    id.startsWith(`${screen}.`) ? [id] : [],
  );
}

test('every action of a view is offered from every other view, under its own id', () => {
  const screens = [...new Set(actionsElsewhere.map(({ screen }) => screen))];
  const offered = actionsElsewhere.map(({ id }) => id).sort();
  const registered = screens.flatMap(commandsOf).filter((id) => !closing.includes(id));
  assert.deepEqual(offered, registered.sort());
  assert.ok(offered.length > 25);
});
