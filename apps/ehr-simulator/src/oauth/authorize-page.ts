import type { Reply } from '../http/reply.ts';

/** On which a user logs in and allows or denies; its form comes to the same address. No text of the request gets into it. */
export function authorizePage(): Reply {
  const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Simulated athenahealth</title><link rel="icon" href="data:,"></head>
<body>
<h1>Simulated athenahealth</h1>
<p>An application asks to read the records of a patient.</p>
<form method="post">
<p><label>User <input name="user" autocomplete="off" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="off" required></label></p>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny" formnovalidate>Deny</button>
</form>
</body>
</html>
`;
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };
  return { status: 200, headers, body: Buffer.from(html) };
}
