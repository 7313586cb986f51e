/** Where the page's style is: a Content-Security-Policy without inline styles can stay as strict as it is. */
export const loginStylePath = '/login/style.css';

export const loginStyle = `
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 16px/1.5 system-ui, sans-serif; color: #1d2733; background: #eef2f6; }
main { width: 22rem; padding: 2rem; background: #fff; border-radius: 8px; box-shadow: 0 1px 4px #0003; }
h1 { margin: 0 0 1rem; font-size: 1.3rem; }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit; }
input { margin: .25rem 0 1rem; padding: .5rem; border: 1px solid #8a99a8; border-radius: 4px; }
button { padding: .6rem; border: 0; border-radius: 4px; color: #fff; background: #1b5e8c; cursor: pointer; }
[role=alert] { padding: .5rem .75rem; border-left: 4px solid #b3261e; background: #fbeae9; }
`;

/** The page to log in with an API key. @param options.problem a text of ours, why the last attempt failed. */
export function loginPage({ next, problem }: { readonly next: string; readonly problem?: string | undefined }): string {
  // The encoding also takes away what could end the attribute.
  const action = `/login?next=${encodeURIComponent(next)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bulkhead: log in</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${loginStylePath}">
</head>
<body>
<main>
<h1>Bulkhead</h1>
${problem === undefined ? '' : `<p role="alert">${problem}</p>`}
<form method="post" action="${action}">
<label for="key">API key</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Log in</button>
</form>
</main>
</body>
</html>
`;
}
