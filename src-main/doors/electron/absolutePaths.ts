import { isAbsolute, resolve } from 'node:path';
import { isMap, parseDocument } from 'yaml';

const paths: readonly (readonly [section: string, knob: string, words: readonly string[]])[] = [
  ['data', 'source', ['demo']],
  ['model', 'weights', ['random', 'imagenet']],
  ['evaluation', 'pairs', ['built']],
];

/**
 * An experiment's text with the paths that are relative to its file made absolute, so that it means the same in the
 * workspace. A text that is not YAML stays as it is.
 */
export function withAbsolutePaths(yaml: string, folder: string): string {
  const document = parseDocument(yaml, { logLevel: 'error' });
  if (document.errors.length > 0 || !isMap(document.contents)) return yaml;
  const changed = paths.filter(([section, knob, words]) => {
    const value = document.getIn([section, knob]);
    if (typeof value !== 'string' || words.includes(value) || isAbsolute(value)) return false;
    document.setIn([section, knob], resolve(folder, value));
    return true;
  });
  return changed.length > 0 ? document.toString({ lineWidth: 0 }) : yaml;
}
