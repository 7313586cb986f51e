import { findChromium } from '@bulkhead/embedded';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { faultsOfAccessibility } from './faults-of-accessibility.fixture.ts';
import { onPage } from './on-page.fixture.ts';
import { type BrowsedSystem, openSystem } from './open-system.ts';

const found = await findChromium({ env: process.env, progress: () => undefined });

if ('missing' in found) {
  console.warn(`The tests of the authorize flow are left out, since there is no Chromium: ${found.missing}`);
  test.todo('the authorize flow in a browser');
} else {
  // The console is at `localhost`, the EHR at `127.0.0.1`: two sites, between which no `SameSite=Strict` cookie goes.
  describe('the authorize flow, over two sites', () => {
    let browsed: BrowsedSystem;
    let page: Page;
    let complaints: string[];
    beforeAll(async () => {
      browsed = await openSystem({ command: found.command, patients: 3, host: 'localhost' });
      await browsed.system.simulator.change({ asksUser: true });
      ({ page, complaints } = await browsed.open('/connections'));
      await browsed.logIn(page);
      await title('Connections').waitFor();
    }, 180_000);
    afterAll(() => browsed?.stop());

    const { title, button, link, choose } = onPage(() => page);
    const atEhr = () => title('Simulated athenahealth').waitFor();
    const connectionTitle = 'Practice 195900 (production)';
    /** By the console's form, on to the connection's page. @returns the page's address. */
    const addConnection = async (): Promise<string> => {
      await page.goto(`${browsed.baseUrl}/connections`);
      await button('Add a connection').click();
      await page.getByRole('textbox', { name: 'Practice id' }).fill('195900');
      await choose({ field: 'Credentials', option: 'Authorization by a user of the practice' });
      await button('Add').click();
      await title(connectionTitle).waitFor();
      await page.getByText('This connection needs an authorization').waitFor();
      return page.url();
    };
    const allow = async () => {
      await page.getByRole('textbox', { name: 'User' }).fill('a.physician');
      await page.getByRole('textbox', { name: 'Password' }).fill('any');
      await button('Allow').click();
    };
    const isAuthorized = () => page.getByText('yes, for patient a-195900.E-1').waitFor();

    test('leads through the EHR’s page back to the connection, still logged in, and the connection works', async () => {
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
    }, 60_000);

    test('a form that is sent once more by the way back changes nothing, and says so', async () => {
      const address = page.url();
      await page.goBack();
      await atEhr();
      await allow();
      await title('Already authorized').waitFor();
      expect(await faultsOfAccessibility(page)).toEqual([]);
      await link('Go to the connection').click();
      await isAuthorized();
      expect(page.url()).toBe(address);
      // The callback's own page: from it there is a way as well.
      await page.goBack();
      await title('Already authorized').waitFor();
    }, 60_000);

    test('a user who denies is told so, and there is a way to try again, which works', async () => {
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
    }, 60_000);

    test('a denial that is taken back by the way back is over, and there is a way to start again', async () => {
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
    }, 60_000);

    test('what keeps an operator from setting out is told on a page, with a way back', async () => {
      const { provider, id } = { provider: 'athenahealth', id: browsed.system.connectionId };
      await page.goto(`${browsed.baseUrl}/api/ehr/${provider}/authorize?connectionId=${id}`);
      await page.getByText('so it needs no authorization by a user').waitFor();
      await link('Go to the connection').click();
      await title(connectionTitle).waitFor();
    }, 60_000);

    test('a user who was invited is told that the window can be closed, and is not led to the log-in', async () => {
      const answer = await fetch(`${browsed.system.baseUrl}/api/ehr/athenahealth/authorize`, {
        method: 'POST',
        headers: { authorization: `Bearer ${browsed.system.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ practiceId: '195900' }),
      });
      const { data } = (await answer.json()) as { readonly data: { readonly startUrl: string } };
      const { page: users } = await browsed.open(data.startUrl);
      await users.getByRole('textbox', { name: 'User' }).fill('a.patient');
      await users.getByRole('textbox', { name: 'Password' }).fill('any');
      await users.getByRole('button', { name: 'Allow' }).click();
      await users.getByText('You can close this window.').waitFor();
      expect(await users.getByRole('link').count()).toBe(0);
      await users.close();
    }, 60_000);

    test('its pages have had nothing to complain of', () => {
      // What the tests above have made the API refuse is not a fault.
      expect(complaints.filter((complaint) => !/status of (?:400|403|409)|ERR_ABORTED/.test(complaint))).toEqual([]);
    });
  });
}
