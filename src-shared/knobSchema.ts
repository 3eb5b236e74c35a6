import { z } from 'zod';

/** The parts of zod's JSON Schema that name keys, ranges, defaults and meanings. */
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

/** The input of a schema, as knobs. */
export const knobSchemaOf = (schema: z.ZodType): KnobSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as KnobSchema;

/** The range of a knob's numbers in words. */
export function rangeOf(knob: KnobSchema | undefined): string {
  const whole = knob?.type === 'integer' ? 'a whole number' : 'a number';
  const unit = ['pixels', 'radians'].find((name) => knob?.description?.includes(name) === true);
  const bounds: string[] = [];
  // JSON Schema gives every integer the bounds of safe integers; they mean nothing to the user.
  const limit = (bound: number | undefined) =>
    bound === undefined || Math.abs(bound) >= Number.MAX_SAFE_INTEGER ? undefined : bound;
  const least = limit(knob?.minimum);
  const above = limit(knob?.exclusiveMinimum);
  const most = limit(knob?.maximum);
  const below = limit(knob?.exclusiveMaximum);
  if (least !== undefined && most !== undefined) bounds.push(`from ${least} to ${most}`);
  else {
    if (least !== undefined) bounds.push(`of at least ${least}`);
    if (above !== undefined) bounds.push(`above ${above}`);
    if (most !== undefined) bounds.push(bounds.length > 0 ? `at most ${most}` : `of at most ${most}`);
    if (below !== undefined) bounds.push(`below ${below}`);
  }
  return `${whole}${unit === undefined ? '' : ` of ${unit}`}${bounds.length > 0 ? ` ${bounds.join(' and ')}` : ''}`;
}
