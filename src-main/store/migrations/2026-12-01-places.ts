/**
 * Where the workspace has been: paths below a former place are looked for in the workspace. Before, the folders of
 * splits were kept by their full paths, which tell the place.
 */
export const places = `
CREATE TABLE place (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO place
  SELECT DISTINCT substr(folder, 1, length(folder) - length('/splits/' || substr(hash, 1, 16)))
  FROM split WHERE folder LIKE '%_/splits/' || substr(hash, 1, 16);
`;
