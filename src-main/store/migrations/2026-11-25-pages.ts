/**
 * For long lists and for other languages. An event holds as data what its English sentence says; runs are found by the
 * time at which they began, and events by their run; and what a picture's header said is kept with the size and time of
 * its file (width and height after the EXIF turn).
 */
export const pages = `
ALTER TABLE event ADD COLUMN details TEXT;
CREATE INDEX runByTime ON run (createdAt, id);
CREATE INDEX eventByRun ON event (run);
CREATE TABLE picture (
  path TEXT PRIMARY KEY,
  bytes INTEGER NOT NULL,
  modified REAL NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
