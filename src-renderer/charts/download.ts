/** Saves a file to the user's downloads. */
export function download(name: string, content: string | Blob): void {
  const address =
    typeof content === 'string' && content.startsWith('data:')
      ? content
      : URL.createObjectURL(
          typeof content === 'string' ? new Blob([content], { type: 'text/plain;charset=utf-8' }) : content,
        );
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  if (!address.startsWith('data:')) setTimeout(() => URL.revokeObjectURL(address), 1000);
}
