/**
 * For data that is known by its content. What was read of a picture is kept with the whole state of its file, and with
 * its SHA-256. The rows of before have no hash: the next import reads each file once.
 */
export const content = `
DROP TABLE picture;
CREATE TABLE picture (
  path TEXT PRIMARY KEY,
  bytes INTEGER NOT NULL,
  modified REAL NOT NULL,
  changed REAL NOT NULL,
  inode REAL NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  contentHash TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
