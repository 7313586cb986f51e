import { expect } from '@jest/globals';
import { jsonOf, type SimulatorClient } from '../../testing/simulator-client.ts';
import type { Check, Checks } from './check.ts';
import { json, manifestOf, ndjson, patientUrl, startExport, statusesOf } from './probe.ts';

async function withoutToken(url: string): Promise<number> {
  return (await fetch(url, { headers: ndjson })).status;
}

async function reasons(client: SimulatorClient): Promise<string[]> {
  return (await client.violations()).violations.map(({ reason }) => reason);
}

function expireWith(status: number): Check {
  return async (client) => {
    const statusUrl = await startExport(client);
    const url = async () => (await jsonOf(client.get(statusUrl, json))).output[0].url;
    const old = await url();
    expect(await statusesOf(3, () => client.get(old, ndjson))).toEqual([200, status, status]);
    expect((await client.get(await url(), ndjson)).status).toBe(200);
  };
}

export const fileLinkChecks = {
  'token-for-files': async (client) => {
    const { requiresAccessToken, output } = await manifestOf(client);
    expect([requiresAccessToken, await withoutToken(output[0].url)]).toEqual([true, 401]);
    expect((await client.get(output[0].url, ndjson)).status).toBe(200);
  },
  'signed-links': async (client) => {
    const { requiresAccessToken, output } = await manifestOf(client);
    expect([requiresAccessToken, await withoutToken(output[0].url)]).toEqual([false, 200]);
    await client.get(output[0].url, ndjson);
    expect(await reasons(client)).toEqual(['token sent although requiresAccessToken is false']);
  },
  'separate-file-host': async (client) => {
    const { requiresAccessToken, output } = await manifestOf(client);
    expect(new URL(output[0].url).origin).not.toBe(client.baseUrl);
    expect([requiresAccessToken, await withoutToken(output[0].url)]).toEqual([false, 200]);
    expect(await reasons(client)).toEqual([]);
  },
  'token-trap': async (client) => {
    const { requiresAccessToken, output } = await manifestOf(client);
    expect(new URL(output[0].url).origin).not.toBe(client.baseUrl);
    expect(requiresAccessToken).toBe(true);
    await client.get(output[0].url, ndjson);
    expect(await reasons(client)).toEqual(['token sent to another origin']);
  },
  'redirected-files': async (client) => {
    const url = await patientUrl(client);
    const redirect = await client.get(url, ndjson);
    const location = redirect.headers.get('location') ?? '';
    expect([redirect.status, new URL(location).origin === client.baseUrl]).toEqual([307, false]);
    expect(await withoutToken(location)).toBe(200);
    expect(await reasons(client)).toEqual([]);
  },
  'redirect-to-private-address': async (client) => {
    const redirect = await client.get(await patientUrl(client), ndjson);
    expect(redirect.headers.get('location')).toMatch(/^http:\/\/169\.254\.169\.254\//);
  },
  'expired-links': expireWith(410),
  'expired-links-forbidden': expireWith(403),
  'short-lived-links': async (client) => {
    const manifest = await client.get(await startExport(client), json);
    const aheadMs = Date.parse(manifest.headers.get('expires') ?? '') - Date.now();
    expect(aheadMs).toBeGreaterThan(0);
    expect(aheadMs).toBeLessThanOrEqual(2000);
  },
  'missing-file': async (client) => {
    const url = await patientUrl(client);
    expect(await statusesOf(3, () => client.get(url, ndjson))).toEqual([404, 404, 404]);
  },
} satisfies Checks;
