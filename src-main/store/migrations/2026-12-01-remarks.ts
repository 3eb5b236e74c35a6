/**
 * Remarks belong to a plan and to the data that its runs saw: the hash of their prepared set. Those of before go to the
 * newest data of their plan.
 */
export const remarks = `
CREATE TABLE remarkOnData (
  planHash TEXT NOT NULL REFERENCES plan(hash) ON DELETE CASCADE,
  data TEXT NOT NULL,
  section TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (planHash, data, section)
) STRICT;
INSERT INTO remarkOnData SELECT planHash, coalesce((
  SELECT json_extract(result.value, '$.prepared') FROM run JOIN result ON result.run = run.id AND result.name = 'faces'
  WHERE run.planHash = remark.planHash ORDER BY run.createdAt DESC, run.id DESC LIMIT 1
), ''), section, text FROM remark;
DROP TABLE remark;
ALTER TABLE remarkOnData RENAME TO remark;
`;
