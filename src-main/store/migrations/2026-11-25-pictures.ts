/** What a picture's header said when its file had this size and time: width and height after the EXIF turn, or why it cannot be used. */
export const pictures = `
CREATE TABLE picture (path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, modified REAL NOT NULL, width INTEGER, height INTEGER, reason TEXT) STRICT, WITHOUT ROWID;
`;
