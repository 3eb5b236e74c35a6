/** The first schema: datasets, splits, plans, runs, points, events, artefacts and results. */
export const first = `
CREATE TABLE dataset (
  hash TEXT PRIMARY KEY,
  source TEXT NOT NULL,
  layout TEXT NOT NULL,
  images INTEGER NOT NULL,
  people INTEGER NOT NULL,
  rejected TEXT NOT NULL
) STRICT;
CREATE TABLE split (
  hash TEXT PRIMARY KEY,
  seed INTEGER NOT NULL,
  rule TEXT NOT NULL,
  folder TEXT NOT NULL,
  manifestHash TEXT NOT NULL,
  audit TEXT NOT NULL
) STRICT;
CREATE TABLE plan (hash TEXT PRIMARY KEY, plan TEXT NOT NULL) STRICT;
CREATE TABLE run (
  id TEXT PRIMARY KEY,
  experiment TEXT NOT NULL,
  arm TEXT NOT NULL,
  seed INTEGER NOT NULL,
  planHash TEXT NOT NULL REFERENCES plan(hash),
  splitHash TEXT NOT NULL REFERENCES split(hash),
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'trained', 'done', 'failed', 'cancelled')),
  createdAt TEXT NOT NULL,
  finishedAt TEXT,
  message TEXT,
  initialWeightsHash TEXT
) STRICT;
CREATE TABLE point (
  run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  step INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  value REAL,
  at INTEGER NOT NULL,
  PRIMARY KEY (run, name, step)
) STRICT, WITHOUT ROWID;
CREATE TABLE event (
  id INTEGER PRIMARY KEY,
  run TEXT REFERENCES run(id) ON DELETE CASCADE,
  at TEXT NOT NULL,
  kind TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT;
CREATE TABLE artefact (
  run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  path TEXT NOT NULL,
  PRIMARY KEY (run, kind)
) STRICT;
CREATE TABLE result (
  run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, name)
) STRICT;
CREATE INDEX runByPlan ON run (planHash);
`;
