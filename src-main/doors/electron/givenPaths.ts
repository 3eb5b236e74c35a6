/** The part of a page's drop or change event that is used here. */
export interface GivingEvent<Given> {
  readonly isTrusted: boolean;
  readonly dataTransfer?: { readonly files: ArrayLike<Given> } | null;
  readonly target: unknown;
}

/**
 * Files and folders that the user gave the page by hand: dropped, or chosen in a field. A script can make up neither a
 * trusted event nor a file with a path.
 */
export function givenPaths<Given extends { readonly webkitRelativePath: string }>(
  event: GivingEvent<Given>,
  pathOf: (file: Given) => string,
): string[] {
  if (!event.isTrusted) return [];
  const chosen = (event.target as { readonly files?: ArrayLike<Given> | null } | null)?.files;
  const files = Array.from(event.dataTransfer?.files ?? chosen ?? []);
  const whole = files.map((file) => {
    const path = pathOf(file);
    const inside = file.webkitRelativePath.split('/').slice(1).join('/');
    return inside !== '' && path.replaceAll('\\', '/').endsWith(`/${inside}`)
      ? path.slice(0, -inside.length - 1)
      : path;
  });
  // A single face opens nothing else of its folder; a list of faces names pictures beside it.
  return [...new Set(whole.map((path) => path.replace(/[\\/][^\\/]+\.csv$/i, '')))].filter((path) => path !== '');
}
