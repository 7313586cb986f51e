import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { createApiClient } from '../system/api-client.ts';
import { describeInBrowser } from './describe-in-browser.fixture.ts';
import { faultsOfAccessibility } from './faults-of-accessibility.fixture.ts';
import { onPage } from './on-page.fixture.ts';
import { type BrowsedSystem, openTimeoutMs } from './open-system.ts';
import { type PlantedLists, plantLists } from './plant-lists.fixture.ts';

interface Parameter {
  readonly name: string;
  readonly schema: { readonly default?: number };
}

const file = join(import.meta.dirname, '../../apps/api/openapi.json');
const { paths } = JSON.parse(readFileSync(file, 'utf8')) as {
  paths: Record<string, { get?: { operationId: string; parameters?: readonly Parameter[] } }>;
};

/** Every operation of the API that returns pages. */
const lists = Object.entries(paths).flatMap(([path, { get }]) => {
  const { operationId = '', parameters = [] } = get ?? {};
  return parameters.some(({ name }) => name === 'cursor' || name === '_cursor') ? [{ operationId, path }] : [];
});

interface View {
  /** The page of the console. */
  readonly page: string;
  readonly table: string;
  /** The query of the API that the page shows. */
  readonly query?: string;
  /** The name of a tab that shows the table. */
  readonly tab?: string;
}

/** Where the console shows each list, or why it does not show the entries as rows. */
const views: Readonly<Record<string, string | ((ids: PlantedLists) => View)>> = {
  listBulkExports: () => ({ page: '/exports', table: 'Bulk exports' }),
  listOutputFiles: 'The files of an export have numbered pages. Their own test opens all of them.',
  listExportEvents: ({ exportId }) => ({ page: `/exports/${exportId}`, table: 'Log' }),
  listSyncRuns: () => ({ page: '/syncs', table: 'Sync runs' }),
  listSyncEvents: ({ syncRunId }) => ({ page: `/syncs/${syncRunId}`, table: 'Log' }),
  listCohorts: 'A cohort is made of a file with many ids, which the command line reads.',
  listProviders: () => ({ page: '/providers', table: 'Providers' }),
  listConnections: () => ({ page: '/connections', table: 'Connections' }),
  listWatermarks: ({ connectionId }) => ({ page: `/connections/${connectionId}`, table: 'Watermarks' }),
  listWebhookDeliveries: ({ connectionId }) => ({
    page: `/webhooks?connectionId=${connectionId}`,
    table: 'Deliveries',
    query: `connectionId=${connectionId}`,
  }),
  listWebhookReceivers: () => ({ page: '/webhooks', table: 'Webhooks' }),
  listErasures: () => ({ page: '/erasures', table: 'Erasures' }),
  listRetention: () => ({ page: '/erasures', table: 'Retention' }),
  listSchedules: () => ({ page: '/schedules', table: 'Schedules' }),
  searchResources: ({ connectionId }) => ({
    page: `/resources?connectionId=${connectionId}&type=Patient`,
    table: 'Resources of type Patient',
    query: `connectionId=${connectionId}`,
  }),
  readChanges: 'The console shows no histories.',
  readResourceHistory: 'The console shows no histories.',
  listResourceSources: ({ connectionId, patientId }) => ({
    page: `/resources?connectionId=${connectionId}&type=Patient&id=${patientId}`,
    tab: 'Sources',
    table: 'Sources of the versions',
    query: `connectionId=${connectionId}`,
  }),
  readFhirHistory: 'The console shows no histories.',
  readFhirTypeHistory: 'The console shows no histories.',
  searchFhir: 'The console searches the same resources with searchResources.',
  searchFhirGroups: 'The console shows the connection, which is the group.',
  searchFhirRecord: 'The console searches the resources of a patient with searchResources.',
  readFhirEverything: 'The console shows the record of a patient type by type.',
  listTables: 'The views are the options of a field.',
  listDocuments: ({ connectionId }) => ({
    page: `/documents?connectionId=${connectionId}`,
    table: 'Documents',
    query: `connectionId=${connectionId}`,
  }),
  listQuarantinedLines: () => ({ page: '/quarantine?state=open', table: 'Lines in quarantine' }),
  listQuarantineGroups: () => ({ page: '/quarantine', table: 'Groups of open lines' }),
  listApiKeys: () => ({ page: '/api-keys', table: 'API keys' }),
  listSessions: () => ({ page: '/api-keys', table: 'Sessions' }),
  listClients: () => ({ page: '/clients', table: 'FHIR clients' }),
  listAuditEvents: () => ({ page: '/audit?actor=key_planted', table: 'Audit events', query: 'actor=key_planted' }),
  verifyAuditEvents: 'The check of the audit log is a command.',
  listSigningKeys: () => ({ page: '/signing-keys', table: 'Signing keys' }),
  listRateBudgets: 'The budgets are cards.',
  listPlans: () => ({ page: '/budget', table: 'Next 24 hours' }),
  spreadSchedules: 'The proposal is a command.',
  listQueues: () => ({ page: '/system', table: 'Queues' }),
  listProcesses: () => ({ page: '/system', table: 'Processes' }),
};

/** The pages of the lists that the API cuts unless a client reads on. */
const long = new Set(
  lists
    .filter(({ path }) => {
      const { parameters = [] } = paths[path]?.get ?? {};
      return parameters.some(({ name, schema }) => name === '_cursor' || (name === 'limit' && schema.default));
    })
    .map(({ operationId }) => operationId),
);

test('the console shows every list of the API, or this test says why not', () => {
  expect(Object.keys(views).toSorted()).toEqual(lists.map(({ operationId }) => operationId).toSorted());
});

describeInBrowser('the lists of the console in a browser', (open) => {
  let browsed: BrowsedSystem;
  let page: Page;
  let ids: PlantedLists;
  beforeAll(async () => {
    browsed = await open({ patients: 130 });
    ids = await plantLists(browsed.system);
    ({ page } = await browsed.open('/connections', { reducedMotion: 'reduce' }));
    await browsed.logIn(page);
    await title('Connections').waitFor();
  }, openTimeoutMs);

  const { title, button, link } = onPage(() => page);
  const goTo = (path: string) => page.goto(browsed.system.baseUrl + path);
  const rowsOf = (table: string) => page.getByRole('table', { name: table }).locator('tbody tr');

  /** Counts the entries of a list, page by page. */
  async function countByApi(path: string, query = ''): Promise<number> {
    const { baseUrl, apiKey } = browsed.system;
    const names = { provider: 'athenahealth', type: 'Patient', jobId: ids.exportId, kid: '' };
    const idOf = path.includes('sync-runs')
      ? ids.syncRunId
      : path.includes('sources')
        ? ids.patientId
        : ids.connectionId;
    const filled = path.replaceAll(/\{(\w+)\}/g, (_name, name) => ({ ...names, id: idOf })[name as keyof typeof names]);
    const first = `${baseUrl}${filled}?${query}`;
    let count = 0;
    for (let url: string | undefined = first; url !== undefined; ) {
      const response: Response = await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } });
      const body = (await response.json()) as {
        data?: unknown[];
        entry?: unknown[];
        next?: string;
        link?: { relation: string; url: string }[];
      };
      count += (body.data ?? body.entry ?? []).length;
      const cursor = body.next && `${first}&cursor=${encodeURIComponent(body.next)}`;
      url = cursor ?? body.link?.find(({ relation }) => relation === 'next')?.url;
    }
    return count;
  }

  /** Loads page after page until there is no further one. @returns how often it has loaded one */
  async function loadAll(table: string): Promise<number> {
    const loadMore = button(`Load more: ${table}`);
    for (let times = 0; ; times++) {
      const before = await rowsOf(table).count();
      if (!(await loadMore.isVisible())) return times;
      await page
        .getByText(new RegExp(`^Showing ${before}\\b`))
        .first()
        .waitFor();
      await loadMore.click();
      await rowsOf(table).nth(before).waitFor();
    }
  }

  const shown = lists.flatMap(({ operationId, path }) => {
    const view = views[operationId];
    return typeof view === 'function' ? [{ operationId, path, view }] : [];
  });

  test.each(shown)(
    'the page of $operationId shows every entry',
    async ({ operationId, path, view }) => {
      const { page: url, table, tab, query } = view(ids);
      await goTo(url);
      if (tab !== undefined) await page.getByRole('tab', { name: tab }).click();
      await rowsOf(table).first().waitFor();
      const times = await loadAll(table);
      // A list that is short by its nature is read whole.
      expect(times > 0).toBe(long.has(operationId));
      expect(await rowsOf(table).count()).toBe(await countByApi(path, query));
      if (times > 0) await page.getByText(/^Showing all [\d,]+/).waitFor();
    },
    180_000,
  );

  test('the page of an export counts its files and opens all of them', async () => {
    await goTo(`/exports/${ids.exportId}`);
    const count = await countByApi('/api/ehr/{provider}/bulk-export/{jobId}/files');
    await page.getByText(`${count} files`, { exact: true }).waitFor();
    const last = String(Math.ceil(count / 50));
    await button(last).click();
    await expect(rowsOf('Files of the export').count()).resolves.toBe(count % 50);
  }, 180_000);

  test('a list of exports keeps the pages that were loaded while it is refreshed', async () => {
    await goTo('/exports');
    await rowsOf('Bulk exports').first().waitFor();
    await loadAll('Bulk exports');
    const before = await rowsOf('Bulk exports').count();
    const body = { connectionId: ids.connectionId, resourceTypes: ['Patient'] };
    const call = createApiClient(browsed.system);
    const { id } = await call<{ id: string }>('POST', '/api/ehr/athenahealth/bulk-export', body);
    await page.locator(`a[href$="${id}"]`).waitFor();
    expect(await rowsOf('Bulk exports').count()).toBe(before + 1);
    await page.getByText(`Showing all ${before + 1}, newest first.`).waitFor();
  }, 180_000);

  test('the audit log says how many events match, and downloads all of them', async () => {
    await goTo('/audit?actor=key_planted');
    await page.getByText('Showing 100 of 230, newest first.').waitFor();
    for (const [name, format, lines] of [
      ['Download CSV', 'csv', 231],
      ['Download NDJSON', 'ndjson', 230],
    ] as const) {
      const [download] = await Promise.all([page.waitForEvent('download'), link(name).click()]);
      expect(download.suggestedFilename()).toBe(`audit-events.${format}`);
      const content = readFileSync(await download.path(), 'utf8');
      expect(content.trimEnd().split('\n')).toHaveLength(lines);
    }
    expect(await faultsOfAccessibility(page)).toEqual([]);
  }, 180_000);

  test('a page of a list that could not be loaded is loaded by a second click', async () => {
    await goTo('/audit?actor=key_planted');
    const loadMore = button('Load more: Audit events');
    const error = { code: 'invalid-request', message: 'planted' };
    const refuse = { status: 400, json: { success: false, error } };
    await page.route(/cursor=/, (route) => route.fulfill(refuse), { times: 1 });
    await loadMore.click();
    await page.getByRole('alert').getByText('planted').waitFor();
    expect(await rowsOf('Audit events').count()).toBe(100);
    await loadMore.click();
    await page.getByText('Showing 200 of 230, newest first.').waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  }, 180_000);

  test('a page of a list is loaded although the list is read again at the same time', async () => {
    await goTo('/exports');
    await rowsOf('Bulk exports').first().waitFor();
    const call = createApiClient(browsed.system);
    const isOver = new AbortController();
    const changing = (async () => {
      for (let minute = 0; !isOver.signal.aborted; minute++) {
        // Each one is another export, so that none has to wait for the end of the one before.
        const since = new Date(Date.UTC(2024, 0, 1, 0, minute)).toISOString();
        const body = { connectionId: ids.connectionId, resourceTypes: ['Patient'], since };
        const { id } = await call<{ id: string }>('POST', '/api/ehr/athenahealth/bulk-export', body);
        await page.locator(`a[href$="${id}"]`).waitFor();
      }
    })();
    await button('Load more: Bulk exports').click();
    await rowsOf('Bulk exports').nth(199).waitFor();
    isOver.abort();
    await changing;
  }, 180_000);

  test('the overview leads from its newest exports and next runs to all of them', async () => {
    await goTo('/');
    await link('All exports').click();
    await title('Bulk exports').waitFor();
    await page.goBack();
    await link('All schedules').click();
    await title('Schedules').waitFor();
  }, 180_000);
});
