import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { runBulkhead } from '../cli/run-bulkhead.fixture.ts';
import { createApiClient } from '../system/api-client.ts';
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
  ['/exports/athenahealth/job_1many_0007', 'Bulk export', 'failed-export'],
  ['/exports/athenahealth/job_none', 'Bulk export', 'no-export'],
  ['/quarantine', 'Quarantine', 'quarantine'],
  ['/quarantine?state=open', 'Quarantine', 'quarantined-lines'],
  ['/webhooks', 'Webhooks', 'webhooks'],
  ['/budget', 'Rate budget', 'budget'],
  ['/system', 'Workers and queues', 'system'],
] as const;

/** Contrast depends on the theme, and what is shown on the width. An analysis of a page takes seconds, so each is in two of them. */
const looks = [
  { scheme: 'light', width: 1440, isAnalysed: true },
  { scheme: 'dark', width: 1440, isAnalysed: false },
  { scheme: 'light', width: 390, isAnalysed: false },
  { scheme: 'dark', width: 390, isAnalysed: true },
] as const;

describeInBrowser('the console with many connections that have one cause', (open) => {
  let browsed: BrowsedSystem;
  let page: Page;
  beforeAll(async () => {
    browsed = await open({ patients: 4 });
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
  }, 60_000);

  test('the connections show the worst first, and those that are behind can be chosen', async () => {
    await goTo('/connections');
    await button(`${refused} critical`).waitFor();
    await rowsOf('Connections').first().getByText('critical').waitFor();
    await page.getByRole('combobox', { name: 'Problem' }).click();
    await page.getByRole('option', { name: 'more than 36 hours behind (3)' }).click();
    await page.getByText('Showing all 3, worst first.').waitFor();
    await page.getByRole('textbox', { name: 'Search' }).fill('Practice 0299');
    await page.getByText('Showing all 1, worst first.').waitFor();
  }, 60_000);

  test('a page of connections and their counts are returned within 200 ms', async () => {
    const times: number[] = [];
    for (let n = 0; n < 5; n++) {
      const startedAt = performance.now();
      await send('/api/ehr/connections?sort=worst&limit=100');
      times.push(performance.now() - startedAt);
    }
    expect(Math.min(...times)).toBeLessThan(200);
  }, 60_000);

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
  }, 60_000);

  test('the webhooks show which receivers do not accept their calls', async () => {
    await goTo('/webhooks?failing=true');
    await page.getByText(`Showing all ${planted.receivers}, failing first.`).waitFor();
    const cells = await rowsOf('Webhooks').first().getByRole('cell').allTextContents();
    expect(cells.slice(2, 5)).toEqual(['0', '1', '1']);
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'being repeated' }).click();
    await page.getByText(`Showing all ${planted.receivers}, newest first.`).waitFor();
  }, 60_000);

  test('the page of an export that does not exist says so once, and one that failed names its practice and problem first', async () => {
    await goTo('/exports/athenahealth/job_none');
    await page.getByRole('alert').first().waitFor();
    expect(await page.getByRole('alert').count()).toBe(1);
    await goTo('/exports/athenahealth/job_1many_0007');
    await page.getByRole('heading', { level: 1, name: 'Bulk export of Practice 0007' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(1);
    const top = async (element: ReturnType<Page['locator']>) => (await element.boundingBox())?.y ?? 0;
    const figures = page.getByText('Unchanged', { exact: true });
    expect(await top(page.getByRole('alert'))).toBeLessThan(await top(figures));
    expect(await page.getByText('waiting for a worker').count()).toBe(0);
  }, 60_000);

  test('nothing is wrong with the contrast or the names on any page, in both themes and on a phone', async () => {
    for (const { scheme, width, isAnalysed } of looks) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      for (const [path, name, file] of pages) {
        await goTo(path);
        await title(name).waitFor();
        await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
        await page.waitForLoadState('networkidle');
        await page.screenshot({ path: join(folder, `${file}-${scheme}-${width}.png`) });
        const faults = isAnalysed ? await faultsOfAccessibility(page) : [];
        expect([path, scheme, width, faults]).toEqual([path, scheme, width, []]);
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  }, 600_000);

  test('the lines with one reason are one group, which an operator dismisses', async () => {
    await goTo('/quarantine');
    const group = rowsOf('Groups of open lines').filter({ hasText: '300' });
    await group.getByRole('button', { name: 'Dismiss all' }).click();
    await button('Dismiss').click();
    await page.getByText('300 lines are dismissed.').waitFor();
    await page.getByText('No line is open').waitFor();
  }, 60_000);

  test('doctor says the same in under 40 lines, and its last line counts', async () => {
    const { baseUrl: url, apiKey: key } = browsed.system;
    const { code, stdout } = await runBulkhead(['doctor', '--no-connections'], { url, key });
    const lines = stdout.trim().split('\n');
    expect(code).toBe(1);
    expect(lines.length).toBeLessThan(40);
    expect(stdout).toContain(`${refused} connections: the EHR refuses the credentials`);
    expect(lines.at(-1)).toMatch(/^1 critical problem, \d+ warnings, \d+ of \d+ checks ok\.$/);
  }, 60_000);
});
