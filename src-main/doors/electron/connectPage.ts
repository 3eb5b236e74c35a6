/** The page that asks for a remote workbench runs no script: the window catches the navigation of its form. */
export const connectPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The page with its form, the last address, and what was wrong with that address. */
export const connectPage = (fault: string | null, address: string | null): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>Open remote workbench</title>
<style>
  body { font: 14px system-ui, sans-serif; margin: 20px }
  label { display: block; margin-top: 12px }
  input { box-sizing: border-box; width: 100%; font: inherit; padding: 6px }
  p { margin: 0 }
  [role=alert] { color: #c62828; margin-top: 12px }
  button { font: inherit; margin-top: 16px; padding: 6px 16px }
  code { font-family: ui-monospace, monospace }
</style>
<p>
  On the other machine, run <code>npm run serve</code> (or <code>arcbench serve</code> of a packaged app).
  Then forward its port to this machine: <code>ssh -L 4477:127.0.0.1:4477 machine</code>.
</p>
<form action="/open" method="get">
  <label>Address that it printed
    <input name="address" value="${escaped(address ?? '')}" required autofocus spellcheck="false" autocomplete="off"
      placeholder="http://127.0.0.1:4477/?token=…">
  </label>
  <label>Token, if the address has none <input name="token" type="password" autocomplete="off"></label>
  ${fault === null ? '' : `<p role="alert">${escaped(fault)}</p>`}
  <button>Open</button>
</form></html>`;
