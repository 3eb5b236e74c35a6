/**
 * The decoded segments of an address below a door's root, its query left out; null where one could leave a folder or is
 * not well-formed.
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
