import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { CallInput, CallName, CallOutputs } from '../../src-shared/api.ts';
import type { Job } from '../../src-shared/answers/jobAnswers.ts';
import { readNpy } from '../../src-main/files/npyFile.ts';
import { openWorkbench } from '../../src-main/workbench/openWorkbench.ts';
import { drawFaces } from '../drawnFaces.ts';
import { jobEnd } from '../jobEnd.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-embedding-'));
const faces = join(folder, 'drawn_faces');
before(() => drawFaces(faces, { people: 30, pictures: 10 }));
after(() => rmSync(folder, { recursive: true, force: true }));

const yaml = `name: Small space
data: { source: ${faces} }
prepare: { inputSize: 32 }
split: { query: 0.2 }
model: { backbone: smallcnn, embeddingSize: 3 }
training: { epochs: 2, batchSize: 32, learningRate: 0.05 }
`;

function open() {
  const workbench = openWorkbench({ workspace: join(folder, 'space'), door: 'serve', roots: [faces] });
  const call = async <Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutputs[Name]> =>
    (await workbench.call(name, input)) as CallOutputs[Name];
  const ended = (job: Job): Promise<Job> => jobEnd(job, () => call('jobs.list', {}));
  return { workbench, call, ended };
}

test(
  "a run's embeddings are placed, told apart by part and correctness, kept, and their neighbours are those of " +
    'a brute force',
  async () => {
    const first = open();
    let run = '';
    let projection = '';
    try {
      const { call, ended } = first;
      const saved = await call('experiments.save', { id: null, yaml });
      const trained = await ended(await call('experiments.start', { id: saved.id, interrupted: 'refuse' }));
      assert.equal(trained.state, 'done', trained.fault?.message);
      run = (await call('runs.list', {})).find(({ arm }) => arm === 'ArcFace')?.id ?? '';
      const details = await call('runs.show', { id: run });
      assert.deepEqual(details.snapshots, [1, 2]);
      const { values, size } = readNpy(join(folder, 'space', 'runs', run, 'embeddings.npy'));
      const labels = readFileSync(join(folder, 'space', 'runs', run, 'labels.tsv'), 'utf8')
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split('\t'));

      const request = { run, of: 'end', method: 'tsne', dimensions: 2, seed: 1, neighbours: 10 } as const;
      const placed = await ended(await call('embedding.project', request));
      assert.equal(placed.state, 'done', placed.fault?.message);
      projection = placed.result ?? '';
      const points = await call('embedding.points', { projection });
      const [frame] = points.frames;
      assert.ok(frame && points.frames.length === 1 && frame.snapshot === null);
      assert.deepEqual(
        points.rows.map(({ identity, part, file }) => [identity, part, file]),
        labels,
      );
      assert.equal(frame.coordinates.length, 2 * labels.length);
      assert.ok(frame.coordinates.every(Number.isFinite));

      // Correctness sums up to the judged accuracy, and is told of test pictures alone.
      const told = points.rows.filter(({ correct }) => correct !== null);
      assert.ok(
        told.length > 0 &&
          told.every(({ part }) => part === 'test') &&
          told.length === points.rows.filter(({ part }) => part === 'test').length,
      );
      assert.equal(told.filter(({ correct }) => correct).length, details.evaluation?.accuracy.test?.top1.correct);
      // The picture of a row is the one that its file names.
      const dataset = (await call('datasets.list', {}))[0]?.hash ?? '';
      const { pictures } = await call('datasets.pictures', { hash: dataset, identity: null, offset: 0, limit: 500 });
      for (const row of points.rows.slice(0, 20))
        assert.ok(
          row.file.endsWith(
            `/${
              pictures
                .find(({ index }) => index === row.picture)
                ?.name.split('/')
                .slice(-2)
                .join('/') ?? 'none'
            }`,
          ),
          row.file,
        );
      // Angles by an independent computation: the mean direction of the person's rows. It is float64 of float32 values,
      // hence 1e-3 degrees near 0.
      points.rows.forEach((row, at) => {
        const own = points.rows.flatMap((other, index) => (other.identity === row.identity ? [index] : []));
        const mean = [0, 1, 2].map(
          (axis) => own.reduce((sum, index) => sum + values[index * size + axis]!, 0) / own.length,
        );
        const cosine =
          mean.reduce((sum, value, axis) => sum + value * values[at * size + axis]!, 0) / Math.hypot(...mean);
        assert.ok(Math.abs(frame.angleDegrees[at]! - (Math.acos(Math.min(1, cosine)) * 180) / Math.PI) < 1e-3, `${at}`);
      });

      const cosines = labels.map((_, row) =>
        [0, 1, 2].reduce((sum, axis) => sum + values[5 * size + axis]! * values[row * size + axis]!, 0),
      );
      const nearest = labels
        .map((_, row) => row)
        .filter((row) => row !== 5)
        .sort((a, b) => cosines[b]! - cosines[a]! || a - b)
        .slice(0, 12);
      const neighbours = await call('embedding.neighbours', { run, snapshot: null, row: 5, count: 12 });
      assert.deepEqual(
        neighbours.map(({ row }) => row),
        nearest,
      );
      neighbours.forEach(({ row, cosine }) => assert.ok(Math.abs(cosine - cosines[row]!) < 1e-12));

      // Whom a picture was taken for: of that person's rows the one of largest cosine, by a brute force.
      const own = points.rows[5]!;
      const person = points.rows.find(({ identity }) => identity !== own.identity)!.identity;
      const similar = (people: string) =>
        points.rows
          .flatMap(({ identity, picture }, row) => (identity === people && row !== 5 ? [{ picture, row }] : []))
          .sort((a, b) => cosines[b.row]! - cosines[a.row]!)[0]!;
      const taken = await call('runs.takenFor', {
        id: run,
        pairs: [
          { picture: own.picture!, person },
          { picture: own.picture!, person: own.identity },
          { picture: 100_000, person },
          { picture: own.picture!, person: 'nobody' },
        ],
      });
      assert.deepEqual(
        taken.slice(0, 2).map(({ nearest }) => nearest?.picture),
        [similar(person).picture, similar(own.identity).picture],
      );
      assert.ok(Math.abs(taken[0]!.nearest!.cosine! - cosines[similar(person).row]!) < 1e-12);
      assert.equal(taken[2]?.nearest?.cosine, null, 'without an embedding there is a picture and no cosine');
      assert.deepEqual(taken[3], { picture: own.picture, person: 'nobody', nearest: null });
      await assert.rejects(call('runs.takenFor', { id: 'nothing', pairs: [] }), /There is no run nothing/);

      // Epochs: val's pictures, a frame an epoch; on the sphere the embeddings themselves.
      const epochs = await call('embedding.points', {
        projection:
          (await ended(await call('embedding.project', { ...request, of: 'epochs', method: 'sphere', dimensions: 3 })))
            .result ?? '',
      });
      assert.deepEqual(
        epochs.frames.map(({ snapshot }) => snapshot),
        [1, 2],
      );
      assert.ok(
        epochs.rows.every(({ part, picture, correct }) => part === 'val' && picture !== null && correct === null),
      );
      assert.deepEqual(epochs.frames[1]?.coordinates, [
        ...readNpy(join(folder, 'space', 'runs', run, 'snapshots', 'epoch-00002.npy')).values,
      ]);
      assert.equal((await call('embedding.neighbours', { run, snapshot: 2, row: 0, count: 3 })).length, 3);

      await assert.rejects(
        call('embedding.neighbours', { run, snapshot: 9, row: 0, count: 3 }),
        /no embeddings of epoch 9: choose one of 1, 2/,
      );
      await assert.rejects(
        call('embedding.neighbours', { run, snapshot: null, row: 100_000, count: 3 }),
        /There is no row 100000/,
      );
      await assert.rejects(call('embedding.project', { ...request, run: 'nothing' }), /There is no run nothing/);
      await assert.rejects(call('embedding.project', { ...request, dimensions: 4 as 2 }), /dimensions/);
      await assert.rejects(call('embedding.points', { projection: '../../arcbench' }), /projection/);
      await assert.rejects(call('embedding.points', { projection: `${run}.0000000000000000` }), /compute it again/);
      const flat = await ended(await call('embedding.project', { ...request, method: 'sphere' }));
      assert.match(flat.fault?.message ?? '', /in 3 dimensions/);
    } finally {
      await first.workbench.close();
    }

    // What was placed outlives the list of jobs: the next workbench reads it, and a second ask gives the same.
    const second = open();
    try {
      const { call, ended } = second;
      assert.equal((await call('jobs.list', {})).length, 0);
      const points = await call('embedding.points', { projection });
      const job = await ended(
        await call('embedding.project', { run, of: 'end', method: 'tsne', dimensions: 2, seed: 1, neighbours: 10 }),
      );
      assert.equal(job.result, projection);
      const other = await ended(
        await call('embedding.project', { run, of: 'end', method: 'tsne', dimensions: 2, seed: 2, neighbours: 10 }),
      );
      assert.notEqual(other.result, projection);
      assert.notDeepEqual(
        (await call('embedding.points', { projection: other.result ?? '' })).frames[0]?.coordinates,
        points.frames[0]?.coordinates,
      );
    } finally {
      await second.workbench.close();
    }
  },
);

test('a projection that is cancelled ends at once and keeps nothing', async () => {
  const { workbench, call, ended } = open();
  try {
    const run = (await call('runs.list', {}))[0]?.id ?? '';
    const job = await call('embedding.project', {
      run,
      of: 'epochs',
      method: 'tsne',
      dimensions: 3,
      seed: 7,
      neighbours: 10,
    });
    await call('jobs.cancel', { id: job.id });
    const cancelled = await ended(job);
    assert.deepEqual([cancelled.state, cancelled.result], ['cancelled', null]);
  } finally {
    await workbench.close();
  }
});
