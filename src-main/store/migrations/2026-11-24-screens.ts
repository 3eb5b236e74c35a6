/**
 * What screens keep: when and how a dataset was imported, the latest value of each curve, notes and stars on runs,
 * remarks in reports, hashes of artefacts.
 */
export const screens = `
ALTER TABLE dataset ADD COLUMN data TEXT;
ALTER TABLE dataset ADD COLUMN importedAt TEXT;
ALTER TABLE artefact ADD COLUMN sha256 TEXT;
CREATE TABLE latest (
  run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  step INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  value REAL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;
INSERT INTO latest SELECT run, name, MAX(step), epoch, value FROM point GROUP BY run, name;
CREATE TABLE annotation (
  run TEXT PRIMARY KEY REFERENCES run(id) ON DELETE CASCADE,
  note TEXT NOT NULL,
  starred INTEGER NOT NULL
) STRICT;
CREATE TABLE remark (
  planHash TEXT NOT NULL REFERENCES plan(hash) ON DELETE CASCADE,
  section TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (planHash, section)
) STRICT;
`;
