import { codesOf, isForPrograms, titleOf } from '@bulkhead/client';
import { waitFor } from '@bulkhead/testing';
import { beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { createApiClient } from '../system/api-client.ts';
import { describeInBrowser } from './describe-in-browser.fixture.ts';
import { faultsOfAccessibility } from './faults-of-accessibility.fixture.ts';
import { onPage } from './on-page.fixture.ts';
import { type BrowsedSystem, openTimeoutMs } from './open-system.ts';

describeInBrowser('the console for people in a browser', (open) => {
  let browsed: BrowsedSystem;
  let page: Page;
  let exportIds: string[];
  beforeAll(async () => {
    browsed = await open({ patients: 6 });
    const { simulator, connectionId } = browsed.system;
    exportIds = [];
    for (const _time of ['first', 'second']) {
      await simulator.inject('bulkdata/.*Condition', { kind: 'corrupt-line', line: 1 });
      exportIds.push(await runExport({ connectionId }));
    }
    ({ page } = await browsed.open('/login', { reducedMotion: 'reduce' }));
  }, openTimeoutMs);

  const { title, button, tab } = onPage(() => page);
  const goTo = (path: string) => page.goto(browsed.system.baseUrl + path);
  async function runExport(body: object): Promise<string> {
    const { store } = browsed.system;
    const { id } = await createApiClient(browsed.system)<{ id: string }>(
      ...(['POST', '/api/ehr/athenahealth/bulk-export', body] as const),
    );
    await waitFor(async () => (await store.bulkExports.find(id))?.completedAt !== undefined, { timeoutMs: 60_000 });
    return id;
  }
  /** In light and dark. */
  const expectAccessible = async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await faultsOfAccessibility(page)).toEqual([]);
    }
  };

  test('the log-in page has the name and the colors of the console, and no fault of accessibility', async () => {
    await page.locator('header').getByText('Bulkhead').waitFor();
    await page.emulateMedia({ colorScheme: 'light' });
    const colorOf = (selector: string) =>
      page.evaluate(`getComputedStyle(document.querySelector('${selector}')).backgroundColor`);
    const [ground, action] = [await colorOf('body'), await colorOf('button')];
    await expectAccessible();
    await browsed.logIn(page);
    await title('Overview').waitFor();
    await goTo('/exports');
    await button('Start an export').waitFor();
    await page.emulateMedia({ colorScheme: 'light' });
    await page.locator('[data-mantine-color-scheme=light]').waitFor({ state: 'attached' });
    const ofConsole = await page.evaluate(`[getComputedStyle(document.body).backgroundColor,
      getComputedStyle([...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'Start an export')).backgroundColor]`);
    expect([ground, action]).toEqual(ofConsole);
  });

  test('the frame is drawn while the session is being loaded, in three groups', async () => {
    const { promise: isReleased, resolve: release } = Promise.withResolvers<void>();
    await page.route(/\/api\/ehr\/session$/, async (route) => {
      await isReleased;
      await route.continue();
    });
    await goTo('/exports');
    for (const group of ['Import', 'Data', 'System']) await page.getByRole('region', { name: group }).waitFor();
    await page.getByRole('link', { name: 'Bulk exports' }).waitFor();
    await page.getByRole('status', { name: 'Loading' }).waitFor();
    expect(await page.getByRole('link', { name: 'Audit' }).count()).toBe(0);
    release();
    await title('Bulk exports').waitFor();
    await page.getByRole('link', { name: 'Audit' }).waitFor();
    await page.unrouteAll();
  });

  /** Shows these errors and warnings as those of an export. @returns the text of all boxes */
  async function showOnExport(options: {
    readonly errors: readonly string[];
    readonly warnings: readonly string[];
    readonly message: string;
  }): Promise<string[]> {
    const { errors, warnings, message } = options;
    const [exportId = ''] = exportIds;
    const answer = (pattern: RegExp, change: (data: never) => unknown) =>
      page.route(pattern, async (route) => {
        const response = await route.fetch();
        const body = (await response.json()) as { data: never };
        await route.fulfill({ response, json: { ...body, data: change(body.data) } });
      });
    await answer(/\/bulk-export\/\w+$/, (record: object) => ({
      ...record,
      warnings: warnings.map((code) => ({ code, message })),
    }));
    await answer(/\/files$/, ([file]: object[]) =>
      errors.map((code) => ({ ...file, id: code, state: 'failed', error: { code, message } })),
    );
    await goTo(`/exports/${exportId}`);
    // All failed files are one box.
    const one = `1 file: ${titleOf('error', errors[0] ?? '')}`;
    await page.getByText(errors.length === 1 ? one : `${errors.length} files could not be stored`).waitFor();
    // A title and its text are apart.
    const texts = (await page.evaluate(
      "[...document.querySelectorAll('[role=alert]')].map(({ innerText }) => innerText)",
    )) as string[];
    await page.unrouteAll();
    return texts;
  }

  test('every code is a text for people: no code as a title, no backtick and no name of a field', async () => {
    const [errors, warnings] = [codesOf('error'), codesOf('warning')];
    const message = 'Use the `id`, see `details`, and send `force: true`.';
    const texts = await showOnExport({ errors, warnings, message });
    // The box of the files says what these two warnings say.
    const apart = warnings.filter((code) => code !== 'files-failed' && code !== 'watermarks-held');
    expect(texts).toHaveLength(1 + apart.length);
    for (const text of texts) {
      expect(text).not.toMatch(/\b[a-z]+\.[a-z]+/);
      expect(isForPrograms(text)).toBe(false);
    }
    const all = texts.join('\n');
    expect(errors.filter((code) => !all.includes(titleOf('error', code)))).toEqual([]);
    expect([...errors, ...warnings].filter((code) => code.includes('-') && all.includes(code))).toEqual([]);
  });

  test('a message with values is shown as it is', async () => {
    const message = 'The EHR sent 7 of 9 resources.';
    const texts = await showOnExport({ errors: ['count-mismatch'], warnings: [], message });
    expect(texts.join()).toContain(message);
  });

  test('an error of a form names its fields by their labels', async () => {
    await goTo('/exports');
    const details = [{ path: 'typeFilters.0', message: 'must be a FHIR search, such as `Observation?code=1`' }];
    const error = { code: 'invalid-request', message: 'x', details };
    await page.route(/\/bulk-export$/, (route) => route.fulfill({ status: 400, json: { success: false, error } }));
    await button('Start an export').click();
    await page.getByRole('dialog').getByRole('combobox', { name: 'Connection' }).click();
    await page.getByRole('option').first().click();
    await button('Start').click();
    const alert = page.getByRole('dialog').getByRole('alert');
    await alert.getByText('Type filters must be a FHIR search, such as Observation?code=1').waitFor();
    await page.unrouteAll();
  });

  test('the list of exports says what, by whom and how long, and a running row has a bar and the time left', async () => {
    const { simulator, connectionId, store } = browsed.system;
    await goTo('/exports?status=COMPLETED');
    const first = page.getByRole('row').nth(2);
    await first.getByText('All patients').waitFor();
    const [, record] = await Promise.all(exportIds.map((id) => store.bulkExports.find(id)));
    const { stored = 0, unchanged = 0 } = record?.counts ?? {};
    const cells = await page.getByRole('row').nth(1).getByRole('cell').allTextContents();
    expect(cells.slice(3)).toEqual([
      'chaos',
      expect.stringMatching(/^\d+ s$/),
      // A line of it is in the quarantine.
      'partial',
      `${stored}`,
      `${stored - unchanged}`,
    ]);
    await page.getByRole('columnheader', { name: 'Phase' }).waitFor({ state: 'detached' });

    await simulator.order({ match: { path: 'bulkdata/' }, fault: { kind: 'slow', bytesPerSecond: 1500 }, times: 30 });
    const call = createApiClient(browsed.system);
    const { id } = await call<{ id: string }>('POST', '/api/ehr/athenahealth/bulk-export', { connectionId });
    await goTo('/exports?status=IN_PROGRESS');
    const row = page.getByRole('row').filter({ hasText: 'in progress' });
    await row.getByRole('progressbar').waitFor({ state: 'attached' });
    await row.getByText(/^about .* left$/).waitFor();
    await goTo(`/exports/${id}`);
    await page.getByText('Time left', { exact: true }).waitFor();
    expect(await page.getByText(/usually take/).count()).toBe(0);
    await button('Cancel').click();
    await button('Cancel the export').click();
    await page.getByText('cancelled', { exact: true }).first().waitFor();
  });

  test('syncs are filtered by their status, and the list shows what they have stored', async () => {
    const { connectionId, store } = browsed.system;
    const body = { connectionId, includeStandard: false, resourceTypes: ['Encounter'] };
    const call = createApiClient(browsed.system);
    const { id } = await call<{ id: string }>('POST', '/api/ehr/athenahealth/enhanced-sync', body, {
      prefer: 'respond-async',
    });
    await waitFor(async () => (await store.syncRuns.find(id))?.phase === 'completed', { timeoutMs: 60_000 });
    const totals = (await store.syncRuns.find(id))?.totals;
    await goTo('/syncs?status=FAILED');
    await page.getByText('No sync runs').waitFor();
    await page.getByRole('combobox', { name: 'Status' }).click();
    await page.getByRole('option', { name: 'completed' }).click();
    const row = page.getByRole('row', { name: /Encounter, 6 patients chaos/ });
    await row
      .getByRole('cell', { name: `${totals?.stored}`, exact: true })
      .first()
      .waitFor();
    expect(totals?.stored).toBeGreaterThan(0);
  });

  test('the page of a connection is its home, and what deletes data is apart', async () => {
    const { connectionId } = browsed.system;
    await goTo(`/connections/${connectionId}`);
    for (const fact of ['Status', 'Last run', 'Next run', 'Lag', 'Webhook']) {
      await page
        .getByRole('term')
        .filter({ hasText: new RegExp(`^${fact}$`) })
        .first()
        .waitFor();
    }
    await page.getByRole('term').filter({ hasText: 'Observation' }).waitFor();
    await button('Start an export').waitFor();
    expect(await button('Remove').count()).toBe(0);
    for (const name of ['Exports', 'Syncs', 'Schedules', 'Webhook', 'Settings']) {
      await tab(name).click();
      await page.getByRole('tabpanel', { name }).waitFor();
      await page.waitForURL(new RegExp(`tab=${name}`));
      await expectAccessible();
    }
    const danger = page.getByRole('region', { name: 'Danger zone' });
    for (const name of ['Erase a patient', 'Remove']) await danger.getByRole('button', { name }).waitFor();
    await page.setViewportSize({ width: 375, height: 700 });
    await waitFor(() => page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('a webhook that no worker will call is refused where it is entered', async () => {
    await goTo(`/connections/${browsed.system.connectionId}?tab=Webhook`);
    await button('Set a webhook').click();
    await page.getByRole('textbox', { name: 'URL' }).fill('http://10.0.0.7/hook');
    await button('Set').click();
    const alert = page.getByRole('dialog').getByRole('alert');
    await alert
      .getByText(/URL must be a public https URL, because the workers call no other one: it is not https/)
      .waitFor();
  });

  test('resources are found by code and date, and a row shows the value, the date and the patient', async () => {
    const { connectionId, simulator } = browsed.system;
    const lines = (await simulator.lines('Observation')).map((line) => JSON.parse(line));
    const [observation] = lines.filter(({ valueQuantity }) => valueQuantity);
    const { code: coding } = observation.code.coding[0];
    const day = observation.effectiveDateTime.slice(0, 10);
    await goTo(`/resources?connectionId=${connectionId}&type=Observation`);
    await page
      .getByRole('list', { name: 'Stored resources by type' })
      .getByText(`Observation ${lines.length}`)
      .waitFor();
    await page.getByRole('textbox', { name: 'Code' }).fill(coding);
    await page.getByLabel('From').fill(day);
    await page.getByLabel('Until').fill(day);
    await button('Search').click();
    const row = page.getByRole('row').filter({ has: page.getByRole('button', { name: observation.id, exact: true }) });
    await row.getByText(`${observation.valueQuantity.value} ${observation.valueQuantity.unit}`).waitFor();
    await row.getByText(day).waitFor();
    const ofDay = lines.filter(
      ({ code, effectiveDateTime }) => code.coding[0].code === coding && effectiveDateTime?.slice(0, 10) === day,
    );
    expect(await page.getByRole('row').count()).toBe(ofDay.length + 1);
    await row.getByRole('link', { name: observation.subject.reference.replace('Patient/', '') }).click();
    await page.waitForURL(/patient=/);
  });

  test('the quarantine joins a line of several exports, shows where its JSON breaks, and offers no replay that cannot help', async () => {
    await goTo('/quarantine?state=open');
    const row = page.getByRole('row', { name: /The JSON is broken/ });
    await row.getByText('in an earlier run too').waitFor();
    expect(await row.count()).toBe(1);
    await row.getByRole('button').first().click();
    await page
      .getByRole('alert')
      .getByText(/The JSON breaks at character/)
      .waitFor();
    expect(await button('Replay unchanged').count()).toBe(0);
    await expectAccessible();
    await page.getByRole('textbox', { name: 'The line' }).fill('{"resourceType":"Condition"}');
    await page
      .getByRole('alert')
      .getByText(/The JSON breaks/)
      .waitFor({ state: 'detached' });
  });

  test('the overview says what has changed since the user last looked', async () => {
    await goTo('/');
    await title('Overview').waitFor();
    await waitFor(() => page.evaluate("Object.keys(localStorage).some((key) => key.startsWith('bulkhead-look'))"));
    expect(await page.getByText(/Since you last looked/).count()).toBe(0);
    // An hour ago, before all exports.
    await page.evaluate(`for (const key of Object.keys(localStorage)) if (key.startsWith('bulkhead-look'))
      localStorage.setItem(key, JSON.stringify({ since: new Date(Date.now() - 9e6), seenAt: new Date(Date.now() - 8e6) }))`);
    await page.reload();
    await page.getByText(/Since you last looked/).waitFor();
    await page
      .getByText(/\d failed or (?:is|are) incomplete, .*\d+ resources are new or changed, 2 lines were quarantined/)
      .waitFor();
  });

  test('no label appears twice on an axis of the overview', async () => {
    await page
      .getByRole('img', { name: /as a chart$/ })
      .first()
      .waitFor();
    const axes = (await page.evaluate(`[...document.querySelectorAll('.recharts-yAxis')].map((axis) =>
      [...axis.querySelectorAll('.recharts-cartesian-axis-tick-value')].map(({ textContent }) => textContent))`)) as string[][];
    expect(axes.length).toBeGreaterThan(0);
    for (const labels of axes) expect(new Set(labels).size).toBe(labels.length);
  });

  test('the budget has the client id in its title', async () => {
    await goTo('/budget');
    await page.getByRole('heading', { name: 'athenahealth.production, client simulator-client' }).waitFor();
  });

  test('the page of the workers lists each process with its host, its version and its queues', async () => {
    await goTo('/system');
    const rows = page.getByRole('table', { name: 'Processes' }).getByRole('row');
    await rows
      .filter({ hasText: /worker.*running.*\d+\.\d+\.\d+.*bulk-export/ })
      .first()
      .waitFor();
    const states = await browsed.system.store.processStates.list(new Date());
    expect(await rows.count()).toBe(states.length + 1);
    await rows.filter({ hasText: /API/ }).first().waitFor();
    await expectAccessible();
  });
});
