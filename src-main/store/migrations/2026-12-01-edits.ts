/**
 * What was changed by hand in a dataset: pictures and people that were excluded, new names, and tags; and the steps
 * that can be undone. Both are JSON.
 */
export const edits = `
ALTER TABLE dataset ADD COLUMN edits TEXT;
ALTER TABLE dataset ADD COLUMN undo TEXT;
`;
