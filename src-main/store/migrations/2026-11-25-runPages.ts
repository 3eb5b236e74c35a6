/** What long lists are found by: runs by when they were begun, events by their run. */
export const runPages = `
CREATE INDEX runByTime ON run (createdAt, id);
CREATE INDEX eventByRun ON event (run);
`;
