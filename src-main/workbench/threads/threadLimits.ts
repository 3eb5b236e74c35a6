import type { ResourceLimits } from 'node:worker_threads';

/**
 * Of every thread that lives as long as the workbench. What is made and soon forgotten gets 8 MiB before it is
 * collected; V8 would take up to 192 MiB for it and keep most.
 */
export const threadLimits: ResourceLimits = { maxYoungGenerationSizeMb: 8 };
