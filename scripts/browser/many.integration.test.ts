import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@bulkhead/testing';
import { beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { runBulkhead } from '../cli/run-bulkhead.fixture.ts';
import { type ApiClient, createApiClient } from '../system/api-client.ts';
import { describeInBrowser } from './describe-in-browser.fixture.ts';
import { faultsOfAccessibility } from './faults-of-accessibility.fixture.ts';
import { onPage } from './on-page.fixture.ts';
import { type BrowsedSystem, openTimeoutMs } from './open-system.ts';
import { planted, plantMany } from './plant-many.fixture.ts';

/** For a person who looks at them. */
const folder = process.env.SCREENSHOTS ?? join(tmpdir(), 'bulkhead-screenshots');
mkdirSync(folder, { recursive: true });

/** 300 connections without those of which the credentials work. */
const refused = 240;

const pages = [
  ['/', 'Overview', 'overview'],
  ['/connections', 'Connections', 'connections'],
  ['/connections?problem=credentials', 'Connections', 'connections-of-a-problem'],
  ['/schedules', 'Schedules', 'schedules'],
  ['/exports', 'Bulk exports', 'exports'],
  ['/exports/job_1many_0007', 'Bulk export', 'failed-export'],
  ['/exports/job_none', 'Bulk export', 'no-export'],
  ['/quarantine', 'Quarantine', 'quarantine'],
  ['/quarantine?state=open', 'Quarantine', 'quarantined-lines'],
  ['/webhooks', 'Webhooks', 'webhooks'],
  ['/budget', 'Rate budget', 'budget'],
  ['/system', 'Workers and queues', 'system'],
] as const;

/** Contrast depends on the theme, and what is shown on the width. Two of the four pairs have each of them. */
const looks = [
  { scheme: 'light', width: 1440 },
  { scheme: 'dark', width: 390 },
] as const;

/** Changes of one row of a list of 100 rows, which the page learns by an event or by its next read. */
const changes = [
  {
    list: 'exports',
    path: '/exports',
    row: 'Practice 0210',
    change: (call: ApiClient) => call('POST', '/api/ehr/athenahealth/bulk-export/job_1many_0210/retry'),
  },
  {
    list: 'connections',
    path: '/connections',
    row: 'Practice 0005, renamed',
    change: (call: ApiClient) =>
      call('PATCH', '/api/ehr/connections/conn_many_0005', { name: 'Practice 0005, renamed' }),
  },
  {
    list: 'schedules',
    path: '/schedules',
    row: 'Practice 0003',
    change: (call: ApiClient) => call('PATCH', '/api/ehr/schedules/sched_many_0003', { paused: true }),
  },
  {
    list: 'quarantined lines',
    path: '/quarantine?reason=invalid-json',
    row: 'dismissed',
    change: async (call: ApiClient) => {
      const [line] = await call<readonly { id: string }[]>('GET', '/api/ehr/quarantine?reason=invalid-json&limit=1');
      await call('POST', '/api/ehr/quarantine/dismiss', { id: line?.id });
    },
  },
];

/** React gives the element of a row a new object of properties each time when it draws the row. */
const drawing = `
  const propsOf = (row) => row[Object.keys(row).find((name) => name.startsWith('__reactProps$'))];
  const rows = [...document.querySelectorAll('tbody tr')];`;
const rememberRows = `(() => {${drawing} window.drawn = new Map(rows.map((row) => [row, propsOf(row)])); })()`;
/** The texts of the rows that were drawn since then. */
const drawnRows = `(() => {${drawing}
  // The lists are read again as when a user returns to the page, and not only after their interval.
  window.dispatchEvent(new Event('visibilitychange'));
  return rows.filter((row) => window.drawn.get(row) !== propsOf(row)).map((row) => row.innerText); })()`;

describeInBrowser('the console with many connections that have one cause', (open) => {
  let browsed: BrowsedSystem;
  let page: Page;
  beforeAll(async () => {
    // The endpoints of the planted connections must be allowed.
    const providers = [{ id: 'athenahealth', endpointHosts: ['ehr.example'] }];
    browsed = await open({ patients: 4, env: { BULKHEAD_PROVIDERS: JSON.stringify(providers) } });
    await plantMany(browsed.system.store);
    await send('/api/ehr/health-report?fresh=true');
    ({ page } = await browsed.open('/', { reducedMotion: 'reduce', viewport: { width: 1440, height: 900 } }));
    await browsed.logIn(page);
    await title('Overview').waitFor();
  }, openTimeoutMs);

  const { title, button } = onPage(() => page);
  const send = <Data>(path: string) => createApiClient(browsed.system)<Data>('GET', path);
  const goTo = (path: string) => page.goto(browsed.system.baseUrl + path);
  const rowsOf = (table: string) => page.getByRole('table', { name: table }).locator('tbody tr');
  const heightOf = async () => Number(await page.evaluate('document.documentElement.scrollHeight'));

  test('the overview shows one cause of many connections as one problem with its times, and leads to them', async () => {
    await goTo('/');
    const problem = page
      .getByRole('alert')
      .filter({ hasText: `${refused} connections: the EHR refuses the credentials` });
    await problem.getByText(/Since .*, last seen /).waitFor();
    expect(await page.getByRole('alert').count()).toBeLessThan(8);
    expect(await heightOf()).toBeLessThan(6000);
    await problem.getByRole('link', { name: `Show all ${refused} connections` }).click();
    await title('Connections').waitFor();
    await page.getByText(`Showing 100 of ${refused}, worst first.`).waitFor();
    expect(await rowsOf('Connections').filter({ hasText: 'the EHR refuses the credentials' }).count()).toBe(100);
  });

  test('the connections show the worst first, and those that are behind can be chosen', async () => {
    await goTo('/connections');
    await button(`${refused} critical`).waitFor();
    await rowsOf('Connections').first().getByText('critical').waitFor();
    await page.getByRole('combobox', { name: 'Problem' }).click();
    await page.getByRole('option', { name: 'more than 36 hours behind (3)' }).click();
    await page.getByText('Showing all 3, worst first.').waitFor();
    await page.getByRole('textbox', { name: 'Search' }).fill('Practice 0299');
    await page.getByText('Showing all 1, worst first.').waitFor();
  });

  test.each(changes)('a change in the list of $list draws only its row again', async ({ path, row, change }) => {
    await goTo(path);
    await page.locator('tbody tr').nth(99).waitFor();
    await page.waitForLoadState('networkidle');
    await page.evaluate(rememberRows);
    await change(createApiClient(browsed.system));
    const drawn = await waitFor(async () => {
      const rows = await page.evaluate<string[]>(drawnRows);
      return rows.length > 0 && rows;
    });
    expect(drawn).toEqual([expect.stringContaining(row)]);
  });

  test('the page of the schedules sends no request for a single row', async () => {
    const requests: string[] = [];
    const note = (request: { url(): string }) => requests.push(new URL(request.url()).pathname);
    page.on('request', note);
    await goTo('/schedules');
    await rowsOf('Schedules').nth(99).locator('time').first().waitFor();
    page.off('request', note);
    // A slow machine reads the list again meanwhile.
    const paths = new Set(requests.filter((path) => path.startsWith('/api/ehr/schedules')));
    expect([...paths]).toEqual(['/api/ehr/schedules']);
  });

  test('the webhooks show which receivers do not accept their calls', async () => {
    await goTo('/webhooks?failing=true');
    await page.getByText(`Showing all ${planted.receivers}, failing first.`).waitFor();
    const cells = await rowsOf('Webhooks').first().getByRole('cell').allTextContents();
    expect(cells.slice(2, 5)).toEqual(['0', '1', '1']);
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'being repeated' }).click();
    await page.getByText(`Showing all ${planted.receivers}, newest first.`).waitFor();
  });

  test('the page of an export that does not exist says so once, and one that failed names its practice and problem first', async () => {
    await goTo('/exports/job_none');
    await page.getByRole('alert').first().waitFor();
    expect(await page.getByRole('alert').count()).toBe(1);
    await goTo('/exports/job_1many_0007');
    await page.getByRole('heading', { level: 1, name: 'Bulk export of Practice 0007' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(1);
    const top = async (element: ReturnType<Page['locator']>) => (await element.boundingBox())?.y ?? 0;
    const figures = page.getByText('Unchanged', { exact: true });
    expect(await top(page.getByRole('alert'))).toBeLessThan(await top(figures));
    expect(await page.getByText('waiting for a worker').count()).toBe(0);
  });

  test('nothing is wrong with the contrast or the names on any page, in both themes and on a phone', async () => {
    for (const { scheme, width } of looks) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      for (const [path, name, file] of pages) {
        await goTo(path);
        await title(name).waitFor();
        await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
        await page.waitForLoadState('networkidle');
        await page.screenshot({ path: join(folder, `${file}-${scheme}-${width}.png`) });
        const faults = await faultsOfAccessibility(page);
        expect([path, scheme, width, faults]).toEqual([path, scheme, width, []]);
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  }, 600_000);

  test('the lines with one reason are one group, which an operator dismisses', async () => {
    await goTo('/quarantine');
    // An earlier test has dismissed one of the 300.
    const group = rowsOf('Groups of open lines').filter({ hasText: '299' });
    await group.getByRole('button', { name: 'Dismiss all' }).click();
    await button('Dismiss').click();
    await page.getByText('299 lines are dismissed.').waitFor();
    await page.getByText('No line is open').waitFor();
  });

  test('doctor says the same in under 40 lines, and its last line counts', async () => {
    const { baseUrl: url, apiKey: key } = browsed.system;
    const { code, stdout } = await runBulkhead(['doctor', '--no-connections'], { url, key });
    const lines = stdout.trim().split('\n');
    expect(code).toBe(1);
    expect(lines.length).toBeLessThan(40);
    expect(stdout).toContain(`${refused} connections: the EHR refuses the credentials`);
    expect(lines.at(-1)).toMatch(/^1 critical problem, \d+ warnings, \d+ of \d+ checks ok\.$/);
  });
});
