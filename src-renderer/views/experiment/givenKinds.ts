import type { GivenModel } from '../../../src-shared/arms.ts';

/** How the form names what an arm is that is not trained here. */
export const givenKinds = {
  onnx: {
    title: 'Model (ONNX)',
    choose: 'Choose an ONNX model',
    endings: ['.onnx'],
    help: 'A model of others, or model.onnx of an exported run. It is evaluated as the other arms are.',
  },
  embeddings: {
    title: 'Embeddings (.npy)',
    choose: 'Choose embeddings',
    endings: ['.npy'],
    help: 'Embeddings of the pictures of this data, with labels.tsv beside them, as arcbench embed writes them.',
  },
} as const satisfies Record<
  GivenModel['kind'],
  { readonly title: string; readonly choose: string; readonly endings: readonly string[]; readonly help: string }
>;
