import { readFileSync } from 'node:fs';
import { waitFor } from '@bulkhead/testing';
import { beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { createApiClient } from '../system/api-client.ts';
import { describeInBrowser } from './describe-in-browser.fixture.ts';
import { faultsOfAccessibility } from './faults-of-accessibility.fixture.ts';
import { onPage } from './on-page.fixture.ts';
import { type BrowsedSystem, openTimeoutMs, withoutCaused } from './open-system.ts';

const cutElements = (selector: string) => `[...document.querySelectorAll('${selector}')]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .map((element) => element.tagName + ': ' + element.textContent)`;

describeInBrowser('the pages of an operator in a browser', (open) => {
  let browsed: BrowsedSystem;
  let page: Page;
  let complaints: string[];
  beforeAll(async () => {
    browsed = await open({ patients: 3 });
    ({ page, complaints } = await browsed.open('/connections', { reducedMotion: 'reduce' }));
    await browsed.logIn(page);
    await title('Connections').waitFor();
  }, openTimeoutMs);

  const { title, button, tab, link, choose } = onPage(() => page);
  const goTo = (path: string) => page.goto(browsed.system.baseUrl + path);
  const field = (name: string) => page.getByRole('textbox', { name });
  const connections = () => browsed.system.store.connections.list();
  const ids = () => browsed.system.store.connections.listIds();
  /** In light, dark and on a phone. */
  const expectAccessible = async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.locator(`[data-mantine-color-scheme=${colorScheme}]`).waitFor({ state: 'attached' });
      expect(await faultsOfAccessibility(page)).toEqual([]);
    }
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await faultsOfAccessibility(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(await page.evaluate(cutElements('header *'))).toEqual([]);
    await page.setViewportSize({ width: 1280, height: 800 });
  };

  test('a form of a connection marks and requires its fields, and a second connection for a practice must be confirmed', async () => {
    await button('Add a connection').click();
    await choose({ field: 'EHR vendor', option: 'athenahealth' });
    await field('Practice id').waitFor();
    await button('Test and save').click();
    await page.getByText('Enter the practice id, or a group id.').waitFor();
    expect(await page.evaluate('document.activeElement.name || document.activeElement.dataset.path')).toBe(
      'practiceId',
    );
    await expectAccessible();
    await field('Name').fill('Lakeside Clinic');
    await field('Practice id').fill('195900');
    await choose({ field: 'Scopes', option: /SMART v2/ });
    await button('Test and save').click();
    const refusal = page.getByRole('alert').filter({ hasText: 'There is a connection for this practice or group' });
    await refusal.getByRole('link', { name: 'athenahealth production 195900' }).waitFor();
    await expectAccessible();
    expect(await connections()).toHaveLength(1);
    await page.getByRole('checkbox', { name: 'Create a second connection' }).check();
    await button('Save').click();
    await title('Lakeside Clinic').waitFor();
    expect((await connections()).map(({ name }) => name).toSorted()).toEqual([
      'Lakeside Clinic',
      'athenahealth production 195900',
    ]);
  });

  test('a failed test is a red message, and the credentials are replaced only after a test that works', async () => {
    await tab('Settings').click();
    await button('Edit credentials').click();
    await field('Client id').fill('simulator-client');
    await page.getByLabel('Client secret').fill('wrong');
    await page.getByRole('dialog').getByRole('button', { name: 'Test', exact: true }).click();
    const failed = page.getByRole('dialog').getByRole('alert');
    await failed.getByText('The test has failed.').waitFor();
    await failed.getByRole('listitem').filter({ hasText: 'token' }).getByLabel('failed').waitFor();
    await expectAccessible();
    await button('Save without a working test').click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await button('Test').click();
    await page.getByRole('alert').getByText('The test has failed at the step "token".').first().waitFor();
    await expectAccessible();
    const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    await goTo(`/connections/${id}?edit=credentials`);
    await page.getByLabel('Client secret').fill('simulator-secret');
    await button('Test and save').click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await button('Test').click();
    await page.getByText('The connection works.').first().waitFor();
    expect((await browsed.system.store.connections.findWithSecrets(id))?.auth).toMatchObject({
      clientSecret: 'simulator-secret',
    });
  });

  test('a connection is renamed, and pickers show its name, practice and endpoint', async () => {
    await button('Rename').click();
    await field('Name').fill('Hillside Clinic');
    await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
    await title('Hillside Clinic').waitFor();
    await button('Edit origins').click();
    await field('Further origins').fill('http://127.0.0.1:9');
    await button('Replace').click();
    await page.getByText('http://127.0.0.1:9', { exact: true }).waitFor();
    await goTo('/exports');
    await button('Start an export').click();
    await choose({ field: 'Connection', option: /Hillside Clinic.*Practice 195900, http/ });
    await button('Start').click();
    await title('Bulk export').waitFor();
    await link('Hillside Clinic').waitFor();
    await button('Cancel').waitFor({ state: 'detached' });
  });

  test('a probe is started after a question, and its facts are shown, downloaded and applied', async () => {
    const [{ id } = { id: '' }] = (await connections()).filter(({ name }) => name === 'Hillside Clinic');
    await goTo(`/connections/${id}`);
    await tab('Probe').click();
    await page.getByText('Nothing was measured yet').waitFor();
    await button('Start a probe').click();
    await page.getByText(/It sends at most \d+ requests/).waitFor();
    await button('Start').click();
    await page.getByText(/^completed: /).waitFor();
    const rows = page.getByRole('table', { name: 'Measured facts' }).locator('tbody tr');
    await rows.filter({ hasText: 'the level at which an export starts' }).getByText('group', { exact: true }).waitFor();
    await expectAccessible();
    const [download] = await Promise.all([page.waitForEvent('download'), link('Download the facts').click()]);
    expect(download.suggestedFilename()).toBe('facts-athenahealth-production.json');
    const facts = JSON.parse(readFileSync(await download.path(), 'utf8'));
    expect(facts).toMatchObject({ provider: 'athenahealth', facts: { exportLevel: { value: 'group' } } });
    await button('Apply to the provider').click();
    await button('Apply').click();
    await page.getByText('Applied. All processes use the facts within some seconds.').waitFor();
  });

  test('an export that failed because of its credentials leads to the form that replaces them', async () => {
    const auth = {
      method: 'client_credentials' as const,
      clientId: 'simulator-client',
      clientSecret: 'wrong',
      scope: 'system/*.read',
    };
    const [connection] = (await connections()).filter(({ name }) => name === 'Hillside Clinic');
    const { store } = browsed.system;
    await store.connections.saveAuth({ id: connection?.id ?? '', auth });
    await goTo(`/exports?connectionId=${connection?.id}`);
    await button('Start an export').click();
    await button('Start').click();
    await link('Edit credentials').first().click();
    await page.getByRole('dialog').getByLabel('Client secret').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await button('Remove').click();
    await button('Remove the connection').click();
    await title('Connections').waitFor();
    expect(await connections()).toHaveLength(1);
  });

  test('the quarantine shows the type and the file of a line, with a link to its export', async () => {
    const { simulator, connectionId, store } = browsed.system;
    await simulator.inject('bulkdata/.*Condition', { kind: 'corrupt-line', line: 1 });
    await createApiClient(browsed.system)('POST', '/api/ehr/athenahealth/bulk-export', { connectionId });
    await goTo(`/exports?connectionId=${connectionId}`);
    await page
      .getByRole('row', { name: /completed|partial/ })
      .getByRole('link')
      .first()
      .waitFor({ timeout: 30_000 });
    await goTo(`/quarantine?connectionId=${connectionId}&state=open`);
    const row = page.getByRole('row', { name: /Line 1 Condition/ });
    await row.getByRole('link', { name: /^file_|^job_/ }).click();
    await title('Bulk export').waitFor();
    expect(await store.bulkExports.listActive()).toEqual([]);
  });

  test('the documents of a connection are listed with their state, can be filtered, and lead to their resources', async () => {
    await goTo('/documents');
    await page.getByText('Choose a connection').waitFor();
    await page.getByRole('combobox', { name: 'Connection' }).click();
    await page.getByRole('option').first().click();
    const row = page.getByRole('row', { name: /stored|failed|skipped/ }).first();
    await row.getByRole('link', { name: /^(?:DiagnosticReport|DocumentReference) / }).waitFor();
    await expectAccessible();
    await row.getByRole('link', { name: /^(?:DiagnosticReport|DocumentReference) / }).click();
    await title('Resources').waitFor();
    await goTo(`/documents?connectionId=${browsed.system.connectionId}&state=failed&patient=unknown`);
    await page.getByText('No documents for this choice').waitFor();
  });

  test('a signing key is created, and retired after another one was', async () => {
    await goTo('/signing-keys');
    await page.getByText('No signing keys').waitFor();
    const create = async () => {
      await button('Create a key').click();
      await choose({ field: 'Algorithm', option: 'ES384' });
      await button('Create').click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    };
    await create();
    await page.getByRole('row', { name: /ES384 active/ }).waitFor();
    await create();
    const second = page.getByRole('row', { name: /ES384 published/ });
    await second.getByText('It can be verified, and does not sign.').waitFor();
    await expectAccessible();
    await second.getByRole('button', { name: 'Retire' }).click();
    await button('Retire the key').click();
    await page.getByRole('row', { name: /ES384 retired/ }).waitFor();
  });

  test('the settings of a provider are shown, and where they are changed', async () => {
    await goTo('/providers');
    await page.getByText(/edit the file that BULKHEAD_PROVIDERS_FILE names/).waitFor();
    await expectAccessible();
    await page
      .getByRole('row', { name: /eclinicalworks/ })
      .getByRole('button', { name: 'Settings' })
      .click();
    await page.getByRole('dialog').getByText('"defaultEnvironment"').first().waitFor();
    expect(await faultsOfAccessibility(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  test('the audit log is filtered by time, and its events link to what they name', async () => {
    await goTo('/audit?action=connection.rename');
    const row = page.getByRole('row', { name: /connection\.rename/ });
    await row.waitFor();
    const { baseUrl, connectionId } = browsed.system;
    await page.getByLabel('Before').fill('2020-01-01T00:00');
    await page.getByText('No events for this choice').waitFor();
    await page.getByLabel('From').fill('2019-01-01T00:00');
    await page.waitForURL(/from=2019-01-01T.*to=2020-01-01T|to=2020-01-01T.*from=2019-01-01T/);
    await page.goto(`${baseUrl}/audit?action=export.create`);
    await page
      .getByRole('row', { name: /export\.create/ })
      .first()
      .waitFor();
    await expectAccessible();
    await page.locator(`main a[href$="/connections/${connectionId}"]`).first().click();
    await title('athenahealth production 195900').waitFor();
    await page.goBack();
    await page.getByRole('link', { name: /^job_/ }).first().click();
    await title('Bulk export').waitFor();
  });

  test('filters keep each letter and each other, also if the browser has no time to draw between two changes', async () => {
    await goTo('/audit');
    await page.getByRole('row').nth(1).waitFor();
    const type = async (name: string, text: string) => {
      await field(name).focus();
      await page.evaluate(`for (const letter of '${text}') document.execCommand('insertText', false, letter)`);
    };
    await type('What', 'export.create');
    expect(await field('What').inputValue()).toBe('export.create');
    await page.waitForURL(/\?action=export\.create$/);
    // Two changes in one task.
    await page.evaluate(`for (const label of ['Who', 'What']) {
      [...document.querySelectorAll('label')].find(({ textContent }) => textContent === label).control.focus();
      document.execCommand('insertText', false, 'x');
    }`);
    await page.waitForURL(/\?action=export\.createx&actor=x$/);
    expect(await field('Who').inputValue()).toBe('x');
    await link('Audit').click();
    await page.waitForURL(/\/audit$/);
    const isShown = (name: string, text: string) => waitFor(async () => (await field(name).inputValue()) === text);
    await Promise.all([isShown('Who', ''), isShown('What', '')]);
    await page.goBack();
    await page.waitForURL(/\?action=export\.createx&actor=x$/);
    await Promise.all([isShown('Who', 'x'), isShown('What', 'export.createx')]);
  });

  test('the actions of schedules stay where they are while the names of connections are read', async () => {
    const { connectionId } = browsed.system;
    const api = createApiClient(browsed.system);
    for (const cron of ['0 2 * * *', '0 3 * * *', '0 4 * * *']) {
      await api('POST', '/api/ehr/schedules', { connectionId, kind: 'export', cron, timeZone: 'UTC' });
    }
    const holdAnswers = async (url: RegExp) => {
      const { promise: isReleased, resolve: release } = Promise.withResolvers<void>();
      await page.route(url, async (route) => {
        await isReleased;
        await route.continue();
      });
      return release;
    };
    const releaseNames = await holdAnswers(/\/connections\?.*ids=/);
    await goTo('/schedules');
    const row = page.getByRole('row', { name: /0 4 \* \* \*/ });
    const pause = row.getByRole('button', { name: 'Pause' });
    await pause.waitFor();
    const before = await pause.boundingBox();
    expect(await row.getByText('athenahealth production 195900').count()).toBe(0);
    releaseNames();
    await row.getByText('athenahealth production 195900').waitFor();
    expect((await pause.boundingBox())?.y).toBe(before?.y);
    await page.unrouteAll();
  });

  test('the console purges a connection with its data only after its id was typed, and lists the erasure', async () => {
    await goTo('/connections');
    const before = await ids();
    await button('Add a connection').click();
    await choose({ field: 'EHR vendor', option: 'athenahealth' });
    await page.getByRole('textbox', { name: 'Practice id' }).fill('195901');
    await choose({ field: 'Scopes', option: /SMART v2/ });
    await button('Test and save').click();
    // The simulated EHR has no such practice.
    await button('Save without a working test').click();
    await title('athenahealth production 195901').waitFor();
    const id = (await ids()).find((one) => !before.includes(one)) ?? '';
    const { promise: isCounted, resolve: count } = Promise.withResolvers<void>();
    await page.route(/\/data$/, async (route) => {
      await isCounted;
      await route.continue();
    });
    await tab('Settings').click();
    await button('Remove').click();
    await page.getByRole('dialog').getByRole('status', { name: 'Loading' }).waitFor();
    // The fields would move when the amounts appear above them.
    expect(await page.getByRole('radio').count()).toBe(0);
    count();
    await page.getByRole('radio', { name: /Delete it permanently/ }).check();
    await button('Remove the connection').click();
    await page.getByText('Type the id of the connection').waitFor();
    expect(await ids()).toContain(id);
    await page.getByRole('textbox', { name: 'Id of the connection' }).fill(id);
    await button('Remove the connection').click();
    await title('Erasures and retention').waitFor();
    await page.getByRole('row').filter({ hasText: id }).waitFor();
    expect(await ids()).not.toContain(id);
  });

  test('the console counts the data of a patient without a change before the erasure can be confirmed', async () => {
    const [id = ''] = await ids();
    await goTo(`/connections/${id}?tab=Settings`);
    await button('Erase a patient').click();
    await page.getByRole('textbox', { name: 'Id of the patient', exact: true }).fill('nobody');
    await button('Erase the patient').click();
    await page.getByText('First count the data of this patient').waitFor();
    await button('Count without deleting').click();
    await page.getByText('0 records, and').waitFor();
    await button('Erase the patient').click();
    await page.getByText('Type the id of the patient again').waitFor();
  });

  test('the console lists who has read a patient, and records this access as an event, too', async () => {
    const { store, connectionId } = browsed.system;
    const [patient = ''] = await store.resources.listIds({ connectionId, resourceType: 'Patient' });
    await goTo(`/resources?connectionId=${connectionId}&type=Patient`);
    await page.getByRole('button', { name: patient, exact: true }).waitFor();
    await goTo('/audit');
    const field = page.getByRole('textbox', { name: 'Patient' });
    await field.fill('not an id');
    await page.getByText('An id has no spaces and no slash').waitFor();
    await field.fill(patient);
    await page
      .getByRole('row', { name: /resource\.search/ })
      .first()
      .waitFor();
    const listEvents = () => store.auditEvents.list({ filter: { patient, action: 'audit-event.list' }, limit: 10 });
    expect((await listEvents()).filter(({ patients }) => patients?.includes(patient))).toHaveLength(1);
  });

  test.each([
    ['/exports', 'Bulk exports'],
    ['/connections', 'Connections'],
    ['/quarantine', 'Groups of open lines'],
    ['/audit', 'Audit events'],
    ['/signing-keys', 'Signing keys'],
  ])('the list of %s is cards on a phone, and nothing is cut', async (path, caption) => {
    await page.setViewportSize({ width: 390, height: 800 });
    await goTo(path);
    const list = page.getByRole('list', { name: caption });
    await list.getByRole('listitem').first().waitFor();
    expect(await page.getByRole('table').count()).toBe(0);
    expect(await page.evaluate(cutElements('main *'))).toEqual([]);
    expect(await faultsOfAccessibility(page)).toEqual([]);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('the pages report no violation of their policy and no script error', async () => {
    expect(withoutCaused(complaints, await ids())).toEqual([]);
  });

  // Last, because the browser complains of each answer.
  test('without `serve`, the console says so on the pages that need it, and only there', async () => {
    const { serve, connectionId } = browsed.system;
    await serve.kill();
    const away = page.getByText('Stored data cannot be read now').first();
    await goTo(`/resources?connectionId=${connectionId}&type=Patient`);
    await away.waitFor();
    await page.getByText('start the program that reads stored data').first().waitFor();
    for (const [path, caption] of [
      ['/connections', 'Connections'],
      ['/exports', 'Bulk exports'],
    ] as const) {
      await goTo(path);
      await page.getByRole('table', { name: caption }).getByRole('row').nth(1).waitFor();
      expect(await away.count()).toBe(0);
    }
    await serve.start();
    await goTo(`/resources?connectionId=${connectionId}&type=Patient`);
    const [patient = ''] = await browsed.system.store.resources.listIds({ connectionId, resourceType: 'Patient' });
    await page.getByRole('button', { name: patient, exact: true }).waitFor();
  });
});
