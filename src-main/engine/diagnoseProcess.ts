import { diagnose } from './diagnose.ts';

process.send?.(diagnose());
process.disconnect?.();
