import { createHash } from 'node:crypto';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** A text with its SHA-256 in the first line. */
export const checksummed = (body: string): string => `${sha256(body)}\n${body}`;

/** The text after its checksum; throws where the checksum is wrong. */
export function checkedBody(text: string): string {
  const newline = text.indexOf('\n');
  const body = text.slice(newline + 1);
  if (text.slice(0, newline) !== sha256(body)) throw new Error('the checksum does not fit');
  return body;
}
