/** How many numbers a tensor of a shape holds: the product of its sizes, 1 for a scalar. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((count, size) => count * size, 1);
