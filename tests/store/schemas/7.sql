PRAGMA application_id = 1095910210;
PRAGMA user_version = 7;
CREATE TABLE dataset (hash TEXT PRIMARY KEY, source TEXT NOT NULL, layout TEXT NOT NULL, images INTEGER NOT NULL, people INTEGER NOT NULL, rejected TEXT NOT NULL) STRICT;
CREATE TABLE split (hash TEXT PRIMARY KEY, seed INTEGER NOT NULL, rule TEXT NOT NULL, folder TEXT NOT NULL, manifestHash TEXT NOT NULL, audit TEXT NOT NULL) STRICT;
CREATE TABLE plan (hash TEXT PRIMARY KEY, plan TEXT NOT NULL) STRICT;
CREATE TABLE run (
  id TEXT PRIMARY KEY, experiment TEXT NOT NULL, arm TEXT NOT NULL, seed INTEGER NOT NULL, planHash TEXT NOT NULL REFERENCES plan(hash), splitHash TEXT NOT NULL REFERENCES split(hash),
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'trained', 'done', 'failed', 'cancelled')), createdAt TEXT NOT NULL, finishedAt TEXT, message TEXT, initialWeightsHash TEXT
) STRICT;
CREATE TABLE point (run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE, name TEXT NOT NULL, step INTEGER NOT NULL, epoch INTEGER NOT NULL, value REAL, at INTEGER NOT NULL, PRIMARY KEY (run, name, step)) STRICT, WITHOUT ROWID;
CREATE TABLE event (id INTEGER PRIMARY KEY, run TEXT REFERENCES run(id) ON DELETE CASCADE, at TEXT NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL) STRICT;
CREATE TABLE artefact (run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE, kind TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (run, kind)) STRICT;
CREATE TABLE result (run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run, name)) STRICT;
CREATE INDEX runByPlan ON run (planHash);
ALTER TABLE dataset ADD COLUMN data TEXT;
ALTER TABLE dataset ADD COLUMN importedAt TEXT;
ALTER TABLE artefact ADD COLUMN sha256 TEXT;
CREATE TABLE latest (run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE, name TEXT NOT NULL, step INTEGER NOT NULL, epoch INTEGER NOT NULL, value REAL, PRIMARY KEY (run, name)) STRICT, WITHOUT ROWID;
INSERT INTO latest SELECT run, name, MAX(step), epoch, value FROM point GROUP BY run, name;
CREATE TABLE annotation (run TEXT PRIMARY KEY REFERENCES run(id) ON DELETE CASCADE, note TEXT NOT NULL, starred INTEGER NOT NULL) STRICT;
CREATE TABLE remark (planHash TEXT NOT NULL REFERENCES plan(hash) ON DELETE CASCADE, data TEXT NOT NULL, section TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (planHash, data, section)) STRICT;
ALTER TABLE event ADD COLUMN details TEXT;
CREATE INDEX runByTime ON run (createdAt, id);
CREATE INDEX eventByRun ON event (run);
CREATE TABLE picture (path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, modified REAL NOT NULL, changed REAL NOT NULL, inode REAL NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, contentHash TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE place (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO place VALUES ('/former');
ALTER TABLE dataset ADD COLUMN facesFound INTEGER NOT NULL DEFAULT 0;
INSERT INTO dataset VALUES ('d', '/faces', 'folders', 3, 2, '[]', '{"source":"/faces"}', '2026-11-24T09:00:00.000Z', 1);
INSERT INTO plan VALUES ('plan', '{"name":"older"}');
INSERT INTO split VALUES ('split', 1, '{}', '/splits/x', 'm', '[]');
INSERT INTO run (id, experiment, arm, seed, planHash, splitHash, status, createdAt) VALUES ('run', 'older', 'ArcFace', 1, 'plan', 'split', 'done', '2026-11-24T10:00:00.000Z');
INSERT INTO point VALUES ('run', 'loss', 1, 1, 4.5, 0), ('run', 'loss', 2, 1, 3.5, 0), ('run', 'rate', 1, 1, NULL, 0);
INSERT INTO event (run, at, kind, message) VALUES ('run', '2026-11-24T10:00:00.000Z', 'notice', 'kept');
INSERT INTO result VALUES ('run', 'summary', '{"epochs":2}');
INSERT INTO artefact VALUES ('run', 'weights', '/runs/run/weights.safetensors', 'abc');
INSERT INTO latest SELECT run, name, MAX(step), epoch, value FROM point GROUP BY run, name;
INSERT INTO annotation VALUES ('run', 'look here', 1);
INSERT INTO remark VALUES ('plan', '', 'verdict', 'mine');
