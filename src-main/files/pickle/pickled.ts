export interface PickledTuple<Extra> {
  readonly kind: 'tuple';
  readonly items: readonly Pickled<Extra>[];
}
export interface PickledList<Extra> {
  readonly kind: 'list';
  readonly items: Pickled<Extra>[];
}
export interface PickledDict<Extra> {
  readonly kind: 'dict';
  readonly entries: Map<string | number, Pickled<Extra>>;
}
/** A name that a pickle may use: what it would be in Python is never looked up. */
export interface PickledName {
  readonly kind: 'global';
  readonly name: string;
}

/** A value of a pickle; `Extra` are the objects that one kind of file has besides, each with a `kind` of its own. */
export type Pickled<Extra> =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickledTuple<Extra>
  | PickledList<Extra>
  | PickledDict<Extra>
  | PickledName
  | Extra;

type Value<Extra> = Pickled<Extra> | undefined;

const kindOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'kind' in value ? value.kind : null;

export const isTuple = <Extra>(value: Value<Extra>): value is PickledTuple<Extra> => kindOf(value) === 'tuple';
export const isList = <Extra>(value: Value<Extra>): value is PickledList<Extra> => kindOf(value) === 'list';
export const isDict = <Extra>(value: Value<Extra>): value is PickledDict<Extra> => kindOf(value) === 'dict';
export const isName = <Extra>(value: Value<Extra>): value is PickledName => kindOf(value) === 'global';
