import { statSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { root } from './table-of-contents.ts';

type Token = Parameters<MarkdownRenderer['renderer']['render']>[0][number];

/** Where the API reference is on the site. The development server has no index of a folder. */
export const apiReference = '/docs/api-reference/index.html';

/** Returns the path of a page on the site, without a `/` at its start. A folder's README.md is its index. */
export function sitePath(page: string): string {
  return page
    .replace(/(^|\/)README\.md$/, '$1index.md')
    .replace(/^scripts\/site\/cli-reference\//, 'docs/cli/')
    .replace(/^scripts\/site\/vendors\//, 'docs/vendors/');
}

/**
 * Makes the relative links of the pages, which are written for GitHub, work on the site: a link to a page of the site leads to that page,
 * a link to the OpenAPI document to the API reference, and a link to any other file to the repository, if it has an address.
 */
export function repositoryLinks(options: {
  readonly pages: readonly string[];
  /** Undefined until the project has an address. Then a link to a file outside the site is only its text. */
  readonly repository: string | undefined;
  /** The path at which the site is served, such as `/bulkhead`. */
  readonly base: string;
}) {
  const { pages, repository, base } = options;
  const siteUrl = (page: string, target: string): string | undefined => {
    const [path = '', hash] = target.split('#');
    const file = posix.join(posix.dirname(page), decodeURI(path)).replace(/\/$/, '');
    const suffix = hash === undefined ? '' : `#${hash}`;
    if (file === 'docs/openapi.txt') return apiReference;
    if (pages.includes(file)) return `/${sitePath(file)}${suffix}`;
    const kind = statSync(join(root, file)).isDirectory() ? 'tree' : 'blob';
    return repository === undefined ? undefined : `${repository}/${kind}/main/${file}${suffix}`;
  };

  const setUrl = (token: Token, url: string): void => {
    token.attrSet('href', url === apiReference ? `${base}${url}` : url);
    // VitePress would load it as one of its pages, and adds the base to those only.
    if (url === apiReference) token.attrSet('target', '_self');
  };

  const rewrite = (page: string, inline: readonly Token[]): void => {
    for (const [index, token] of inline.entries()) {
      const href = token.attrGet('href');
      if (token.type !== 'link_open' || !href || /^(?:[a-z]+:|#|\/)/i.test(href)) continue;
      const url = siteUrl(page, href);
      if (url === undefined)
        toText(
          token,
          inline.slice(index).find(({ type }) => type === 'link_close'),
        );
      else setUrl(token, url);
    }
  };

  return (md: MarkdownRenderer): void => {
    md.core.ruler.push('repository-links', ({ tokens, env }) => {
      const page = posix.relative(root, env.realPath ?? env.path);
      for (const { children } of tokens) rewrite(page, children ?? []);
    });
  };
}

/** Makes the tags empty texts. */
function toText(...tags: readonly (Token | undefined)[]): void {
  for (const tag of tags) if (tag) Object.assign(tag, { type: 'text', tag: '', nesting: 0, content: '' });
}
