import { maskedCrc32c } from '../../../files/crc32c.ts';
import { MessageWriter } from '../../../files/protobuf.ts';

/** A value of a hyperparameter. */
export type Hyperparameter = number | string | boolean;

// Field numbers are those of TensorBoard's event.proto, summary.proto and hparams/plugin_data.proto.
const versionOfEvents = 'brain.Event:2';
const sessionLogStart = 1;
const sessionStatus = { succeeded: 1, failed: 2, running: 3 } as const;
export type SessionStatus = keyof typeof sessionStatus;

/** The record that every event file begins with. `at` is in milliseconds since 1970, here and below. */
export const versionRecord = (at: number): Uint8Array =>
  record(new MessageWriter().double(1, at / 1000).bytes(3, versionOfEvents));

/** The record of one point of a curve. A value of null is written as NaN. */
export function scalarRecord(
  tag: string,
  { step, at, value }: { readonly step: number; readonly at: number; readonly value: number | null },
): Uint8Array {
  const summary = new MessageWriter().bytes(1, tag).float(2, value ?? Number.NaN);
  return record(eventAt(at, step).bytes(5, new MessageWriter().bytes(1, summary)));
}

/** The record that makes TensorBoard forget the points from a step on, before they are written again. */
export const restartRecord = (at: number, step: number): Uint8Array =>
  record(eventAt(at, step).bytes(7, new MessageWriter().integer(1, sessionLogStart)));

/** The record of a run's hyperparameters. TensorBoard averages runs of one group. */
export function sessionStartRecord(
  at: number,
  { group, hyperparameters }: { readonly group: string; readonly hyperparameters: ReadonlyMap<string, Hyperparameter> },
): Uint8Array {
  const start = new MessageWriter();
  for (const [name, value] of hyperparameters)
    start.bytes(1, new MessageWriter().bytes(1, name).bytes(2, valueMessage(value)));
  start.bytes(4, group).double(5, at / 1000);
  return hyperparameterRecord(at, '_hparams_/session_start_info', new MessageWriter().integer(1, 0).bytes(3, start));
}

/** The record of how a run ended. */
export function sessionEndRecord(at: number, status: SessionStatus): Uint8Array {
  const end = new MessageWriter().integer(1, sessionStatus[status]).double(2, at / 1000);
  return hyperparameterRecord(at, '_hparams_/session_end_info', new MessageWriter().integer(1, 0).bytes(4, end));
}

function hyperparameterRecord(at: number, tag: string, content: MessageWriter): Uint8Array {
  const plugin = new MessageWriter().bytes(1, 'hparams').bytes(2, content);
  const summary = new MessageWriter().bytes(1, tag).bytes(9, new MessageWriter().bytes(1, plugin));
  return record(eventAt(at, 0).bytes(5, new MessageWriter().bytes(1, summary)));
}

const eventAt = (at: number, step: number) => new MessageWriter().double(1, at / 1000).integer(2, step);

function valueMessage(value: Hyperparameter): MessageWriter {
  switch (typeof value) {
    case 'number':
      return new MessageWriter().double(2, value);
    case 'string':
      return new MessageWriter().bytes(3, value);
    case 'boolean':
      return new MessageWriter().integer(4, value);
  }
}

/** A message as a record: its length and its bytes, each with a checksum. */
function record(message: MessageWriter): Uint8Array {
  const data = message.finish();
  const bytes = new Uint8Array(data.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return bytes;
}
