import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DefaultTheme, defineConfig } from 'vitepress';
import { headingAnchor } from '../../docs/heading-anchor.ts';
import { projectAddress } from '../../project-address.ts';
import { thirdPartyLicenses } from '../../release/third-party-licenses.ts';
import { apiReference, repositoryLinks, sitePath } from '../links.ts';
import { searchOptions } from '../search-options.ts';
import { contentsPage, type Entry, listPages, readSections, root } from '../table-of-contents.ts';
import { publicFolder, writeApiReference } from '../write-api-reference.ts';
import { writePages, written } from '../write-pages.ts';

const { description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const repository = projectAddress();
/** The path at which the site is served, such as `/bulkhead`. The workflow passes it. */
const base = process.env.BASE_PATH ?? '';
const contentSecurityPolicy =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";
const sections = readSections();
const pages = listPages(sections);
writeApiReference(contentSecurityPolicy);
/** The page of the contents below which the pages of a program are shown. */
const below: Readonly<Record<string, DefaultTheme.SidebarItem[]>> = {
  'docs/cli.md': writePages('cli-reference'),
  'docs/providers.md': writePages('vendors'),
};

function toItem({ text, file, hash }: Entry): DefaultTheme.SidebarItem {
  if (file === 'docs/openapi.txt') return { text, link: apiReference, target: '_self' };
  const item = { text, link: `/${sitePath(file)}${hash}` };
  const items = below[file];
  return items ? { ...item, collapsed: true, items } : item;
}

/**
 * The pages are the Markdown files of the repository as they are, so the root of the repository is the folder of the sources. This file is
 * in scripts/site so that docs/ contains pages only.
 */
export default defineConfig({
  title: 'Bulkhead',
  description,
  lang: 'en',
  base: `${base}/`,
  // Nothing is loaded from another host, so that the site works without the internet and no reader is tracked.
  head: [['meta', { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy }]],
  srcDir: '../..',
  outDir: '../../dist/site',
  cacheDir: '../../node_modules/.cache/vitepress',
  srcExclude: globSync('{*.md,{apps,docker,docs,packages,scripts}/**/*.md}', {
    cwd: root,
    exclude: (path) => /(?:^|\/)(?:node_modules|dist)$/.test(path),
  }).filter(
    (file) =>
      !pages.includes(file) && !Object.keys(written).some((folder) => file.startsWith(`scripts/site/${folder}/`)),
  ),
  rewrites: sitePath,
  markdown: {
    // Otherwise addresses in examples become links, also `errors.md`, because `md` is a top-level domain.
    linkify: false,
    anchor: { slugify: headingAnchor },
    config: repositoryLinks({ pages, repository, base }),
  },
  vite: {
    publicDir: publicFolder,
    plugins: [thirdPartyLicenses()],
    resolve: { alias: { '@docsearch/css': join(import.meta.dirname, 'theme', 'no-docsearch.css') } },
  },
  themeConfig: {
    nav: sections.map(({ title }) => ({ text: title, link: `/${sitePath(contentsPage)}#${headingAnchor(title)}` })),
    sidebar: sections.map(({ title, groups }) => ({
      text: title,
      items: groups.flatMap(({ title: text, entries }) =>
        text ? [{ text, items: entries.map(toItem) }] : entries.map(toItem),
      ),
    })),
    search: { provider: 'local', options: { miniSearch: { searchOptions } } },
    outline: { level: [2, 3] },
    ...(repository && { editLink: { pattern: `${repository}/edit/main/:path`, text: 'Edit this page' } }),
  },
});
