/**
 * Long lists and what is told in other languages: what an event says as data beside its English sentence, runs found by
 * when they were begun,
 * events by their run, and what a picture's header said when its file had this size and time (width and height after
 * the EXIF turn).
 */
export const pages = `
ALTER TABLE event ADD COLUMN details TEXT;
CREATE INDEX runByTime ON run (createdAt, id);
CREATE INDEX eventByRun ON event (run);
CREATE TABLE picture (path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, modified REAL NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;
