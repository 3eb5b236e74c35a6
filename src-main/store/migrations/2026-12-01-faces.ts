/** Whether the detector has looked for faces in a dataset's pictures: an experiment made from it then uses them. */
export const foundFaces = `
ALTER TABLE dataset ADD COLUMN facesFound INTEGER NOT NULL DEFAULT 0;
`;
