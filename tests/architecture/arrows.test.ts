import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cruise, type IForbiddenRuleType, type ICruiseResult } from 'dependency-cruiser';

const own = (name: string) => `^src-main/${name}/`;
/** The floors of src-main, lowest first. A file imports its own floor and lower ones. */
const floors = [
  ['files'],
  ['engine'],
  ['loss', 'model', 'data', 'split', 'store'],
  ['train'],
  ['evaluate'],
  ['trainer'],
  ['report'],
  ['workbench'],
  ['doors'],
] as const;
const drawing = floors.map((rooms) => rooms.join(', ')).join(' <- ');

const climbing = floors.slice(0, -1).map((rooms, floor): IForbiddenRuleType => ({
  name: `${rooms.join(', ')} may not import a higher floor (${drawing}): move what both need to the lower one`,
  severity: 'error',
  from: { path: `^src-main/(${rooms.join('|')})/` },
  to: {
    path: `^src-main/(${floors
      .slice(floor + 1)
      .flat()
      .join('|')})/`,
  },
}));

const forbidden: IForbiddenRuleType[] = [
  ...climbing,
  {
    name: 'src-shared is pure: it imports itself and pure packages only',
    severity: 'error',
    from: { path: '^src-shared/' },
    to: { path: ['^src-(main|renderer)/', 'tensorflow', 'better-sqlite3', 'sharp', 'electron'] },
  },
  {
    name: 'src-shared is pure: it may not import Node',
    severity: 'error',
    from: { path: '^src-shared/' },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'the renderer imports src-shared only: talk to the contract',
    severity: 'error',
    from: { path: '^src-renderer/' },
    to: { path: '^src-main/' },
  },
  {
    name: 'tfjs is imported by src-main/engine only: ask the engine',
    severity: 'error',
    from: { path: '^src-', pathNot: own('engine') },
    to: { path: 'node_modules/@tensorflow/' },
  },
  {
    name: '@vladmandic/face-api runs on tfjs and is imported by src-main/engine only: ask faceFinder',
    severity: 'error',
    from: { path: '^src-', pathNot: own('engine') },
    to: { path: 'node_modules/@vladmandic/' },
  },
  {
    name: 'data reaches the engine through detectorProcess only, so that TensorFlow can abort without the app',
    severity: 'error',
    from: { path: own('data'), pathNot: 'detectorProcess' },
    to: { path: [own('engine'), 'detectorProcess'] },
  },
  {
    name: 'better-sqlite3 is imported by src-main/store only: ask the store',
    severity: 'error',
    from: { path: '^src-', pathNot: own('store') },
    to: { path: 'node_modules/better-sqlite3/' },
  },
  {
    name: 'electron is imported by src-main/doors/electron only',
    severity: 'error',
    from: { path: '^src-', pathNot: own('doors/electron') },
    to: { path: 'node_modules/electron/' },
  },
  {
    name: 'loss and model know nothing of faces, splits and the store',
    severity: 'error',
    from: { path: '^src-main/(loss|model)/' },
    to: { path: '^src-main/(data|split|store)/' },
  },
  {
    name: 'data, split and store know nothing of networks and losses',
    severity: 'error',
    from: { path: '^src-main/(data|split|store)/' },
    to: { path: '^src-main/(loss|model)/' },
  },
  {
    name: "the report reads results, not the trainer's inside: put what both share into src-shared",
    severity: 'error',
    from: { path: own('report') },
    to: { path: own('trainer') },
  },
  {
    name: 'no circle: move what both need into a file of its own',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
];

let modules: ICruiseResult['modules'] = [];
let violations: ICruiseResult['summary']['violations'] = [];

before(async () => {
  process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
  const { output } = await cruise(['src-main', 'src-shared', 'src-renderer'], {
    ruleSet: { forbidden },
    tsPreCompilationDeps: 'specify', // types are followed too, and marked
    doNotFollow: { path: 'node_modules' },
    validate: true,
  });
  ({
    modules,
    summary: { violations },
  } = output as ICruiseResult);
});

test('imports point down the floors of docs/ARCHITECTURE.md', () => {
  assert.ok(modules.length > 60, 'the sources were not found');
  assert.ok(
    modules.some(
      (module) =>
        module.source === 'src-main/store/store.ts' &&
        module.dependencies.some((dependency) => dependency.resolved.includes('better-sqlite3')),
    ),
    'imports were not followed',
  );
  assert.ok(
    modules.some(
      (module) =>
        module.source === 'src-main/engine/faceDetector.ts' &&
        module.dependencies.some((dependency) => dependency.resolved.includes('@vladmandic/')),
    ),
    'the face detector was not followed',
  );
  assert.ok(
    modules.some(
      (module) =>
        module.source === 'src-renderer/App.vue' &&
        module.dependencies.some((dependency) => dependency.resolved === 'src-renderer/views/frame/Frame.vue'),
    ),
    'imports of .vue files were not followed',
  );
  assert.deepEqual(
    violations.map((found) => `${found.from} -> ${found.to}: ${found.rule.name}`),
    [],
  );
});

test('the workbench never loads TensorFlow into its own process: it may abort there', () => {
  const wayTo = new Map<string, string[]>([['src-main/workbench/openWorkbench.ts', []]]);
  for (const [source, way] of wayTo)
    for (const { resolved, preCompilationOnly } of modules.find((module) => module.source === source)?.dependencies ??
      [])
      if (preCompilationOnly !== true && !wayTo.has(resolved)) wayTo.set(resolved, [...way, source]);
  assert.ok(wayTo.size > 50, 'imports were not followed');
  assert.deepEqual(wayTo.get('src-main/engine/tensorflow.ts'), undefined);
});
