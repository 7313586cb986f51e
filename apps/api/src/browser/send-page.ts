import type { Response } from 'express';
import { pageFrame } from './page-frame.ts';

export interface Page {
  readonly title: string;
  readonly text: string;
  /** What can be done next. */
  readonly links?: readonly { readonly label: string; readonly href: string }[];
  /** Where it leads by itself, at once: an address of this server. */
  readonly leadsTo?: string;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Nothing but its style and its empty icon; not in a frame. */
const policy = "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'";

/** A plain page for a person, who has come here by a redirect: no script, nothing from elsewhere. */
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
