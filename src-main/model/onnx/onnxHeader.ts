import { protobufFields } from '../../files/protobufFields.ts';

/** An input or output of a model. */
export interface OnnxValue {
  readonly name: string;
  /** The number of ONNX's element type, such as 1 for float32; 0 where none is stated. */
  readonly type: number;
  /** Sizes of the axes; null for one that may have any size. */
  readonly shape: readonly (number | null)[];
}

/** What an ONNX file says of itself, without its weights. */
export interface OnnxHeader {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly metadata: ReadonlyMap<string, string>;
  /** The names of the first nodes, by which insightface sees how a model wants its input. */
  readonly firstNodes: readonly string[];
  /** How many numbers its float32 weights have. */
  readonly parameters: number;
  /** Whether some weights lie in other files. */
  readonly isSplit: boolean;
}

const nodesLookedAt = 8;
const float32 = 1;
const externalLocation = 1;
const text = (bytes: Uint8Array | null): string => new TextDecoder().decode(bytes ?? undefined);

/** Reads the header of an ONNX file. Throws an Error with half a sentence where the bytes are no ONNX model. */
export function onnxHeader(bytes: Uint8Array): OnnxHeader {
  const metadata = new Map<string, string>();
  let graph: Uint8Array | null = null;
  for (const { field, bytes: own } of protobufFields(bytes)) {
    if (field === 7) graph = own;
    if (field === 14 && own) {
      const fields = [...protobufFields(own)];
      metadata.set(text(lastOf(fields, 1)), text(lastOf(fields, 2)));
    }
  }
  if (graph === null) throw new Error('it has no graph');
  return { metadata, ...graphHeader(graph) };
}

type Fields = readonly { readonly field: number; readonly bytes: Uint8Array | null }[];
const lastOf = (fields: Fields, wanted: number): Uint8Array | null =>
  fields.findLast(({ field }) => field === wanted)?.bytes ?? null;

function graphHeader(graph: Uint8Array): Omit<OnnxHeader, 'metadata'> {
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const firstNodes: string[] = [];
  const weights = new Set<string>();
  let parameters = 0;
  let isSplit = false;
  for (const { field, bytes } of protobufFields(graph)) {
    if (bytes === null) continue;
    if (field === 1 && firstNodes.length < nodesLookedAt) firstNodes.push(text(lastOf([...protobufFields(bytes)], 3)));
    if (field === 5) {
      const tensor = tensorHeader(bytes);
      weights.add(tensor.name);
      if (tensor.type === float32) parameters += tensor.count;
      isSplit ||= tensor.isElsewhere;
    }
    if (field === 11) inputs.push(valueOf(bytes));
    if (field === 12) outputs.push(valueOf(bytes));
  }
  // Files of older versions list their weights as inputs too.
  return { inputs: inputs.filter(({ name }) => !weights.has(name)), outputs, firstNodes, parameters, isSplit };
}

function tensorHeader(bytes: Uint8Array) {
  let name = '';
  let type = 0;
  let count = 1;
  let isElsewhere = false;
  for (const { field, number, bytes: own } of protobufFields(bytes)) {
    if (field === 1 && number !== null) count *= number;
    if (field === 1 && own) count *= packedProduct(own);
    if (field === 2 && number !== null) type = number;
    if (field === 8) name = text(own);
    if (field === 14 && number === externalLocation) isElsewhere = true;
  }
  return { name, type, count, isElsewhere };
}

/** The product of packed varints, which are the sizes of a tensor's axes. */
function packedProduct(bytes: Uint8Array): number {
  let product = 1;
  let value = 0;
  let place = 0;
  for (const byte of bytes) {
    value += (byte & 127) * 2 ** (7 * place++);
    if (byte >= 128) continue;
    product *= value;
    value = 0;
    place = 0;
  }
  return product;
}

function valueOf(bytes: Uint8Array): OnnxValue {
  const fields = [...protobufFields(bytes)];
  const type = [...protobufFields(lastOf(fields, 2) ?? new Uint8Array())];
  const tensor = [...protobufFields(lastOf(type, 1) ?? new Uint8Array())];
  const shape = [...protobufFields(lastOf(tensor, 2) ?? new Uint8Array())];
  return {
    name: text(lastOf(fields, 1)),
    type: tensor.find(({ field }) => field === 1)?.number ?? 0,
    shape: shape.flatMap(({ field, bytes: axis }) => {
      if (field !== 1 || !axis) return [];
      const size = [...protobufFields(axis)].find((own) => own.field === 1)?.number ?? null;
      return [size !== null && size > 0 && size < 2 ** 31 ? size : null];
    }),
  };
}
