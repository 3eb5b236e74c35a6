/** How many people some images show. */
export const countPeople = (images: readonly { readonly identity: string }[]): number =>
  new Set(images.map((image) => image.identity)).size;
