/** The report as one HTML file, beside report.md. */
export const pageName = 'report.html';
