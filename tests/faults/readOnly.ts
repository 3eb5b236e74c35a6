// The long form of readOnly.test.ts: every kind of file of a workspace, not a choice of them.
process.env['ARCBENCH_ALL_KINDS'] = '1';
await import('./readOnly.test.ts');
