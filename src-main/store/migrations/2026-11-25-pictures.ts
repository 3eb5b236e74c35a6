/** What a picture's header said when its file had this size and time: width and height after the EXIF turn. */
export const pictures = `
CREATE TABLE picture (path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, modified REAL NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;
