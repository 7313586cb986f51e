import { type ScriptedServer, startScriptedServer } from '@bulkhead/embedded/scripted-server';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { createApiClient } from '../system/api-client.ts';
import { describeInBrowser } from './describe-in-browser.fixture.ts';
import { faultsOfAccessibility } from './faults-of-accessibility.fixture.ts';
import { onPage } from './on-page.fixture.ts';
import { type BrowsedSystem, openTimeoutMs } from './open-system.ts';

describeInBrowser('API keys and webhooks in a browser', (open) => {
  let browsed: BrowsedSystem;
  let page: Page;
  let complaints: string[];
  let receiver: ScriptedServer;
  beforeAll(async () => {
    receiver = await startScriptedServer({ '*': { status: 204 } });
    const env = { WORKER_WEBHOOK_PRIVATE_NETWORK: 'true' };
    browsed = await open({ patients: 3, env });
    const permissions = ['clipboard-read', 'clipboard-write'];
    ({ page, complaints } = await browsed.open('/api-keys', { permissions, reducedMotion: 'reduce' }));
    await browsed.logIn(page);
    await title('API keys').waitFor();
  }, openTimeoutMs);
  afterAll(() => receiver?.stop());

  const { title, button, tab, choose } = onPage(() => page);
  const expectAccessible = async () => expect(await faultsOfAccessibility(page)).toEqual([]);
  /** Copies a value that is shown only once, as a user would. */
  const keep = async (label: string): Promise<string> => {
    const shownSecret = await page.getByRole('textbox', { name: label }).inputValue();
    await expectAccessible();
    // Neither a key nor a click outside the dialog closes it.
    await page.keyboard.press('Escape');
    await button('Copy').click();
    await button('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(shownSecret);
    await button('I have stored it').click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.content()).not.toContain(shownSecret);
    return shownSecret;
  };
  const requestWith = (key: string, path: string) =>
    fetch(`${browsed.system.baseUrl}/api/ehr${path}`, { headers: { authorization: `Bearer ${key}` } });

  test('a key for one connection is shown once, works, and is revoked after a confirmation', async () => {
    await button('Create a key').click();
    await button('Make').click();
    await page.getByText('Enter who or what uses the key.').waitFor();
    await page.getByRole('textbox', { name: 'Name' }).fill('reports');
    await choose({ field: 'Connections', option: /195900/ });
    await choose({ field: 'Expires', option: 'In 30 days' });
    await button('Make').click();
    const key = await keep('API key');
    const { connectionId, store } = browsed.system;
    const [keyRecord] = (await store.apiKeys.list()).filter(({ name }) => name === 'reports');
    expect(keyRecord).toMatchObject({ role: 'client', connectionIds: [connectionId] });
    expect(keyRecord?.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 29 * 24 * 60 * 60_000);
    expect((await requestWith(key, '/connections')).status).toBe(200);
    const row = page.getByRole('row', { name: /reports/ });
    await row.getByRole('link', { name: /195900/ }).waitFor();
    await row.getByText('active').waitFor();
    await button('Revoke reports').click();
    await page.getByText('refused from now on').waitFor();
    await expectAccessible();
    await button('Go back').click();
    expect((await requestWith(key, '/connections')).status).toBe(200);
    await button('Revoke reports').click();
    await button('Revoke the key').click();
    await row.getByText('revoked').waitFor();
    expect((await requestWith(key, '/connections')).status).toBe(401);
    expect(await button('Revoke reports').count()).toBe(0);
  });

  test('the key of the last operator cannot be revoked, and the reason is shown', async () => {
    await button('Revoke chaos').click();
    await page.getByText('You are logged in with this key').waitFor();
    await button('Revoke the key').click();
    await page.getByText('This is the last operator key').waitFor();
    await expectAccessible();
    await button('Close').click();
  });

  test('a webhook shows its secret once, receives an event of an export, and receives it again on request', async () => {
    const url = `${receiver.url}/told`;
    await page.goto(`${browsed.baseUrl}/webhooks`);
    await page.getByText('No webhooks configured', { exact: true }).waitFor();
    await page.goto(`${browsed.baseUrl}/connections/${browsed.system.connectionId}`);
    await tab('Webhook').click();
    await page.getByText('No calls yet').waitFor();
    await button('Set a webhook').click();
    await page.getByRole('textbox', { name: 'URL' }).fill('nowhere');
    await button('Set').click();
    await page.getByText('Enter a URL, https://…').waitFor();
    await expectAccessible();
    await page.getByRole('textbox', { name: 'URL' }).fill(url);
    await button('Set').click();
    expect(await keep('Secret')).toMatch(/^whsec_/);
    await page.getByText(url).waitFor();

    const { connectionId } = browsed.system;
    await createApiClient(browsed.system)('POST', '/api/ehr/athenahealth/bulk-export', { connectionId });
    const received = (times: number) =>
      page.getByRole('row', { name: new RegExp(`bulk-export.completed .*delivered ${times}`) });
    await received(1).waitFor({ timeout: 30_000 });
    await received(1).getByRole('button', { name: 'Resend' }).click();
    await page.getByText('The call will be repeated.').waitFor();
    await received(2).waitFor();
    expect(receiver.requests).toHaveLength(2);
    await expectAccessible();
  });

  test('connections with a webhook are listed, calls are filtered by state, and a webhook can be removed', async () => {
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'failed' }).click();
    await page.getByText('No calls in this state').waitFor();
    await page.goto(`${browsed.baseUrl}/webhooks`);
    await page
      .getByRole('row', { name: /195900.*\/told/ })
      .getByRole('link', { name: /\/told/ })
      .click();
    await button('Remove').click();
    await button('Remove the webhook').click();
    await page.getByText('not set').waitFor();
    const { store, connectionId } = browsed.system;
    expect(await store.connections.findWebhookSecret(connectionId)).toBeUndefined();
  });

  test('the pages report no violation of their policy and no script error', () => {
    // Responses with an error that the tests above have caused are not faults.
    expect(complaints.filter((complaint) => !/status of 409|ERR_ABORTED/.test(complaint))).toEqual([]);
  });

  test.each([
    { role: 'viewer', shows: [], hides: ['Start an export', 'Rename', 'Edit credentials', 'Remove'] },
    { role: 'operator', shows: ['Start an export', 'Rename'], hides: ['Edit credentials', 'Remove'] },
    { role: 'admin', shows: ['Start an export', 'Rename', 'Edit credentials', 'Remove'], hides: [] },
  ] as const)(
    'a person with the role $role sees only the buttons that the role may use',
    async ({ role, shows, hides }) => {
      const { connectionId, store } = browsed.system;
      const person = { issuer: 'https://login.example', subject: role, name: `A ${role}`, role };
      const value = await store.sessions.create({ keyId: `user_${role}`, person, now: new Date() });
      const cookie = { name: 'bulkhead', value, domain: '127.0.0.1', path: '/', expires: -1 };
      const cookies = [{ ...cookie, httpOnly: true, secure: false, sameSite: 'Strict' as const }];
      const opened = await browsed.open(`/connections/${connectionId}?tab=Settings`, {
        storageState: { cookies, origins: [] },
      });
      const named = (name: string) => opened.page.getByRole('button', { name, exact: true });
      await opened.page.getByText('FHIR endpoint').first().waitFor();
      for (const name of shows) await named(name).waitFor();
      for (const name of hides) expect([name, await named(name).count()]).toEqual([name, 0]);
      await opened.page.context().close();
    },
  );
});
