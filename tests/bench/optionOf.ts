/** The value after `--name` on the command line, or what it is without one. */
export function optionOf(name: string, otherwise: string): string;
export function optionOf(name: string, otherwise?: undefined): string | undefined;
export function optionOf(name: string, otherwise?: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? otherwise : (process.argv[at + 1] ?? otherwise);
}
