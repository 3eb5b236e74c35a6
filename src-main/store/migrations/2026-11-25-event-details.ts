/** What an event says as data, JSON, beside its English sentence: a report writes it in its own language. */
export const eventDetails = `
ALTER TABLE event ADD COLUMN details TEXT;
`;
