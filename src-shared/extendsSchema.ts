import { z } from 'zod';

/** What `--extend` writes into a plan: the experiment whose runs go on. */
export const extendsSchema = z.strictObject({
  plan: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('the hash of the plan whose finished runs go on: each run goes on from that of its arm and seed'),
  epochs: z
    .int()
    .min(1)
    .describe('epochs planned before: batches and augmentation go on behind them, so that no draw is repeated'),
});
export type ExtendsPlan = z.infer<typeof extendsSchema>;
