import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { vendors } from '@bulkhead/ehr/providers';
import { findChromium } from '@bulkhead/embedded';
import { startScriptedServer } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { openBrowser } from '../browser/open-system.ts';
import { describeWith } from '../describe-with.fixture.ts';
import { headingAnchor } from '../docs/heading-anchor.ts';
import { projectAddress } from '../project-address.ts';
import { sitePath } from './links.ts';
import { searchOptions } from './search-options.ts';
import { listPages, readSections, root } from './table-of-contents.ts';

interface Reference {
  /** The file that refers to another one. */
  readonly file: string;
  readonly tag: string;
  readonly url: URL;
}

const origin = 'http://site.example';
/** As on GitHub Pages, where the site is below the name of the repository. */
const base = '/bulkhead';
const api = JSON.parse(readFileSync(join(root, 'apps', 'api', 'openapi.json'), 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-site-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const bytesOf = (file: string) => readFileSync(join(folder, file));
const read = (file: string) => bytesOf(file).toString('utf8');
const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.png': 'image/png',
};

const vitepress = join(root, 'scripts', 'node_modules', 'vitepress', 'bin', 'vitepress.js');
/** That of VitePress, because it is not a dependency of this project. */
const MiniSearch = createRequire(realpathSync(vitepress))('minisearch') as {
  loadJSON(index: string, options: object): { search(words: string, options: object): { readonly id: string }[] };
};
const options = { cwd: root, env: { ...process.env, BASE_PATH: base, NODE_OPTIONS: '' }, timeout: 180_000 };
await promisify(execFile)(process.execPath, [vitepress, 'build', 'scripts/site', '--outDir', folder], options);
const files = new Set(globSync('**/*.*', { cwd: folder }));
const pages = [...files].filter((file) => file.endsWith('.html'));
const references = pages.flatMap(referencesOf);

function referencesOf(file: string): Reference[] {
  return [...read(file).matchAll(/<(\w+)\s[^>]*?(?:href|src)="([^"]*)"/g)].map(([, tag = '', target = '']) => ({
    file,
    tag,
    url: new URL(target.replaceAll('&amp;', '&'), `${origin}${base}/${file}`),
  }));
}

/** Says what is wrong with a reference to a file of the site, or returns undefined. */
function faultOf({ url }: Reference): string | undefined {
  if (!url.pathname.startsWith(`${base}/`)) return 'is not below the base';
  const path = decodeURI(url.pathname.slice(base.length + 1));
  const target = path === '' || path.endsWith('/') ? `${path}index.html` : path;
  if (!files.has(target)) return 'leads to no file';
  const anchor = decodeURIComponent(url.hash.slice(1));
  return anchor === '' || read(target).includes(` id="${anchor}"`) ? undefined : 'leads to no heading';
}

describe('the documentation site', () => {
  test('each page of docs/README.md, each group of commands, each vendor and the API reference have a page', () => {
    const commands = pages.filter((page) => page.startsWith('docs/cli/'));
    expect(commands).toContain('docs/cli/export.html');
    const expected = [
      ...listPages(readSections()).map((page) => sitePath(page).replace(/\.md$/, '.html')),
      ...commands,
      ...vendors.map(({ entry: { id } }) => `docs/vendors/${id}.html`),
      'docs/api-reference/index.html',
      '404.html',
    ];
    expect(pages.toSorted()).toEqual(expected.toSorted());
  });

  test('every link and image of the site leads to a file of the site and, if it names one, to a heading', () => {
    const internal = references.filter(({ url }) => url.origin === origin);
    expect(internal.length).toBeGreaterThan(5_000);
    const faults = internal.flatMap((reference) => {
      const fault = faultOf(reference);
      return fault ? [`${reference.file}: ${reference.url.pathname}${reference.url.hash} ${fault}`] : [];
    });
    expect([...new Set(faults)]).toEqual([]);
  });

  test('a link to a file outside the site is only its text while the project has no address', () => {
    expect(projectAddress()).toBeUndefined();
    expect(read('docs/metrics.html')).toContain(' <code>docker/grafana</code> has two dashboards.');
  });

  test('a heading has the anchor that it has on GitHub, also if it begins with a number', () => {
    const page = 'docs/decisions/0005-envelope-encryption-with-aws-kms';
    const [, title = ''] = /^#+ (\d.*)$/m.exec(readFileSync(join(root, `${page}.md`), 'utf8')) ?? [];
    expect(read(`${page}.html`)).toContain(` id="${headingAnchor(title)}"`);
  });

  test('every page has its own title, a viewport and a language', () => {
    const titles = pages.map((page) => /<title>([^<]+)<\/title>/.exec(read(page))?.[1]);
    expect(titles).not.toContain(undefined);
    expect(new Set(titles).size).toBe(pages.length);
    const needed = ['<html lang="en"', '<meta name="viewport" content="width=device-width'];
    expect(pages.filter((page) => needed.some((text) => !read(page).includes(text)))).toEqual([]);
  });

  test('the site loads nothing from another host, and its pages forbid the browser to do so', () => {
    const loaded = references.filter(
      ({ tag, url }) => tag !== 'a' && url.origin !== origin && url.protocol !== 'data:',
    );
    expect(loaded).toEqual([]);
    const styles = [...files].filter((file) => file.endsWith('.css')).map(read);
    const imported = styles.flatMap((style) => [...style.matchAll(/@import[^;]*|url\(["']?([^"')]*)/g)]);
    expect(imported.filter(([, address = '']) => !address.startsWith('data:'))).toEqual([]);
    expect(pages.filter((page) => !read(page).includes(`content="default-src 'self';`))).toEqual([]);
  });

  test('the search of the site leads to each code of the page of errors', () => {
    const index = read([...files].find((file) => file.includes('localSearchIndex')) ?? '');
    const headings = [...readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/^### `(.+)`$/gm)];
    const codes = headings.map(([, code = '']) => code);
    expect(codes.length).toBeGreaterThan(200);
    expect(codes.filter((code) => !index.includes(`${base}/docs/errors.html#${code}"`))).toEqual([]);
  });

  test.each([
    { words: 'SSO', page: 'docs/how-to/log-in-people' },
    { words: 'single sign-on', page: 'docs/how-to/log-in-people' },
    { words: 'Parquet', page: 'docs/tables' },
    { words: 'start a bulk export', page: 'docs/api' },
  ])('the search of the site finds $page first for "$words"', async ({ words, page }) => {
    const chunk = [...files].find((file) => file.includes('localSearchIndex')) ?? '';
    const { default: index } = (await import(join(folder, chunk))) as { readonly default: string };
    // As VPLocalSearchBox.vue of VitePress.
    const fields = { fields: ['title', 'titles', 'text'], storeFields: ['title', 'titles'] };
    const [first] = MiniSearch.loadJSON(index, fields).search(words, { prefix: true, ...searchOptions });
    expect(first?.id).toMatch(new RegExp(`^${base}/${page}(?:\\.html)?(?:#|$)`));
  });

  test('the licences of the packages in the site are beside it', () => {
    expect(read('THIRD-PARTY-LICENSES.txt')).toMatch(/^vue \d+\.\d+\.\d+ \(MIT\)$/m);
  });
});

describe('the API reference', () => {
  test('the site has the OpenAPI document for programs, and the licences of Swagger UI', () => {
    expect(JSON.parse(read('docs/api-reference/openapi.json'))).toEqual(api);
    expect(read('docs/api-reference/LICENSE')).toContain('Apache License');
  });
});

const tool = await findChromium({ env: process.env, progress: () => undefined });
describeWith({ title: 'the API reference in a browser', tool }, ({ command }) => {
  test('a link of the site opens the API reference, which shows an operation and loads only files of the site', async () => {
    const server = await startScriptedServer((request) => {
      const path = decodeURI(request.url).slice(base.length + 1);
      const file = path.endsWith('/') ? `${path}index.html` : path;
      if (!files.has(file)) return { status: 404 };
      return { headers: { 'content-type': contentTypes[extname(file)] ?? 'text/plain' }, body: bytesOf(file) };
    });
    const browser = await openBrowser({ executablePath: command, hasLongScripts: true });
    try {
      const { page, complaints } = await browser.open(`${server.url}${base}/docs/api.html`);
      await page.locator(`a[href="${base}/docs/api-reference/index.html"]`).first().click();
      // Swagger UI reads the whole document first: up to 8 s on one core, and a busy core takes ten times as long.
      page.setDefaultTimeout(240_000);
      await page.getByText('Enhanced syncs', { exact: true }).first().click();
      await page.getByText('/api/ehr/{provider}/enhanced-sync').first().click();
      await page.getByText('Sync the standard and the enhanced resource types').first().waitFor();
      // A page of VitePress loads others ahead, until the browser leaves it.
      expect(complaints.filter((complaint) => !/\/assets\/\S+ net::ERR_ABORTED$/.test(complaint))).toEqual([]);
      const names = 'performance.getEntriesByType("resource").map(({ name }) => name)';
      const requested = (await page.evaluate(names)) as string[];
      expect(requested).toContain(`${server.url}${base}/docs/api-reference/openapi.json`);
      expect(requested.filter((url) => !url.startsWith(server.url) && !url.startsWith('data:'))).toEqual([]);
    } finally {
      await browser.stop();
      await server.stop();
    }
  }, 300_000);
});
