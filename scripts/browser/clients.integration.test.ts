import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser } from './describe-in-browser.fixture.ts';
import { faultsOfAccessibility } from './faults-of-accessibility.fixture.ts';
import { onPage } from './on-page.fixture.ts';
import { type BrowsedSystem, openTimeoutMs, withoutCaused } from './open-system.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] });

/** Signs what a client sends to get a token (SMART App Launch 2.2, "Backend Services"). */
function signAssertion({ clientId, tokenUrl }: { readonly clientId: string; readonly tokenUrl: string }): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 60;
  const claims = { iss: clientId, sub: clientId, aud: tokenUrl, exp, jti: randomUUID() };
  const signed = `${encode({ alg: 'ES384', kid: 'k1', typ: 'JWT' })}.${encode(claims)}`;
  const signature = sign('sha384', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

const tokenRequest = {
  grant_type: 'client_credentials',
  scope: 'system/*.read',
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
};

/** Where clients reach the API. The browser reaches it at another URL, as it does behind a proxy. */
const publicUrl = 'https://bulkhead.example';

describeInBrowser('FHIR clients in a browser', (open) => {
  let browsed: BrowsedSystem;
  let page: Page;
  let complaints: string[];
  beforeAll(async () => {
    browsed = await open({ patients: 3, env: () => ({ API_PUBLIC_URL: publicUrl }) });
    const permissions = ['clipboard-read', 'clipboard-write'];
    ({ page, complaints } = await browsed.open('/clients', { permissions, reducedMotion: 'reduce' }));
    await browsed.logIn(page);
    await title('FHIR clients').waitFor();
  }, openTimeoutMs);

  const { title, button, choose } = onPage(() => page);
  const field = (name: string) => page.getByRole('textbox', { name });
  const expectAccessible = async () => expect(await faultsOfAccessibility(page)).toEqual([]);
  const copied = () => page.evaluate('navigator.clipboard.readText()');
  /** Sends a request to a public URL as the proxy would. */
  const send = (url: string, init: RequestInit) => fetch(url.replace(publicUrl, browsed.system.baseUrl), init);
  const requestToken = (client: { readonly clientId: string; readonly tokenUrl: string }) => {
    const body = new URLSearchParams({ ...tokenRequest, client_assertion: signAssertion(client) });
    return send(client.tokenUrl, { method: 'POST', body });
  };
  const search = (baseUrl: string, token: string) =>
    send(`${baseUrl}/Patient`, { headers: { authorization: `Bearer ${token}` } });
  const row = () => page.getByRole('row', { name: /warehouse/ });
  const baseUrlOf = () => `${publicUrl}/api/ehr/athenahealth/fhir/${browsed.system.connectionId}`;

  test('the form for a client marks invalid values, and shows the reason why the API refuses others', async () => {
    await page.getByText('No FHIR clients').waitFor();
    await button('Register a client').click();
    await button('Register').click();
    await page.getByText('Enter which program it is.').waitFor();
    await page.getByText('Enter a URL, https://…').waitFor();
    await field('Name').fill('warehouse');
    await field('JWKS URL').fill('http://127.0.0.1/jwks.json');
    await field('Scope').fill('system/*.write');
    await button('Register').click();
    await page
      .getByRole('alert')
      .getByText(/must only allow to read/)
      .waitFor();
    await field('Scope').fill('system/*.read');
    await button('Register').click();
    await page
      .getByRole('alert')
      .getByText(/^JWKS URL must be a public https URL/)
      .waitFor();
    await expectAccessible();
    expect(await browsed.system.store.backendClients.list()).toEqual([]);
  });

  test('a client that is registered with pasted keys reads with what the console shows until it is revoked', async () => {
    await page.getByRole('radio', { name: 'pasted here' }).check();
    await field('JSON Web Key Set').fill('-----BEGIN PUBLIC KEY-----');
    await button('Register').click();
    await page.getByText('Enter a JSON Web Key Set').waitFor();
    await field('JSON Web Key Set').fill(jwks);
    await choose({ field: 'Connections', option: /195900/ });
    await expectAccessible();
    await button('Register').click();

    await page.getByRole('heading', { name: 'The client “warehouse” is registered' }).waitFor();
    const clientId = await field('Client id').inputValue();
    const tokenUrl = await field('Token URL').inputValue();
    const baseUrl = await field('FHIR base URL of athenahealth production 195900').inputValue();
    expect([tokenUrl, baseUrl]).toEqual([`${publicUrl}/api/ehr/oauth/token`, baseUrlOf()]);
    await expectAccessible();
    await button('Copy the token URL').click();
    expect(await copied()).toBe(tokenUrl);
    await button('Close').click();

    const { connectionId, store } = browsed.system;
    const [client] = await store.backendClients.list();
    expect(client).toMatchObject({ id: clientId, scope: 'system/*.read', connectionIds: [connectionId] });
    const response = await requestToken({ clientId, tokenUrl });
    const { access_token: token } = (await response.json()) as { access_token: string };
    expect((await search(baseUrl, token)).status).toBe(200);

    await row()
      .getByRole('link', { name: /195900/ })
      .waitFor();
    await row().getByText('active').waitFor();
    await button('Show URLs of warehouse').click();
    expect(await field('Client id').inputValue()).toBe(clientId);
    await button('Close').click();

    await button('Revoke warehouse').click();
    await page.getByText('Its tokens stop working at once').waitFor();
    await expectAccessible();
    await button('Go back').click();
    expect((await search(baseUrl, token)).status).toBe(200);
    await button('Revoke warehouse').click();
    await button('Revoke the client').click();
    await row().getByText('revoked').waitFor();
    expect((await search(baseUrl, token)).status).toBe(401);
    expect((await requestToken({ clientId, tokenUrl })).status).toBe(401);
    expect(await button('Revoke warehouse').count()).toBe(0);
  });

  test('the audit page marks what a client has read, and links to the clients', async () => {
    await page.goto(`${browsed.baseUrl}/audit`);
    const read = page.getByRole('row', { name: /warehouse\s*FHIR client\s*resource\.search/ });
    await read.first().getByRole('link', { name: 'warehouse' }).click();
    await title('FHIR clients').waitFor();
    await page.goto(`${browsed.baseUrl}/audit?action=client.revoke`);
    const [client] = await browsed.system.store.backendClients.list();
    await page.locator(`[title="${client?.id}"] a[href="/clients"]`).waitFor();
    await expectAccessible();
  });

  test('the settings of a connection show its FHIR base URL, ready to be copied', async () => {
    await page.goto(`${browsed.baseUrl}/connections/${browsed.system.connectionId}?tab=Settings`);
    await button('Copy the FHIR base URL').click();
    expect(await copied()).toBe(baseUrlOf());
  });

  test('an operator who is not an admin sees the clients and their URLs, and can neither register nor revoke one', async () => {
    const { store } = browsed.system;
    await store.backendClients.create({
      name: 'research',
      scope: 'system/*.read',
      jwksUrl: 'https://research.example',
      now: new Date(),
    });
    const person = {
      issuer: 'https://login.example',
      subject: 'operator',
      name: 'An operator',
      role: 'operator' as const,
    };
    const value = await store.sessions.create({ keyId: 'user_operator', person, now: new Date() });
    const cookie = { name: 'bulkhead', value, domain: '127.0.0.1', path: '/', expires: -1 };
    const cookies = [{ ...cookie, httpOnly: true, secure: false, sameSite: 'Strict' as const }];
    const opened = await browsed.open('/clients', { storageState: { cookies, origins: [] } });
    await opened.page.getByRole('button', { name: 'Show URLs of research' }).click();
    await opened.page.getByRole('textbox', { name: 'Token URL' }).waitFor();
    for (const name of ['Register a client', 'Revoke research'])
      expect([name, await opened.page.getByRole('button', { name, includeHidden: true }).count()]).toEqual([name, 0]);
    await opened.page.context().close();
  });

  test('the pages of clients report no violation of their policy and no script error', async () => {
    expect(withoutCaused(complaints, await browsed.system.store.connections.listIds())).toEqual([]);
  });
});
