/** An entry of split.allowFindings: the name or kind of a finding, and after a colon and a blank why it is harmless. */
export function allowedFinding(entry: string): { readonly name: string; readonly reason: string | null } {
  const end = entry.indexOf(': ');
  return end === -1
    ? { name: entry.trim(), reason: null }
    : { name: entry.slice(0, end).trim(), reason: entry.slice(end + 2).trim() || null };
}
