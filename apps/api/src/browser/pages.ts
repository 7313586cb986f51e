import type { ErrorCode } from '@bulkhead/runtime';
import type { Request, RequestHandler, Response } from 'express';

export interface Page {
  readonly title: string;
  readonly text: string;
  /** Links to the next actions. */
  readonly links?: readonly { readonly label: string; readonly href: string }[];
  /** An address of this server that the page redirects to at once. */
  readonly leadsTo?: string;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Allows only the style and the empty icon of the page, and no frames. */
const policy = "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'";

/** Sends a plain page to a person who was redirected here. It has no script and loads nothing from other servers. */
export function sendPage(response: Response, { status, ...page }: Page & { readonly status: number }): void {
  const { text, links = [], leadsTo } = page;
  const title = escaped(page.title);
  const actions = links.map(({ label, href }) => `<a class="action" href="${escaped(href)}">${escaped(label)}</a>`);
  const html = pageFrame({
    title,
    head: leadsTo === undefined ? '' : `<meta http-equiv="refresh" content="0; url=${escaped(leadsTo)}">`,
    main: [`<h1>${title}</h1>`, `<p>${escaped(text)}</p>`, ...actions].join('\n'),
  });
  response.status(status).set('Content-Security-Policy', policy).type('html').send(html);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => escapes[sign] ?? '');
}

/** The style of our plain pages is a separate file, so the Content-Security-Policy need not allow inline styles. */
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
 * The frame of a page without scripts.
 * @param options.head, options.main trusted HTML
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

/** An error as the API reports it. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
}

type PageOf = (options: { readonly request: Request; readonly problem: Problem }) => Page | Promise<Page>;

const pages = new WeakMap<Response, (problem: Problem) => Page | Promise<Page>>();

/** For addresses that people open in a browser: an error is shown as a page if the browser accepts one. */
export function showErrorPage(pageOf: PageOf): RequestHandler {
  return (request, response, next) => {
    if (wantsPage(request)) pages.set(response, (problem) => pageOf({ request, problem }));
    next();
  };
}

/** @returns undefined if a program sent the request */
export function errorPageOf(options: { readonly response: Response; readonly problem: Problem }) {
  return pages.get(options.response)?.(options.problem);
}

export function wantsPage(request: Request): boolean {
  return request.accepts(['json', 'html']) === 'html';
}
