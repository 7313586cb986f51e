// usage: pnpm docs:screenshots    takes the screenshots in docs/screenshots, on a system that is started for it
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium } from '@bulkhead/embedded';
import type { Page } from 'playwright-core';
import { createApiClient } from '../system/api-client.ts';
import { type BrowsedSystem, openSystem } from './open-system.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'screenshots');
/** Enough for files that need a progress bar. */
const patients = 400;
const context = { viewport: { width: 1280, height: 800 } };
/** Slows downloads down, so that an export runs long enough for a screenshot. */
const slowly = { match: { path: 'bulkdata/' }, fault: { kind: 'slow', bytesPerSecond: 150_000 }, times: 20 };
/** At this time some files are completed, some are being downloaded, and some wait. */
const downloadedMs = 6000;
/** The chart of a budget shows the last minute, so this much of it has requests. */
const crawledMs = 25_000;
const hourMs = 60 * 60_000;

const chromium = await findChromium({ env: process.env, progress: console.log });
if ('missing' in chromium) throw new Error(`There is no Chromium: ${chromium.missing}`);
mkdirSync(folder, { recursive: true });
const browsed = await openSystem({ command: chromium.command, patients });
try {
  const { page } = await browsed.open('/', context);
  const { apiKeys } = browsed.system.store;
  await browsed.logIn(page, await apiKeys.create({ name: 'night shift', role: 'operator', now: new Date() }));
  await fillWithLife(browsed);
  await captureExport(browsed, page);
  await captureBudget(browsed, page);
  await captureOverview(browsed, page);
  await captureResource(browsed, page);
} finally {
  await browsed.stop();
}

async function fillWithLife({ system }: BrowsedSystem): Promise<void> {
  const { connectionId } = system;
  await fillHistory(system);
  await send(system, { path: `/connections/${connectionId}/test` });
  const schedule = { connectionId, cron: '0 2 * * *', timeZone: 'America/New_York' };
  await send(system, { path: '/schedules', body: { ...schedule, kind: 'export' } });
  await send(system, { path: '/schedules', body: { ...schedule, cron: '0 4 * * *', kind: 'sync' } });
  await system.simulator.inject('bulkdata/.*Condition', { kind: 'corrupt-line', line: 5 });
}

/** Takes the screenshot during its downloads. */
async function captureExport(browsed: BrowsedSystem, page: Page): Promise<void> {
  const { system } = browsed;
  await system.simulator.order(slowly);
  const { id } = await send(system, { path: '/athenahealth/bulk-export', body: { connectionId: system.connectionId } });
  await page.goto(`${system.baseUrl}/exports/${id}`);
  await page.getByText(/for \d+ s/).waitFor();
  await page.waitForTimeout(downloadedMs);
  await page.screenshot({ path: join(folder, 'export.png') });
  await page.getByText('completed', { exact: true }).first().waitFor({ timeout: 120_000 });
}

/** Takes the screenshot while many searches share the budget. */
async function captureBudget(browsed: BrowsedSystem, page: Page): Promise<void> {
  const { system } = browsed;
  const headers = { prefer: 'respond-async' };
  await send(system, { path: '/athenahealth/enhanced-sync', body: { connectionId: system.connectionId }, headers });
  await page.waitForTimeout(crawledMs);
  await page.goto(`${system.baseUrl}/budget`);
  await page.getByText('of 16').first().waitFor();
  await page.screenshot({ path: join(folder, 'budget.png') });
}

async function captureOverview(browsed: BrowsedSystem, page: Page): Promise<void> {
  // Otherwise the report is up to a minute old.
  await createApiClient(browsed.system)('GET', '/api/ehr/health-report?fresh=true');
  await page.goto(browsed.system.baseUrl);
  await page.getByText('Quarantine (warning)').waitFor();
  await page.getByRole('row', { name: /195900.*completed/ }).waitFor();
  await page.getByText('7 days', { exact: true }).click();
  await page.getByRole('img', { name: 'Resources by type, as a chart' }).waitFor();
  await page.screenshot({ path: join(folder, 'overview.png') });
}

/** Takes the screenshot in dark mode. */
async function captureResource(browsed: BrowsedSystem, page: Page): Promise<void> {
  const { baseUrl, connectionId } = browsed.system;
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(`${baseUrl}/resources?connectionId=${connectionId}&type=Observation`);
  await page.getByRole('row').nth(1).getByRole('button').click();
  await page.getByText('"resourceType": "Observation"').waitFor();
  // Wait until the drawer has moved in.
  await page.waitForTimeout(1000);
  await page.screenshot({ path: join(folder, 'resource.png') });
}

/** The history of a month, because a new system has none: an export each night, one of which failed. */
async function fillHistory({ store, connectionId }: BrowsedSystem['system']): Promise<void> {
  const sizes = { Observation: 96_000, Encounter: 31_000, Condition: 18_000, Procedure: 11_000, Immunization: 9000 };
  for (let hour = 1; hour < 30 * 24; hour++) {
    const at = new Date(Date.now() - hour * hourMs);
    const sinceNight = (at.getUTCHours() + 22) % 24;
    const varied = (value: number) => Math.round(value * (1 + (hour % 7) / 20));
    const volumes = Object.entries(sizes).map(([resourceType, size]) => ({
      at,
      resourceType,
      resources: varied(size),
      bytes: varied(1400 * size),
    }));
    const hasFailed = hour > 60 && hour < 85;
    const outcome = hasFailed ? ('failed' as const) : ('completed' as const);
    const run = { kind: 'export' as const, at, outcome, seconds: [varied(5200)] };
    await store.historySamples.save({
      id: at.toISOString(),
      at,
      runsUntil: at,
      queues: [{ queue: 'file-download', waiting: 0, oldestSeconds: sinceNight === 0 ? varied(80) : 0 }],
      budgets: [{ name: 'athenahealth.production', used: varied(21_000), limit: 100_000 }],
      lags: [{ connectionId, seconds: sinceNight * 3600 }],
      runs: sinceNight === 0 ? [run] : [],
      volumes: sinceNight === 0 && !hasFailed ? volumes : [],
    });
  }
}

function send(
  system: BrowsedSystem['system'],
  options: { readonly path: string; readonly body?: object; readonly headers?: Readonly<Record<string, string>> },
): Promise<{ readonly id: string }> {
  const { path, body, headers } = options;
  return createApiClient(system)('POST', `/api/ehr${path}`, body, headers);
}
