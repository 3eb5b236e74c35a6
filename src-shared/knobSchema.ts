import { z } from 'zod';

/** A schema as zod's JSON Schema shows it: enough to name keys, ranges, defaults and meanings. */
export interface KnobSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly const?: unknown;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, KnobSchema>>;
  readonly additionalProperties?: KnobSchema | false;
  readonly items?: KnobSchema;
  readonly oneOf?: readonly KnobSchema[];
  readonly anyOf?: readonly KnobSchema[];
}

/** What a schema takes, as knobs. */
export const knobSchemaOf = (schema: z.ZodType): KnobSchema => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as KnobSchema;
