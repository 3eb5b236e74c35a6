import { readFileSync, statSync } from 'node:fs';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { onnxHeader, type OnnxHeader, type OnnxValue } from './onnxHeader.ts';
import { readFault } from '../../files/readFault.ts';

/** A model for face recognition that was trained elsewhere, as its file says that it is to be used. */
export interface GivenNetwork {
  readonly bytes: Buffer;
  readonly input: string;
  /** Pictures that it takes at once; null where it takes any number. */
  readonly batch: number | null;
  /** A value of a pixel, 0 to 255, enters as (value - mean) / deviation. */
  readonly mean: number;
  readonly deviation: number;
  readonly colour: 'RGB' | 'BGR';
  readonly parameters: number;
  /** How the faces of its training were aligned; null where the file does not say. */
  readonly alignment: string | null;
}

const mostBytes = 2 ** 31; // what one protocol buffer may hold
const float32 = 1;
const usual = { mean: 127.5, deviation: 127.5 }; // insightface's

/**
 * Reads a model from an ONNX file and looks whether it can judge faces of one size. Throws 'wrong-input' with one
 * sentence where it cannot.
 */
export function readGivenNetwork(path: string, inputSize: number): GivenNetwork {
  const bytes = readWhole(path);
  const header = headerOf(path, bytes);
  const [input, ...others] = header.inputs;
  if (!input || others.length > 0)
    throw refusal(path, `has ${named(header.inputs, 'inputs')}, where one was expected: the pictures`);
  checkInput(path, input, inputSize);
  checkOutput(path, header.outputs);
  if (header.isSplit)
    throw refusal(path, 'keeps its weights in other files, and one file was expected: save it with its weights inside');
  const alignment = header.metadata.get('alignment') ?? null;
  return {
    bytes,
    input: input.name,
    batch: input.shape[0] ?? null,
    ...pixelValues(path, header),
    parameters: header.parameters,
    alignment,
  };
}

const refusal = (path: string, what: string, cause?: unknown) =>
  new ArcBenchError('wrong-input', `${path} ${what}.`, { cause });

function readWhole(path: string): Buffer {
  const state = statSync(path, { throwIfNoEntry: false });
  if (!state?.isFile())
    throw new ArcBenchError('wrong-input', `There is no file ${path}: an ONNX model was expected; correct the arm.`);
  if (state.size >= mostBytes)
    throw refusal(path, `has ${state.size} bytes, and an ONNX file has less than ${mostBytes}`);
  try {
    return readFileSync(path);
  } catch (cause) {
    throw readFault(cause, path) ?? refusal(path, 'went away while it was read: name it again', cause);
  }
}

function headerOf(path: string, bytes: Buffer): OnnxHeader {
  try {
    return onnxHeader(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw refusal(path, `is no ONNX model (${reason}): name a file such as the model.onnx of an export`, cause);
  }
}

const named = (values: readonly OnnxValue[], what: string): string =>
  values.length === 0 ? `no ${what}` : `${values.length} ${what} (${values.map(({ name }) => name).join(', ')})`;
const sizes = ({ shape }: OnnxValue): string => `[${shape.map((size) => size ?? 'any').join(', ')}]`;

/** The axes of the input must be [batch, 3, height, width], with the size of the prepared faces. */
function checkInput(path: string, input: OnnxValue, inputSize: number): void {
  const [, channels, height, width] = input.shape;
  const expected = 'float32 pictures as [batch, 3, height, width] were expected';
  if (input.type !== float32) throw refusal(path, `takes elements of ONNX type ${input.type}, and ${expected}`);
  if (input.shape.length !== 4) throw refusal(path, `takes an input of shape ${sizes(input)}, and ${expected}`);
  if (channels !== 3 && width === 3)
    throw refusal(path, `takes ${sizes(input)}, with the channels last, and ${expected}: transpose its input`);
  if (channels !== 3)
    throw refusal(path, `takes pictures with ${channels ?? 'any number of'} channels, and 3 (RGB) were expected`);
  const wanted = [height, width].filter((size) => typeof size === 'number');
  if (wanted.some((size) => size !== inputSize))
    throw refusal(
      path,
      `takes pictures of ${height ?? inputSize} x ${width ?? inputSize} pixels, and prepare.inputSize is ${inputSize}` +
        (height === width ? `: set it to ${height}, for all arms` : ': a square was expected'),
    );
}

function checkOutput(path: string, outputs: readonly OnnxValue[]): void {
  const [output, ...others] = outputs;
  if (!output || others.length > 0)
    throw refusal(path, `has ${named(outputs, 'outputs')}, where one was expected: the embeddings`);
  if (output.shape.slice(2).some((size) => size !== 1) || output.shape.length === 1)
    throw refusal(path, `gives ${sizes(output)}, and embeddings as [batch, numbers] were expected`);
}

/**
 * How pixels become the input: as the metadata say, else as insightface decides: a model whose first nodes subtract and
 * multiply takes the values as they are.
 */
function pixelValues(
  path: string,
  { metadata, firstNodes }: OnnxHeader,
): Pick<GivenNetwork, 'mean' | 'deviation' | 'colour'> {
  const begins = (...starts: string[]) => firstNodes.some((name) => starts.some((start) => name.startsWith(start)));
  const own = begins('Sub', '_minus') && begins('Mul', '_mul') ? { mean: 0, deviation: 1 } : usual;
  const number = (key: string, otherwise: number): number => {
    const written = metadata.get(key);
    const value = written === undefined ? otherwise : Number(written);
    if (Number.isFinite(value) && (key !== 'input_std' || value > 0)) return value;
    throw refusal(path, `has the ${key} '${written}' in its metadata, and a number was expected`);
  };
  const colour = metadata.get('color') ?? 'RGB';
  if (colour !== 'RGB' && colour !== 'BGR')
    throw refusal(path, `has the color '${colour}' in its metadata, and RGB or BGR was expected`);
  return { mean: number('input_mean', own.mean), deviation: number('input_std', own.deviation), colour };
}
