/** The images of val: of people who are trained on, and of people who are held out for val. */
export interface ValImages {
  readonly ofClasses: readonly number[];
  readonly ofOthers: readonly number[];
}

/**
 * Parts val by its people. Accuracy is measured on other pictures of the people in training, identification on people
 * who are in val alone.
 */
export function valImages(
  images: readonly { readonly identity: string }[],
  { classes, val }: { readonly classes: readonly string[]; readonly val: readonly number[] },
): ValImages {
  const trained = new Set(classes);
  const isTrained = (index: number) => trained.has(images[index]?.identity ?? '');
  return { ofClasses: val.filter(isTrained), ofOthers: val.filter((index) => !isTrained(index)) };
}

/** The names of the people who are held out for val, in the order of their images. */
export const valPeople = (
  images: readonly { readonly identity: string }[],
  { classes, parts }: { readonly classes: readonly string[]; readonly parts: { readonly val: readonly number[] } },
): string[] => [
  ...new Set(valImages(images, { classes, val: parts.val }).ofOthers.map((index) => images[index]?.identity ?? '')),
];
