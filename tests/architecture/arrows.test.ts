import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cruise, type IForbiddenRuleType, type ICruiseResult } from 'dependency-cruiser';

const own = (name: string) => `^src-main/${name}/`;
const forbidden: IForbiddenRuleType[] = [
  {
    name: 'src-shared is pure: it may import itself and pure packages alone',
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
    name: 'tfjs is imported by src-main/engine alone: ask the engine',
    severity: 'error',
    from: { path: '^src-', pathNot: own('engine') },
    to: { path: 'node_modules/@tensorflow/' },
  },
  {
    name: '@vladmandic/face-api runs on tfjs and is imported by src-main/engine alone: ask faceFinder',
    severity: 'error',
    from: { path: '^src-', pathNot: own('engine') },
    to: { path: 'node_modules/@vladmandic/' },
  },
  {
    name:
      'data reaches the engine through detectorProcess alone, so that TensorFlow can abort without the app: ' +
      'ask faceFinder',
    severity: 'error',
    from: { path: own('data'), pathNot: 'detectorProcess' },
    to: { path: [own('engine'), 'detectorProcess'] },
  },
  {
    name: 'better-sqlite3 is imported by src-main/store alone: ask the store',
    severity: 'error',
    from: { path: '^src-', pathNot: own('store') },
    to: { path: 'node_modules/better-sqlite3/' },
  },
  {
    name: 'electron is imported by src-main/doors/electron alone',
    severity: 'error',
    from: { path: '^src-', pathNot: own('doors/electron') },
    to: { path: 'node_modules/electron/' },
  },
  {
    name: 'doors are imported by nobody: doors -> workbench',
    severity: 'error',
    from: { path: '^src-main/(?!doors/)' },
    to: { path: own('doors') },
  },
  {
    name: 'the workbench is imported by doors alone: doors -> workbench -> the rest',
    severity: 'error',
    from: { path: '^src-main/(?!doors/|workbench/)' },
    to: { path: own('workbench') },
  },
  {
    name: 'model and loss may import engine, not train, evaluate, data, split, store or report',
    severity: 'error',
    from: { path: '^src-main/(model|loss)/' },
    to: { path: '^src-main/(train|evaluate|data|split|store|report)/' },
  },
  {
    name: 'data, split and store know nothing of training: train and evaluate -> data',
    severity: 'error',
    from: { path: '^src-main/(data|split|store)/' },
    to: { path: '^src-main/(train|evaluate|model|loss|report)/' },
  },
  {
    name: 'the renderer imports src-shared alone: talk to the contract',
    severity: 'error',
    from: { path: '^src-renderer/' },
    to: { path: '^src-main/' },
  },
  {
    name: 'no circle: cut it by moving what both need into a file of its own',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
];

test('imports point the way that DESIGN 2 says', async () => {
  process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
  const { output } = await cruise(['src-main', 'src-shared', 'src-renderer'], {
    ruleSet: { forbidden },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    validate: true,
  });
  const { summary, modules } = output as ICruiseResult;
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
    summary.violations.map((found) => `${found.from} -> ${found.to}: ${found.rule.name}`),
    [],
  );
});

test('the workbench never loads TensorFlow into its own process: it may abort there', async () => {
  process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
  const { output } = await cruise(['src-main'], { tsPreCompilationDeps: false, doNotFollow: { path: 'node_modules' } });
  const { modules } = output as ICruiseResult;
  const wayTo = new Map<string, string[]>([['src-main/workbench/openWorkbench.ts', []]]);
  for (const [source, way] of wayTo)
    for (const { resolved } of modules.find((module) => module.source === source)?.dependencies ?? [])
      if (!wayTo.has(resolved)) wayTo.set(resolved, [...way, source]);
  assert.ok(wayTo.size > 50, 'imports were not followed');
  assert.deepEqual(wayTo.get('src-main/engine/tensorflow.ts'), undefined);
});
