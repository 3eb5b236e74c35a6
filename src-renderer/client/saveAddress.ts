/** Lets the browser save what an address of the workbench holds, under the name that the workbench gives it. */
export function saveAddress(address: string): void {
  const link = document.createElement('a');
  link.href = address;
  link.download = '';
  link.click();
}
