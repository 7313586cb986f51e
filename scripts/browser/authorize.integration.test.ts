import { beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { createApiClient } from '../system/api-client.ts';
import { describeInBrowser } from './describe-in-browser.fixture.ts';
import { faultsOfAccessibility } from './faults-of-accessibility.fixture.ts';
import { onPage } from './on-page.fixture.ts';
import { type BrowsedSystem, openTimeoutMs } from './open-system.ts';

// The console is at `localhost`, the EHR at `127.0.0.1`: two sites, between which the browser sends no
// `SameSite=Strict` cookie.
describeInBrowser('the authorize flow, over two sites', (open) => {
  let browsed: BrowsedSystem;
  let page: Page;
  let complaints: string[];
  beforeAll(async () => {
    browsed = await open({ patients: 3, host: 'localhost' });
    await browsed.system.simulator.orderSettings({ asksUser: true });
    ({ page, complaints } = await browsed.open('/connections'));
    await browsed.logIn(page);
    await title('Connections').waitFor();
  }, openTimeoutMs);

  const { title, button, link, choose } = onPage(() => page);
  const atEhr = () => title('Simulated athenahealth').waitFor();
  const connectionTitle = 'athenahealth production 195900';
  /** Adds a connection with the console's form, which leads to its page. @returns the address of that page */
  const addConnection = async (): Promise<string> => {
    await page.goto(`${browsed.baseUrl}/connections`);
    await button('Add a connection').click();
    await choose({ field: 'EHR vendor', option: 'athenahealth' });
    await page.getByRole('textbox', { name: 'Practice id' }).fill('195900');
    await choose({ field: 'Credentials', option: 'Authorization by a user of the practice' });
    await button('Save').click();
    // Each connection has its own number in its name.
    await page.getByRole('heading', { level: 1, name: `${connectionTitle} (` }).waitFor();
    await page.getByText('This connection needs an authorization').waitFor();
    return page.url();
  };
  const allow = async () => {
    await page.getByRole('textbox', { name: 'User' }).fill('a.physician');
    await page.getByRole('textbox', { name: 'Password' }).fill('any');
    await button('Allow').click();
  };
  const isAuthorized = () => page.getByText('yes, for patient a-195900.E-1').waitFor();

  test('the authorize flow leads from the EHR’s page back to the connection, where the operator is still logged in and the connection works', async () => {
    const address = await addConnection();
    await link('Authorize').click();
    await atEhr();
    expect(new URL(page.url()).origin).toBe(browsed.system.simulator.baseUrl);
    await allow();
    await isAuthorized();
    expect(page.url()).toBe(address);
    expect(await page.getByText('This connection needs an authorization').count()).toBe(0);
    await button('Test').click();
    for (const step of ['discovery', 'token', 'read']) {
      await page.getByRole('listitem').filter({ hasText: step }).getByLabel('worked').waitFor();
    }
    expect(await page.getByLabel('failed').count()).toBe(0);
  });

  test('the authorize flow reports that a form that is submitted again with the back button changes nothing', async () => {
    const address = page.url();
    await page.goBack();
    await atEhr();
    await allow();
    await title('Already authorized').waitFor();
    expect(await faultsOfAccessibility(page)).toEqual([]);
    await link('Go to the connection').click();
    await isAuthorized();
    expect(page.url()).toBe(address);
    // The callback's page also has a link to the connection.
    await page.goBack();
    await title('Already authorized').waitFor();
  });

  test('the authorize flow reports a denial to the user, and a second attempt works', async () => {
    const address = await addConnection();
    await link('Authorize').click();
    await atEhr();
    await button('Deny').click();
    await title('Not authorized').waitFor();
    await page.getByText('access_denied').waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await faultsOfAccessibility(page)).toEqual([]);
    }
    await link('Go to the connection').click();
    await page.getByText('This connection needs an authorization').waitFor();
    expect(page.url()).toBe(address);
    await page.goBack();
    await link('Try again').click();
    await atEhr();
    await allow();
    await isAuthorized();
    expect(page.url()).toBe(address);
  });

  test('the authorize flow reports that a denied authorization has ended if the user goes back, and offers a new start', async () => {
    await addConnection();
    await link('Authorize').click();
    await atEhr();
    await button('Deny').click();
    await title('Not authorized').waitFor();
    await page.goBack();
    await atEhr();
    await allow();
    await title('This authorization has ended').waitFor();
    await link('Try again').click();
    await atEhr();
    await allow();
    await isAuthorized();
  });

  test('the authorize flow shows a page with the reason and a link back if an operator cannot start it', async () => {
    const { provider, id } = { provider: 'athenahealth', id: browsed.system.connectionId };
    await page.goto(`${browsed.baseUrl}/api/ehr/${provider}/authorize?connectionId=${id}`);
    await page.getByText('so it needs no authorization by a user').waitFor();
    await link('Go to the connection').click();
    await title(connectionTitle).waitFor();
  });

  test('the authorize flow tells an invited user that the window can be closed, and does not redirect to the log-in', async () => {
    const api = createApiClient(browsed.system);
    const path = '/api/ehr/athenahealth/authorize';
    const { startUrl } = await api<{ startUrl: string }>('POST', path, { practiceId: '195900' });
    const { page: users } = await browsed.open(startUrl);
    await users.getByRole('textbox', { name: 'User' }).fill('a.patient');
    await users.getByRole('textbox', { name: 'Password' }).fill('any');
    await users.getByRole('button', { name: 'Allow' }).click();
    await users.getByText('You can close this window.').waitFor();
    expect(await users.getByRole('link').count()).toBe(0);
    await users.close();
  });

  test('the authorize flow shows pages without a violation of their policy and without a script error', () => {
    // Responses with an error that the tests above have caused are not faults.
    expect(complaints.filter((complaint) => !/status of (?:400|403|409)|ERR_ABORTED/.test(complaint))).toEqual([]);
  });
});
