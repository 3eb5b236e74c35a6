import { ArcBenchError } from '../../../src-shared/errors.ts';

/** The address at which a served workbench opens, from what a user pasted. Throws 'wrong-input'. */
export function remoteAddress(address: string, token: string): URL {
  const text = address.trim();
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
    throw new ArcBenchError(
      'wrong-input',
      'The address begins with http:// or https://, as `arcbench serve` printed it.',
    );
  }
  const shown = token.trim() || url.searchParams.get('token') || '';
  if (shown === '')
    throw new ArcBenchError(
      'wrong-input',
      'The token is missing: paste the whole address that `arcbench serve` printed, or the token below it.',
    );
  return new URL(`/?token=${encodeURIComponent(shown)}`, url);
}
