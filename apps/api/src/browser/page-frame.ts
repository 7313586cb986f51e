/** Where the style of our plain pages is: a Content-Security-Policy without inline styles can stay as strict as it is. */
export const pageStylePath = '/login/style.css';

export const pageStyle = `
:root { color-scheme: light dark; --text: #1d2733; --ground: #eef2f6; --card: #fff; --line: #8a99a8; --problem: #b3261e; --problem-ground: #fbeae9; }
@media (prefers-color-scheme: dark) { :root { --text: #d5dae0; --ground: #1a1b1e; --card: #25262b; --problem: #f2685f; --problem-ground: #3b1f1e; } }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); }
main { width: 22rem; max-width: calc(100vw - 6rem); padding: 2rem; background: var(--card); border-radius: 8px; box-shadow: 0 1px 4px #0003; overflow-wrap: anywhere; }
h1 { margin: 0 0 1rem; font-size: 1.3rem; }
label, input, button, .action { display: block; width: 100%; box-sizing: border-box; font: inherit; }
input { margin: .25rem 0 1rem; padding: .5rem; border: 1px solid var(--line); border-radius: 4px; }
button, .action { padding: .6rem; border: 0; border-radius: 4px; text-align: center; text-decoration: none; color: #fff; background: #1b5e8c; cursor: pointer; }
.action { margin-top: .75rem; }
.action + .action { color: var(--text); background: none; box-shadow: inset 0 0 0 1px var(--line); }
[role=alert] { padding: .5rem .75rem; border-left: 4px solid var(--problem); background: var(--problem-ground); }
`;

/**
 * A page that needs no script.
 * @param options.head, options.main HTML of ours
 */
export function pageFrame(options: { readonly title: string; readonly head?: string; readonly main: string }): string {
  const { title, head = '', main } = options;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${pageStylePath}">
${head}
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`;
}
