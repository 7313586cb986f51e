import { findChromium } from '@bulkhead/embedded';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { faultsOfAccessibility } from './faults-of-accessibility.fixture.ts';
import { onPage } from './on-page.fixture.ts';
import { type BrowsedSystem, openSystem } from './open-system.ts';

const chromium = await findChromium({ env: process.env, progress: () => undefined });

if ('missing' in chromium) {
  console.warn(`The browser tests of connections are skipped, because there is no Chromium: ${chromium.missing}`);
  test.todo('connections can be managed in a browser');
} else {
  describe('connections in a browser', () => {
    let browsed: BrowsedSystem;
    let page: Page;
    let complaints: string[];
    beforeAll(async () => {
      browsed = await openSystem({ command: chromium.command, patients: 3 });
      ({ page, complaints } = await browsed.open('/connections', { reducedMotion: 'reduce' }));
      await browsed.logIn(page);
      await title('Connections').waitFor();
    }, 180_000);
    afterAll(() => browsed?.stop());

    const { title, button, link, choose } = onPage(() => page);
    const goTo = (path: string) => page.goto(browsed.system.baseUrl + path);
    const field = (name: string) => page.getByRole('textbox', { name });
    const connections = () => browsed.system.store.connections.list();
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
      await page.setViewportSize({ width: 1280, height: 800 });
    };

    test('a form of a connection marks and requires its fields, and a second connection for a practice must be confirmed', async () => {
      await button('Add a connection').click();
      await field('Practice id').waitFor();
      await button('Test and save').click();
      await page.getByText('Enter the practice id, or a group id.').waitFor();
      await expectAccessible();
      await field('Name').fill('Lakeside Clinic');
      await field('Practice id').fill('195900');
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
    }, 60_000);

    test('a failed test is a red message, and the credentials are replaced only after a test that works', async () => {
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
      expect((await browsed.system.store.connections.find(id))?.auth).toMatchObject({
        clientSecret: 'simulator-secret',
      });
    }, 60_000);

    test('a connection is renamed, and pickers show its name, practice and endpoint', async () => {
      await button('Rename').click();
      await field('Name').fill('Hillside Clinic');
      await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
      await title('Hillside Clinic').waitFor();
      await goTo('/exports');
      await button('Start an export').click();
      await choose({ field: 'Connection', option: /Hillside Clinic.*Practice 195900, http/ });
      await button('Start').click();
      await title('Bulk export').waitFor();
      await link('Hillside Clinic').waitFor();
    }, 60_000);

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
      await button('Remove').click();
      await button('Remove the connection').click();
      await title('Connections').waitFor();
      expect(await connections()).toHaveLength(1);
    }, 60_000);

    test('the pages report no violation of their policy and no script error', () => {
      // Responses with an error that the tests above have caused are not faults.
      expect(complaints.filter((complaint) => !/status of 4\d\d|ERR_ABORTED/.test(complaint))).toEqual([]);
    });
  });
}
