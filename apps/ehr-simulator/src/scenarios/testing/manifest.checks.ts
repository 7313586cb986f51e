import { expect } from '@jest/globals';
import { jsonOf, type SimulatorClient } from '../../testing/simulator-client.ts';
import {
  type Check,
  type Checks,
  filesOf,
  json,
  lines,
  manifestOf,
  ndjson,
  patientExport,
  patientUrl,
  startExport,
  statusesOf,
  truth,
} from './probe.ts';

const twoTypes = '/Patient/$export?_type=Patient,Encounter';

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

export const manifestChecks = {
  'paged-manifest': async (client) => {
    const first = await manifestOf(client, twoTypes);
    expect([first.output.length, first.link[0].relation]).toEqual([1, 'next']);
    const second = await jsonOf(client.get(first.link[0].url, json));
    expect([second.output.length, second.link]).toEqual([1, undefined]);
    expect([first.output[0].type, second.output[0].type]).toEqual(['Patient', 'Encounter']);
  },
  'relative-urls': async (client) => {
    expect((await client.kickOff(patientExport)).headers.get('content-location')).toMatch(/^\/fhir/);
    const manifest = await jsonOf(client.get(await startExport(client), json));
    expect(manifest.output[0].url).toMatch(/^\/fhir\/r4\/bulkdata\//);
  },
  'missing-types': async (client) => {
    expect((await manifestOf(client, twoTypes)).output.map(({ type }: { type: string }) => type)).toEqual([
      'Encounter',
    ]);
    expect((await manifestOf(client, twoTypes)).output).toHaveLength(2);
  },
  'unwanted-types': async (client) => {
    const { output } = await manifestOf(client);
    expect(output.map(({ type }: { type: string }) => type)).toEqual(['Patient', 'Practitioner', 'Location']);
    expect(lines(await client.text(output[1].url))).toEqual(await truth(client, 'Practitioner'));
  },
  'empty-output': async (client) => {
    expect((await manifestOf(client)).output).toEqual([]);
    expect((await manifestOf(client)).output).toHaveLength(1);
  },
  'many-files': async (client) => {
    const files = await filesOf(client);
    expect([files.length, new Set(files.map(({ url }) => url)).size]).toEqual([20_000, 20_000]);
    const samples = [files[0], files[9999], files[19_999]];
    const texts = await Promise.all(samples.map((file) => client.text(file?.url ?? '')));
    for (const text of texts) expect(await truth(client)).toContain(text.trimEnd());
    const first = await Promise.all(files.slice(0, 8).map(({ url }) => client.text(url)));
    expect(lines(first.join(''))).toEqual(await truth(client));
  },
  'wrong-counts': async (client) => {
    const { output } = await manifestOf(client, twoTypes);
    for (const { url, type, count } of output) {
      expect(count - lines(await client.text(url)).length).toBe(type === 'Patient' ? 1 : 0);
    }
  },
  'no-counts': async (client) => {
    expect(JSON.stringify(await manifestOf(client, twoTypes))).not.toContain('"count"');
  },
  'lost-type': async (client) => {
    const { output, error } = await manifestOf(client, twoTypes);
    expect(output.map(({ type }: { type: string }) => type)).toEqual(['Encounter']);
    const { severity, details } = JSON.parse(await client.text(error[0].url)).issue[0];
    expect([severity, details.text]).toEqual(['error', expect.stringContaining('Patient could not be exported')]);
  },
  'mixed-error-file': async (client) => {
    const [file] = (await manifestOf(client)).error;
    const text = await client.text(file.url, ndjson);
    expect([file.type, file.count, lines(text).length]).toEqual(['OperationOutcome', 4, 4]);
    for (const severity of ['information', 'warning', 'error', 'fatal']) expect(text).toContain(`"${severity}"`);
    const outcomes = lines(text).slice(0, 3);
    expect(outcomes.map((line) => JSON.parse(line).issue.length)).toEqual([1, 2, 1]);
    expect(() => JSON.parse(lines(text)[3] ?? '')).toThrow();
  },
  'stu4-manifest': async (client) => {
    const manifest = await manifestOf(client);
    expect([manifest.request, manifest.error]).toEqual([undefined, undefined]);
    expect(await client.text(manifest.outcome[0].url)).toMatch('"warning"');
  },
  'token-for-files': async (client) => {
    const { requiresAccessToken, output } = await manifestOf(client);
    expect([requiresAccessToken, await withoutToken(output[0].url)]).toEqual([true, 401]);
    expect(await reasons(client)).toEqual(['no access token']);
    expect((await client.get(output[0].url, ndjson)).status).toBe(200);
  },
  'signed-links': async (client) => {
    const { requiresAccessToken, output } = await manifestOf(client);
    expect([requiresAccessToken, await withoutToken(output[0].url)]).toEqual([false, 200]);
    expect((await client.get(output[0].url, ndjson)).status).toBe(200);
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
  'parameters-manifest': async (client) => {
    const { resourceType, parameter } = await jsonOf(client.get(await startExport(client), json));
    expect([resourceType, parameter[0]]).toEqual([
      'Parameters',
      { name: 'transactionTime', valueInstant: expect.any(String) },
    ]);
    const output = parameter.find(({ name }: { name: string }) => name === 'output');
    expect(output.part).toContainEqual({ name: 'url', valueUri: expect.stringContaining('/bulkdata/') });
  },
  'links-at-other-origin': async (client) => {
    const statusUrl = await startExport(client);
    expect(new URL(statusUrl).origin).not.toBe(client.baseUrl);
    expect([await withoutToken(statusUrl), (await client.get(statusUrl, json)).status]).toEqual([401, 200]);
    const { output } = await jsonOf(client.get(statusUrl, json));
    expect(new URL(output[0].url).origin).toBe(new URL(statusUrl).origin);
    expect([await withoutToken(output[0].url), (await client.get(output[0].url, ndjson)).status]).toEqual([401, 200]);
    expect(await reasons(client)).not.toContain('token sent to another origin');
  },
  'links-at-internal-name': async (client) => {
    expect(await startExport(client)).toMatch(/^http:\/\/ehr\.internal:8080\/fhir\/r4\/bulkstatus\//);
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
