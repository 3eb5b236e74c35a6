import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import sharp from 'sharp';
import type { RandomStream } from '../../../src-shared/maths/random.ts';
import { callNames } from '../../../src-shared/api.ts';
import { resources } from '../../../src-main/workbench/workspace/resources.ts';
import { openWorkbench } from '../../../src-main/workbench/openWorkbench.ts';
import { met, pick, sentence, type HostileKind, type Met } from './attempt.ts';
import { hostileNames } from './mutate.ts';
import { importAndDecode, workspaceIn } from './importAndDecode.ts';
import { mutatedMessage } from '../../serve/mutatedMessage.ts';

const picture = () =>
  sharp({ create: { width: 40, height: 40, channels: 3, background: '#a07050' } })
    .png()
    .toBuffer();

/** Names as bytes: those of a disk that no program has checked. */
const rawName = (random: RandomStream): Buffer => {
  const chosen =
    random.next() < 0.6
      ? Buffer.from(pick(random, hostileNames))
      : Buffer.from(Array.from({ length: 1 + random.integer(12) }, () => 1 + random.integer(255)));
  const cleaned = Buffer.from(chosen.filter((byte) => byte !== 0 && byte !== 0x2f)).subarray(0, 250);
  return cleaned.length === 0 || /^\.\.?$/.test(cleaned.toString('latin1')) ? Buffer.from('x') : cleaned;
};
const joined = (...parts: readonly (string | Buffer)[]) =>
  Buffer.concat(parts.flatMap((part, index) => [...(index === 0 ? [] : [Buffer.from('/')]), Buffer.from(part)]));
/** What the system itself refuses, such as two files of one name, makes no input. */
const attemptTo = (action: () => void) => {
  try {
    action();
  } catch {
    /* not made */
  }
};

export const folders: HostileKind = {
  name: 'folders: names, links, loops',
  share: 0.05,
  each: 1,
  async open() {
    const content = await picture();
    return {
      async attempt(random, folder): Promise<Met> {
        const source = join(folder, 'faces');
        for (const person of ['one', 'two']) {
          mkdirSync(join(source, person), { recursive: true });
          writeFileSync(join(source, person, 'whole.png'), content);
        }
        const links: (() => void)[] = []; // made last, so that no file is written through one
        for (let entry = 0; entry < 6; entry++) {
          const person = rawName(random);
          const file = Buffer.concat([
            rawName(random),
            Buffer.from(pick(random, ['.png', '.png', '.jpg', '', '.txt', '.svg'])),
          ]).subarray(-250);
          attemptTo(() => mkdirSync(joined(source, person), { recursive: true }));
          const target = pick(random, [
            '/etc',
            '/etc/passwd',
            '/dev/zero',
            '/proc/self/environ',
            '..',
            '.',
            join(folder, '../../../sentinel'),
            join(folder, '../../../sentinel/secret.png'),
            'nowhere',
            '../one',
            '../one/whole.png',
            join(source, 'two'),
          ]);
          if (random.next() < 0.4) links.push(() => symlinkSync(target, joined(source, person, file)));
          else
            attemptTo(() =>
              random.next() < 0.1
                ? mkdirSync(joined(source, person, file))
                : writeFileSync(joined(source, person, file), content),
            );
          const linked = rawName(random);
          if (random.next() < 0.2) links.push(() => symlinkSync(target, joined(source, linked)));
        }
        links.forEach(attemptTo);
        const { dataset, images, refusals } = await importAndDecode(source, workspaceIn(folder));
        const shown = resources({
          workspace: workspaceIn(folder),
          library: { edited: () => Promise.resolve({ base: dataset }) },
          roots: [dataset.source],
          packed: () => Promise.reject(new Error('no archive is asked for')),
          exported: () => Promise.reject(new Error('no archive is asked for')),
        });
        for (const index of dataset.images.keys()) await shown.read(`pictures/original/x/${index}?side=96`);
        shown.close();
        if (images.length < 2) throw new Error('The whole pictures beside the hostile ones were not taken.');
        return { taken: 1, refusals };
      },
    };
  },
};

/** A workbench on a workspace of its own, as the served door has it. */
async function served(own: string) {
  mkdirSync(join(own, 'opened'), { recursive: true });
  return openWorkbench({ workspace: join(own, 'workspace'), door: 'serve', roots: [join(own, 'opened')] });
}

export const uploads: HostileKind = {
  name: 'uploads',
  share: 0.03,
  each: 1,
  async open(own) {
    const workbench = await served(own);
    const content = await picture();
    return {
      attempt(random) {
        const path = Array.from({ length: 1 + random.integer(random.next() < 0.1 ? 20 : 4) }, () =>
          random.next() < 0.6 ? pick(random, ['a', 'b', 'one', 'two.png']) : pick(random, hostileNames),
        ).join(random.next() < 0.9 ? '/' : '\\');
        return met(
          () =>
            workbench.receive(
              { upload: random.next() < 0.9 ? 'u1' : pick(random, hostileNames), path },
              Readable.from([content]),
            ),
          null,
        );
      },
      close: () => workbench.close(),
    };
  },
};

/** Calls that read or change files by a path or name which a screen sends. */
const aimed: readonly (readonly [string, (name: string) => unknown])[] = [
  ['files.list', (path) => ({ path })],
  ['datasets.import', (source) => ({ data: { source } })],
  ['experiments.save', (name) => ({ id: null, yaml: `name: ${JSON.stringify(name)}` })],
  ['experiments.save', (id) => ({ id, yaml: 'name: x' })],
  ['experiments.show', (id) => ({ id })],
  [
    'experiments.check',
    (text) => ({
      yaml:
        `data: {source: ${JSON.stringify(text)}}\nevaluation: {pairs: ${JSON.stringify(text)}}\nmodel: ` +
        `{weights: ${JSON.stringify(text)}}`,
    }),
  ],
  ['experiments.delete', (id) => ({ id })],
  ['runs.show', (id) => ({ id })],
  ['datasets.show', (hash) => ({ hash })],
  ['reports.show', (hash) => ({ id: hash })],
];

export const messages: HostileKind = {
  name: 'messages to a workbench',
  share: 0.02,
  each: 1,
  async open(own) {
    const workbench = await served(own);
    return {
      async attempt(random): Promise<Met> {
        let request: { call?: unknown; input?: unknown } = {};
        if (random.next() < 0.5)
          try {
            request = (JSON.parse(mutatedMessage(random, 1)) as typeof request) ?? {};
          } catch {
            /* the door refuses it */
          }
        else {
          const [call, input] = pick(random, aimed);
          request = {
            call,
            input: input(
              random.next() < 0.5
                ? pick(random, hostileNames)
                : pick(random, [
                    '/',
                    '/etc',
                    '/etc/passwd',
                    '../../sentinel',
                    join(own, 'opened', '..', 'workspace', 'arcbench.db'),
                  ]),
            ),
          };
        }
        const call = typeof request?.call === 'string' ? request.call : pick(random, callNames);
        // These compute for minutes when they are taken, and are tried by tests of their own.
        if (call === 'system.diagnose' || JSON.stringify(request?.input ?? null).includes('"demo"'))
          return { taken: 0, refusals: [] };
        return await met(async () => {
          sentenceFree(await workbench.call(call, request?.input));
        }, null);
      },
      close: () => workbench.close(),
    };
  },
};

/** An answer carries no trace and no file that nobody opened. */
function sentenceFree(answer: unknown): void {
  const text = JSON.stringify(answer) ?? '';
  if (text.includes('root:x:0') || text.includes('sentinel-content'))
    throw new Error('An answer carries the content of a file that was not opened.');
  if (/\bat .*:\d+:\d+\b/.test(text)) sentence(text);
}
