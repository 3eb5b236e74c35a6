import { MessageWriter } from '../../files/protobuf.ts';

/** Value of a node's attribute in a GraphDef. */
export type AttributeValue =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'integers'; readonly value: readonly number[] }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'type'; readonly value: number }
  | { readonly kind: 'shape'; readonly value: readonly number[] }
  | {
      readonly kind: 'tensor';
      readonly dtype: number;
      readonly shape: readonly number[];
      readonly content: Uint8Array;
    };

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** `node`, `node:output`, or `^node` for a control edge; control edges come last. */
  readonly inputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
}

function shapeMessage(shape: readonly number[]): MessageWriter {
  const message = new MessageWriter();
  for (const size of shape) message.bytes(2, new MessageWriter().integer(1, size));
  return message;
}

function attributeMessage(attribute: AttributeValue): MessageWriter {
  const message = new MessageWriter();
  switch (attribute.kind) {
    case 'string':
      return message.bytes(2, attribute.value);
    case 'integer':
      return message.integer(3, attribute.value);
    case 'float':
      return message.float(4, attribute.value);
    case 'boolean':
      return message.integer(5, attribute.value);
    case 'type':
      return message.integer(6, attribute.value);
    case 'shape':
      return message.bytes(7, shapeMessage(attribute.value));
    case 'integers': {
      const list = new MessageWriter();
      for (const value of attribute.value) list.integer(3, value);
      return message.bytes(1, list);
    }
    case 'tensor':
      return message.bytes(
        8,
        new MessageWriter()
          .integer(1, attribute.dtype)
          .bytes(2, shapeMessage(attribute.shape))
          .bytes(4, attribute.content),
      );
  }
}

/** Bytes of a `saved_model.pb` with one graph tagged `serve`. */
export function savedModelBytes(nodes: readonly GraphNode[]): Uint8Array {
  const graph = new MessageWriter();
  for (const node of nodes) {
    const message = new MessageWriter().bytes(1, node.name).bytes(2, node.op);
    for (const input of node.inputs) message.bytes(3, input);
    for (const [key, value] of node.attributes)
      message.bytes(5, new MessageWriter().bytes(1, key).bytes(2, attributeMessage(value)));
    graph.bytes(1, message);
  }
  // a GraphDef producer that TensorFlow 2.21 still reads without shims
  graph.bytes(4, new MessageWriter().integer(1, 1882));
  const information = new MessageWriter().bytes(4, 'serve');
  return new MessageWriter().integer(1, 1).bytes(2, new MessageWriter().bytes(1, information).bytes(2, graph)).finish();
}
