import { waitFor } from '@bulkhead/testing';
import { beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { createApiClient } from '../system/api-client.ts';
import { describeInBrowser } from './describe-in-browser.fixture.ts';
import { faultsOfAccessibility } from './faults-of-accessibility.fixture.ts';
import { onPage } from './on-page.fixture.ts';
import { type BrowsedSystem, openTimeoutMs, withoutCaused } from './open-system.ts';

/** Elements that are wider than the screen, except for tables, which scroll by themselves. */
const wideElements = `[...document.querySelectorAll('main *')]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('[tabindex="0"]'))
  .map((element) => element.tagName + ': ' + element.textContent)`;

const pages = [
  ['/', 'Overview'],
  ['/exports', 'Bulk exports'],
  ['/syncs', 'Sync runs'],
  ['/schedules', 'Schedules'],
  ['/connections', 'Connections'],
  ['/resources', 'Resources'],
  ['/tables', 'Tables'],
  ['/documents', 'Documents'],
  ['/quarantine', 'Quarantine'],
  ['/budget', 'Rate budget'],
  ['/webhooks', 'Webhooks'],
  ['/api-keys', 'API keys'],
  ['/clients', 'FHIR clients'],
  ['/providers', 'Providers'],
  ['/signing-keys', 'Signing keys'],
  ['/system', 'Workers and queues'],
  ['/erasures', 'Erasures and retention'],
  ['/audit', 'Audit'],
] as const;

describeInBrowser('the console in a browser', (open) => {
  let browsed: BrowsedSystem;
  let page: Page;
  let complaints: string[];
  beforeAll(async () => {
    browsed = await open({ patients: 6 });
    ({ page, complaints } = await browsed.open('/exports?status=FAILED', { reducedMotion: 'reduce' }));
    await browsed.logIn(page);
    await title('Bulk exports').waitFor();
  }, openTimeoutMs);

  const { title, button, choose } = onPage(() => page);
  const goTo = (path: string) => page.goto(browsed.system.baseUrl + path);
  /** Opens a page and waits for all of its requests. */
  const openPage = async (path: string, name: string) => {
    await goTo(path);
    await title(name).waitFor();
    await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
  };
  const startExport = async () => {
    await goTo('/exports');
    await button('Start an export').click();
    await choose({ field: 'Connection', option: /195900/ });
    await button('Start').click();
    await title('Bulk export').waitFor();
  };

  test('the console redirects to the log-in, and then back to the requested page with its filter', () => {
    expect(page.url()).toBe(`${browsed.system.baseUrl}/exports?status=FAILED`);
  });

  test('the console starts an export and shows its progress until the end without a reload', async () => {
    await startExport();
    const { length } = await browsed.system.simulator.lines('Patient');
    await page.getByRole('row', { name: new RegExp(`^Patient completed ${length} / ${length}`) }).waitFor();
    // The export can be cancelled until its end.
    await button('Cancel').waitFor({ state: 'detached' });
    expect(await browsed.system.store.bulkExports.listActive()).toEqual([]);
    await page.getByRole('table', { name: 'Log' }).getByText('The export has completed.').waitFor();
  });

  test('the console shows the files of an export that has ended, also if the first read of the files arrives later', async () => {
    const { connectionId } = browsed.system;
    const api = createApiClient(browsed.system);
    const { id } = await api<{ id: string }>('POST', '/api/ehr/athenahealth/bulk-export', { connectionId });
    const { promise: hasEnded, resolve: end } = Promise.withResolvers<void>();
    const { promise: isAnswered, resolve: answer } = Promise.withResolvers<void>();
    await page.route(
      /\/files$/,
      async (route) => {
        const response = await route.fetch();
        await hasEnded;
        // The console may have stopped waiting.
        await route.fulfill({ response }).catch(() => undefined);
        answer();
      },
      { times: 1 },
    );
    await goTo(`/exports/${id}`);
    await page.getByText('completed', { exact: true }).first().waitFor();
    end();
    await isAnswered;
    const { length } = await browsed.system.simulator.lines('Patient');
    await page.getByRole('row', { name: new RegExp(`^Patient completed ${length} / ${length}`) }).waitFor();
  });

  test('the console says what an export waits for, and cancels an export', async () => {
    await browsed.system.simulator.inject('export$', { kind: 'export-fate', end: 'never-ends' });
    await startExport();
    const activity = page.getByText(/^Waiting for the EHR\. After \d+ status requests?/);
    await activity.waitFor();
    await button('Cancel').click();
    await button('Cancel the export').click();
    await page.getByText('cancelled', { exact: true }).first().waitFor();
    await activity.waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /The export was cancelled\.\s+chaos/ }).waitFor();
    expect(await browsed.system.store.bulkExports.listActive()).toEqual([]);
  });

  test('the console reads a list of exports to its end and starts an export although the list changes during each read', async () => {
    const { simulator, apiKey, baseUrl } = browsed.system;
    const watching = new AbortController();
    const stream = await fetch(`${baseUrl}/api/ehr/athenahealth/bulk-export/events`, {
      headers: { authorization: `Bearer ${apiKey}` },
      signal: watching.signal,
    });
    let changes = 0;
    const counting = (async () => {
      for await (const _change of stream.body ?? []) changes += 1;
    })().catch(() => undefined);
    await goTo('/exports');
    await page.getByRole('row', { name: /cancelled/ }).waitFor();
    await simulator.inject('export$', { kind: 'export-fate', end: 'never-ends' });
    const isList = /\/bulk-export\?/;
    await page.route(isList, async (route) => {
      const changesBefore = changes;
      // The page may be closed first.
      await waitFor(() => changes >= changesBefore + 2)
        .then(() => route.continue())
        .catch(() => undefined);
    });
    await button('Start an export').click();
    await choose({ field: 'Connection', option: /195900/ });
    await button('Start').click();
    await title('Bulk export').waitFor();
    await page.unroute(isList);
    await button('Cancel').click();
    await button('Cancel the export').click();
    await page.getByText('cancelled', { exact: true }).first().waitFor();
    watching.abort();
    await counting;
  });

  test('the console shows an invalid value of a form at its field, and an error of the API with its own message', async () => {
    await goTo('/exports');
    await button('Start an export').click();
    await button('Start').click();
    await page.getByText('Choose the practice to export.').waitFor();
    await choose({ field: 'Connection', option: /195900/ });
    await page.getByRole('combobox', { name: 'Filters' }).fill('nonsense');
    await page.keyboard.press('Enter');
    await button('Start').click();
    await page.getByRole('alert').getByText('must be a FHIR search of one type').waitFor();
  });

  test('the console shows a quarantined line, and stores it after a correction', async () => {
    const { simulator, store, connectionId } = browsed.system;
    await simulator.inject('bulkdata/.*Condition', { kind: 'corrupt-line', line: 1 });
    await startExport();
    await page.getByRole('link', { name: 'Show them' }).click();
    await title('Quarantine').waitFor();
    await page.getByRole('row', { name: /open/ }).getByRole('button').first().click();
    const line = page.getByRole('textbox', { name: 'The line' });
    expect(await line.inputValue()).toContain('"resourceType":"Condition"');
    const corrected = { resourceType: 'Condition', id: 'mended', subject: { reference: 'Patient/x' } };
    await line.fill(JSON.stringify(corrected));
    await button('Replay corrected').click();
    await page.getByText('The line is stored.').waitFor();
    await page.getByRole('row', { name: /replayed/ }).waitFor();
    const stored = await store.resources.read({ connectionId, resourceType: 'Condition', resourceId: 'mended' });
    expect(stored?.deleted).toBe(false);
  });

  test('the console adds a schedule and shows its next runs with their zone, edits it, pauses it, and removes it', async () => {
    await goTo('/schedules');
    await button('Add a schedule').click();
    await choose({ field: 'Connection', option: /195900/ });
    await button('Add').click();
    const row = page.getByRole('row', { name: /At 02:00.*0 2 \* \* \*/ });
    await row.locator('time').first().waitFor();
    await row.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'When' }).fill('soon');
    await button('Save').click();
    await page.getByText('Enter five fields').waitFor();
    await page.getByRole('textbox', { name: 'When' }).fill('30 4 * * 1-5');
    await page.getByRole('combobox', { name: 'Time zone' }).fill('Asia/Tokyo');
    await page.getByRole('option', { name: 'Asia/Tokyo' }).click();
    await page.getByText('At 04:30, Monday through Friday, Asia/Tokyo').waitFor();
    expect(await faultsOfAccessibility(page)).toEqual([]);
    await button('Save').click();
    const edited = page.getByRole('row', { name: /At 04:30, Monday through Friday, Asia\/Tokyo/ });
    // Every time of a schedule is in its own zone.
    await edited
      .getByText(/:\d\d GMT\+9/)
      .first()
      .waitFor();
    await edited.getByRole('button', { name: 'Pause' }).click();
    await edited.getByText('paused').waitFor();
    await edited.getByRole('button', { name: 'Remove' }).click();
    await button('Remove the schedule').click();
    await page.getByText('No schedules').waitFor();
  });

  test('the console finds a stored resource by its type, and shows it as received with its origin', async () => {
    const [line = ''] = await browsed.system.simulator.lines('Patient');
    const { id } = JSON.parse(line) as { id: string };
    await goTo(`/resources?connectionId=${browsed.system.connectionId}&type=Patient`);
    await page.getByRole('button', { name: id }).waitFor();
    expect(await faultsOfAccessibility(page)).toEqual([]);
    await page.getByRole('button', { name: id }).click();
    await page.getByText(`"id": "${id}"`).waitFor();
    await page.getByRole('tab', { name: 'Sources' }).click();
    await page
      .getByRole('link', { name: /export, line \d+/ })
      .first()
      .waitFor();
  });

  test('the console shows the first rows of a view, what its columns hold, and downloads the whole table', async () => {
    await goTo(`/tables?connectionId=${browsed.system.connectionId}&view=patient`);
    await page.getByRole('table', { name: 'Rows of patient' }).getByText('birth_date').waitFor();
    await page.getByRole('tab', { name: 'Columns' }).click();
    await page.getByText('The family name of the first name that is not an old one.').waitFor();
    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download Parquet' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe('patient.parquet');
    expect(await download.failure()).toBeNull();
  });

  test('the console shows the charts of the last days, and how the last day differs from a usual one', async () => {
    const { system } = browsed;
    // The API keeps a history for a minute, so no other page has read it yet.
    const dayMs = 24 * 60 * 60_000;
    for (const [days, waiting] of [900, 4, 5, 6, 7].entries()) {
      const at = new Date(Date.now() - days * dayMs - 60_000);
      const usual = [{ figure: 'resources' as const, value: 6000 }];
      await system.store.historySamples.save({
        id: `planted ${at.toISOString()}`,
        at,
        runsUntil: at,
        queues: [{ queue: 'file-download', waiting, oldestSeconds: waiting }],
        budgets: [{ name: 'athenahealth.production', used: waiting, limit: 100_000 }],
        lags: [{ connectionId: system.connectionId, seconds: waiting }],
        runs: [{ kind: 'export', at, outcome: 'completed', seconds: [waiting] }],
        volumes: [{ at, resourceType: 'Observation', resources: waiting * 1000, bytes: waiting * 1_000_000 }],
        usual,
      });
    }
    await openPage('/', 'Overview');
    await page.getByText('usually 6,000').waitFor();
    await page.getByText('7 days', { exact: true }).click();
    for (const chart of ['Resources by type', 'Longest wait in the queues', 'How far connections are behind'])
      await page.getByRole('img', { name: `${chart}, as a chart` }).waitFor();
  });

  test('the console shows the part of the rate budget that an export uses, and why the budget is paused', async () => {
    const { simulator, connectionId } = browsed.system;
    // Longer than the page needs to show the pause on a busy machine.
    await simulator.inject('bulkdata/', { kind: 'status', status: 429, retryAfter: '10' });
    await goTo('/budget');
    await title('Rate budget').waitFor();
    const plan = page.getByRole('table', { name: 'Next 24 hours' });
    await plan
      .getByText(/^\d+ of \d/)
      .first()
      .waitFor();
    const api = createApiClient(browsed.system);
    const starting = api<{ id: string }>('POST', '/api/ehr/athenahealth/bulk-export', { connectionId });
    await page.getByText(/Paused for/).waitFor();
    await page.getByText(/asked all clients to wait: 429/).waitFor();
    await page.getByText(/Half the rate for/).waitFor();
    await page.getByText('of 160').first().waitFor();
    expect((await starting).id).toMatch(/^job_/);
  });

  test('the console shows the searches, the log and the types of a sync', async () => {
    const { connectionId } = browsed.system;
    const api = createApiClient(browsed.system);
    // The sync runs longer than its page needs to load on a busy machine.
    await browsed.system.simulator.inject('r4/Encounter$', { kind: 'status', status: 429, retryAfter: '10' });
    const body = { connectionId, includeStandard: false, resourceTypes: ['Encounter'] };
    const headers = { prefer: 'respond-async' };
    const { id } = await api<{ id: string }>('POST', '/api/ehr/athenahealth/enhanced-sync', body, headers);
    await goTo(`/syncs/${id}`);
    await page.getByText(/Searching: \d of \d searches are done\./).waitFor();
    const log = page.getByRole('table', { name: 'Log' });
    await log.getByText('The sync has completed.').waitFor();
    await log
      .getByText(/Encounter: .*fewer requests/)
      .first()
      .waitFor();
  });

  test.each(pages)(
    'the console has no fault of accessibility on the page %s, light or dark, wide or on a phone',
    async (path, name) => {
      await openPage(path, name);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.locator(`[data-mantine-color-scheme=${colorScheme}]`).waitFor({ state: 'attached' });
        expect(await faultsOfAccessibility(page)).toEqual([]);
      }
      await page.setViewportSize({ width: 375, height: 700 });
      await openPage(path, name);
      expect(await page.evaluate(wideElements)).toEqual([]);
      await page.getByRole('button', { name: 'Navigation' }).click();
      await page.getByRole('link', { name: 'Overview' }).waitFor();
      await page.setViewportSize({ width: 1280, height: 800 });
    },
  );

  test('the console has no fault of accessibility in dialogs and on pages of single records', async () => {
    const check = async () => expect(await faultsOfAccessibility(page)).toEqual([]);
    await goTo('/exports');
    await page.getByRole('row').nth(1).getByRole('link').first().click();
    await title('Bulk export').waitFor();
    await check();
    await openPage(`/connections/${browsed.system.connectionId}`, 'athenahealth production 195900');
    await check();
    const forms = [
      ['/exports', 'Start an export'],
      ['/syncs', 'Start a sync'],
      ['/schedules', 'Add a schedule'],
      ['/connections', 'Add a connection'],
      ['/api-keys', 'Create a key'],
      ['/clients', 'Register a client'],
    ] as const;
    for (const [path, name] of forms) {
      await goTo(path);
      await button(name).click();
      await page.getByRole('dialog').getByRole('combobox').first().waitFor();
      await check();
    }
    await goTo('/quarantine?state=replayed');
    await page.getByRole('row').nth(1).getByRole('button').first().click();
    await page.getByRole('textbox', { name: 'The line' }).waitFor();
    await check();
    await goTo(`/resources?connectionId=${browsed.system.connectionId}&type=Patient`);
    await page.getByRole('row').nth(1).getByRole('button').click();
    await page.getByText('"resourceType": "Patient"').waitFor();
    await check();
  });

  test('the console can be used with the keyboard alone: past the navigation to the content, into a form and back', async () => {
    await goTo('/exports');
    await title('Bulk exports').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toContain('Start an export');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent')).toContain('Start an export');
  });

  test('the console shows no page for operators and no quarantined line to a client key', async () => {
    const key = await browsed.system.store.apiKeys.create({ name: 'a client', role: 'client', now: new Date() });
    const { page: otherPage } = await browsed.open('/');
    await browsed.logIn(otherPage, key);
    await otherPage.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    expect(await otherPage.getByRole('link', { name: 'Bull Board' }).count()).toBe(1);
    for (const [path, name] of [
      ['/audit', 'Audit'],
      ['/api-keys', 'API keys'],
      ['/clients', 'FHIR clients'],
    ] as const) {
      expect(await otherPage.getByRole('link', { name }).count()).toBe(0);
      await otherPage.goto(browsed.system.baseUrl + path);
      await otherPage.getByRole('alert').getByText('Operators only').waitFor();
      const change = otherPage.getByRole('button', { name: /Create a key|Register a client/ });
      expect(await change.count()).toBe(0);
    }
    await otherPage.close();
  });

  test('the console has no link to Bull Board for a key for some connections, which may not open it', async () => {
    const { connectionId, store } = browsed.system;
    const limits = { connectionIds: [connectionId], now: new Date() };
    const key = await store.apiKeys.create({ name: 'a limited client', role: 'client', ...limits });
    const { page: otherPage } = await browsed.open('/');
    await browsed.logIn(otherPage, key);
    await otherPage.getByRole('link', { name: 'Webhooks' }).waitFor();
    expect(await otherPage.getByRole('link', { name: 'Bull Board' }).count()).toBe(0);
    await otherPage.close();
  });

  test('the console logs an operator out after half an hour without input, and shows the same page after the log-in', async () => {
    const { page: loginPage } = await browsed.open('/login?next=/connections');
    await loginPage.clock.install();
    await browsed.logIn(loginPage);
    await loginPage.getByRole('heading', { level: 1, name: 'Connections' }).waitFor();
    await loginPage.clock.fastForward('29:00');
    await loginPage.mouse.move(10, 10);
    await loginPage.clock.fastForward('29:00');
    expect(new URL(loginPage.url()).pathname).toBe('/connections');
    await loginPage.clock.fastForward('02:00');
    await loginPage.locator('input[name=key]').waitFor();
    expect(loginPage.url()).toBe(`${browsed.system.baseUrl}/login?next=%2Fconnections`);
    expect(await loginPage.context().cookies()).toEqual([]);
    await loginPage.close();
  });

  test('the console reports an unknown address, and redirects to the log-in after the end of a session', async () => {
    await goTo('/nowhere');
    await title('There is no such page').waitFor();
    await page.getByRole('button', { name: /Logged in as/ }).click();
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await page.waitForURL('**/login');
    await goTo('/audit');
    expect(new URL(page.url()).pathname).toBe('/login');
  });

  test('the console has no violation of its policy and no script error, and sends requests only to its own server', async () => {
    expect(withoutCaused(complaints, await browsed.system.store.connections.listIds())).toEqual([]);
  });
});
