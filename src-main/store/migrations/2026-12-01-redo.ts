/** The changes of a dataset that were undone and can be done again, as JSON like those that can be undone. */
export const redo = `
ALTER TABLE dataset ADD COLUMN redo TEXT;
`;
