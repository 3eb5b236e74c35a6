/**
 * The decoded segments of an address below a door's root, without its query; null where a segment could leave its
 * folder or is not well-formed.
 */
export function addressSegments(address: string): readonly string[] | null {
  try {
    const segments = (address.split(/[?#]/, 1)[0] ?? '').replace(/^\//, '').split('/').map(decodeURIComponent);
    return segments.every(
      (segment) => segment !== '' && segment !== '.' && segment !== '..' && !/[/\\\0]/.test(segment),
    )
      ? segments
      : null;
  } catch {
    return null; // a % that starts no character
  }
}
