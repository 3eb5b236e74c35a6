/** How a report looks as one HTML file: on a screen, on a telephone and on paper. */
export const pageStyle = `:root {
  color-scheme: light dark;
  --page: #fff;
  --ink: #1c2330;
  --soft: #566072;
  --line: #d9dee7;
  --sunken: #f1f3f7;
  --accent: #1a56c4;
}
@media (prefers-color-scheme: dark) {
  :root { --page: #14181f; --ink: #e3e8f0; --soft: #9aa5b6; --line: #333b48; --sunken: #1f252f; --accent: #7fb0ff; }
}
body {
  margin: 0;
  padding: 32px 20px 64px;
  background: var(--page);
  color: var(--ink);
  font: 15px/1.6 system-ui, sans-serif;
}
main { max-width: 860px; margin: 0 auto; }
h1 { font-size: 26px; line-height: 1.25; }
h2 { margin-top: 40px; padding-top: 16px; border-top: 1px solid var(--line); font-size: 20px; }
h3 { margin-top: 28px; font-size: 16px; }
h1, h2, h3, h4 { text-wrap: balance; break-after: avoid; }
p, li, code { overflow-wrap: anywhere; }
a { color: var(--accent); }
img { display: block; max-width: 100%; height: auto; margin: 16px 0; break-inside: avoid; }
code { padding: 1px 4px; border-radius: 4px; background: var(--sunken); font-size: 13px; }
pre { padding: 12px 14px; border-radius: 8px; background: var(--sunken); overflow-x: auto; }
pre code { padding: 0; overflow-wrap: normal; }
blockquote { margin: 16px 0; padding: 6px 16px; border-left: 3px solid var(--accent); background: var(--sunken); }
.table { margin: 14px 0; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 13.5px; line-height: 1.45; }
th, td { padding: 6px 10px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
tr { break-inside: avoid; }
@media print {
  body { padding: 0; font-size: 10.5pt; }
  main { max-width: none; }
  .table { overflow: visible; }
  table { font-size: 8.5pt; }
}
`;
