import type { ErrorCode } from '@bulkhead/base';
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

/** The mark of the console's icon. A data address, because the pages load no other file. */
const icon = encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b4f6c"/><path d="M7 6h5v20H7zM20 6h5v20h-5z" fill="#fff"/><path d="M12 14h8v4h-8z" fill="#7cc6d6"/></svg>',
);

/** The colours, the font and the shapes of the console (apps/console/src/app.tsx). */
export const pageStyle = `
:root { color-scheme: light dark; --text: #000; --dimmed: #495057; --ground: #fff; --line: #dee2e6; --field: #ced4da; --action: #0b5f7e; --problem: #c92a2a; --problem-ground: #fff0f0; }
@media (prefers-color-scheme: dark) { :root { --text: #c9c9c9; --dimmed: #adb5bd; --ground: #242424; --line: #424242; --field: #696969; --action: #1a7a9e; --problem: #ff8787; --problem-ground: #3b2424; } }
body { margin: 0; min-height: 100vh; font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; color: var(--text); background: var(--ground); }
header { display: flex; align-items: center; gap: 10px; height: 55px; padding: 0 16px; border-bottom: 1px solid var(--line); font-weight: 700; font-size: 18px; }
header::before { content: ""; width: 28px; height: 28px; background: url("data:image/svg+xml,${icon}"); }
main { width: 24rem; max-width: calc(100vw - 2rem); box-sizing: border-box; margin: 12vh auto 2rem; padding: 1.5rem; border: 1px solid var(--line); border-radius: 4px; overflow-wrap: anywhere; }
h1 { margin: 0 0 1rem; font-size: 1.375rem; line-height: 1.4; }
label, input, button, .action { display: block; width: 100%; box-sizing: border-box; font: inherit; font-size: 14px; }
label { font-weight: 500; }
label small { display: block; font-size: 12px; font-weight: 400; color: var(--dimmed); }
input { margin: .25rem 0 1rem; padding: .45rem .75rem; border: 1px solid var(--field); border-radius: 4px; color: inherit; background: none; }
input:focus { outline: none; border-color: var(--action); }
button, .action { padding: .5rem 1rem; border: 0; border-radius: 4px; text-align: center; text-decoration: none; font-weight: 600; color: #fff; background: var(--action); cursor: pointer; }
button:focus-visible, .action:focus-visible { outline: 2px solid var(--action); outline-offset: 2px; }
.action { margin-top: .75rem; }
.action + .action { color: var(--text); background: none; box-shadow: inset 0 0 0 1px var(--field); }
[role=alert] { padding: .5rem .75rem; border-left: 4px solid var(--problem); border-radius: 4px; background: var(--problem-ground); font-size: 14px; }
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
<header>Bulkhead</header>
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
