/** Origin of an address, also of a scheme of our own, for which URL says 'null'. */
export function originIn(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { protocol, host } = new URL(address);
  return `${protocol}//${host}`;
}
