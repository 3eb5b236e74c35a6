import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { drawCourseArchive } from '../courseArchive.ts';
import { sharedFaces } from '../sharedFaces.ts';
import { answerLate, callFrom, noBrowser, openWorkbenchPage, type OpenedWorkbench } from './servedBrowser.ts';

const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));
const presetFile = fileURLToPath(new URL('../../resources/experiments/course.yaml', import.meta.url));
const preset = readFileSync(presetFile, 'utf8');

let { folder, workspace, page, faults, close } = {} as OpenedWorkbench;
const options = { skip: noBrowser };
before(async () => {
  if (noBrowser) return;
  ({ folder, workspace, page, faults, close } = await openWorkbenchPage('course', {
    // Who went to another view while a start is answered is not led away from it.
    prepare: (of) => answerLate(of, 'experiments.start', 1500),
  }));
});
after(() => close?.());

/** An experiment as small as a test may be: another network and one epoch, the rest as the preset has it. */
function shortened(yaml: string): string {
  const document = parseDocument(yaml);
  document.setIn(['prepare', 'inputSize'], 32);
  document.setIn(['model', 'backbone'], 'smallcnn');
  document.setIn(['model', 'weights'], 'random');
  document.setIn(['training', 'epochs'], 1);
  document.setIn(['training', 'batchSize'], 8);
  return document.toString();
}

/** The manifest of the only split of a workspace. */
function manifestOf(of: string): string {
  const splits = join(of, 'splits');
  const [split, ...others] = readdirSync(splits);
  assert.deepEqual(others, []);
  return readFileSync(join(splits, split!, 'manifest.json'), 'utf8');
}

/** Runs the preset on an archive by the command line, into a workspace. */
function runByCommand(archive: string, into: string): string {
  const experiment = join(folder, 'course.yaml');
  writeFileSync(experiment, shortened(preset));
  return execFileSync(process.execPath, [main, '--run', experiment, '--data', archive, '--workspace', into], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
}

async function dropToReport(archive: string, people: string): Promise<void> {
  await page.locator('input[type=file]').first().setInputFiles(archive);
  await page.getByText(people).first().waitFor();
  await page.getByRole('navigation').getByRole('link', { name: 'Experiment', exact: true }).click();
  await page.getByRole('button', { name: /the_archive/ }).click();
  await page.getByRole('tab', { name: 'Form' }).waitFor();

  // The experiment is the preset on these faces; only then is it made small.
  const [{ id } = { id: '' }] = await callFrom(page, 'experiments.list', {});
  const { yaml } = await callFrom(page, 'experiments.show', { id });
  const { data, ...made } = parseExperiment(yaml, 'made.yaml');
  const { data: presetData, ...expected } = parseExperiment(preset, presetFile);
  assert.deepEqual(made, expected);
  assert.deepEqual({ ...data, source: '' }, { ...presetData, source: '' });
  await callFrom(page, 'experiments.save', { id, yaml: shortened(yaml) });

  await page
    .getByRole('button', { name: /^(Start|Queue)$/ })
    .and(page.locator(':enabled'))
    .click();
  await page.getByRole('navigation').getByRole('link', { name: 'Report', exact: true }).click();
  await page.getByRole('heading', { name: 'Verdict' }).waitFor();
}

test('the course archive goes from drop to report, and the command line makes the same split', options, async () => {
  const archive = join(folder, 'the_archive');
  await drawCourseArchive(archive, { people: 5, pictures: 7, queryPeople: 3, queryPictures: 3, distractors: 8 });
  await dropToReport(archive, '16 people · 52 images');
  const byCommand = join(folder, 'by command');
  const report = /^Report: (.+)$/m.exec(runByCommand(archive, byCommand))?.[1] ?? '';
  assert.match(readFileSync(report, 'utf8'), /Identification rate[^]*query/i);
  assert.equal(manifestOf(byCommand), manifestOf(workspace));
  const { files } = JSON.parse(manifestOf(workspace)) as { files: { part: string }[] };
  const counts = Object.fromEntries(
    [...Map.groupBy(files, ({ part }) => part)].map(([part, { length }]) => [part, length]),
  );
  assert.deepEqual(counts, { train: 25, val: 5, test: 5, query: 9, distractors: 8 });
  assert.deepEqual(faults, []);
});

const faces = sharedFaces('course_faces');
test(
  'the real archive trains by the command line with the parts of its lists',
  { skip: noBrowser || faces.skip },
  () => {
    const into = join(folder, 'real');
    runByCommand(faces.path, into);
    const { files } = JSON.parse(manifestOf(into)) as { files: { part: string }[] };
    const lines = readFileSync(join(faces.path, 'celebA_train_500', 'celebA_train_split.txt'), 'utf8')
      .trim()
      .split('\n');
    const listed = (number: number) => lines.filter((line) => line.trim().endsWith(` ${number}`)).length;
    const count = (part: string) => files.filter((file) => file.part === part).length;
    // Near-identical pictures of one person are brought together in one part, and few pictures move.
    for (const [number, part] of ['train', 'val', 'test'].entries())
      assert.ok(Math.abs(count(part) - listed(number)) <= 0.05 * listed(number), `${part}: ${count(part)}`);
    assert.equal(count('distractors'), 400);
  },
);
