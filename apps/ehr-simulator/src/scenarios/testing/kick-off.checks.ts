import { waitFor } from '@bulkhead/testing';
import { expect } from '@jest/globals';
import { jsonOf, type SimulatorClient } from '../../testing/simulator-client.ts';
import { type Checks, exportsOf, json, patientExport, patientUrl, startExport, statusesOf } from './probe.ts';

const since = '_since=2026-01-01T00:00:00Z';

async function refusal(client: SimulatorClient, query: string) {
  const response = await client.kickOff(`/Patient/$export?${query}`);
  return { status: response.status, ...(await jsonOf(response)).issue[0] };
}

export const kickOffChecks = {
  'busy-at-kick-off': async (client) => {
    const busy = await client.kickOff();
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '1']);
    expect((await jsonOf(busy)).issue[0].details.text).toMatch('already in progress');
    expect(await statusesOf(2, () => client.kickOff())).toEqual([429, 202]);
    expect(await exportsOf(client)).toHaveLength(1);
  },
  'one-export-at-a-time': async (client) => {
    await client.orderFault({ fault: { kind: 'settings', set: { exportSeconds: 3600 } } });
    expect((await client.kickOff()).status).toBe(202);
    const busy = await client.kickOff();
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '1']);
    expect((await jsonOf(busy)).issue[0].details.text).toMatch('already in progress');
  },
  'one-export-until-deleted': async (client) => {
    await client.export();
    expect((await client.kickOff()).status).toBe(429);
    const [{ id }] = await exportsOf(client);
    await client.delete(`/bulkstatus/${id}`);
    expect((await client.kickOff()).status).toBe(202);
  },
  'too-many-active-exports': async (client) => {
    await client.orderFault({ fault: { kind: 'settings', set: { exportSeconds: 3600 } } });
    expect(await statusesOf(3, () => client.kickOff())).toEqual([202, 202, 429]);
    const busy = await client.kickOff();
    expect((await jsonOf(busy)).issue[0].details.text).toBe('Too many active exports. Please try again later.');
  },
  'duplicate-export': async (client) => {
    const duplicate = await client.kickOff();
    expect([duplicate.status, duplicate.headers.get('content-location')]).toEqual([200, null]);
    expect((await jsonOf(duplicate)).issue[0].code).toBe('duplicate');
    expect(await statusesOf(2, () => client.kickOff())).toEqual([200, 202]);
  },
  'exported-too-recently': async (client) => {
    const refused = await client.kickOff();
    expect([refused.status, (await jsonOf(refused)).issue[0].details.text]).toEqual([
      400,
      'The Client requested this Group too recently.',
    ]);
    expect((await client.kickOff()).status).toBe(202);
  },
  'refuses-patient-alone': async (client) => {
    const path = '/Group/a-1.C-195900/$export';
    const refused = await client.kickOff(`${path}?_type=Patient`);
    expect([refused.status, JSON.stringify(await jsonOf(refused))]).toEqual([400, expect.stringContaining('59159')]);
    expect((await client.kickOff(`${path}?_type=Patient,Condition`)).status).toBe(202);
    expect((await client.kickOff(path)).status).toBe(202);
  },
  'kick-off-outage': async (client) => {
    const responses = [await client.kickOff(), await client.kickOff(), await client.kickOff()];
    expect(responses.map(({ status }) => status)).toEqual([502, 503, 504]);
    const bodies = await Promise.all(responses.map((response) => response.text()));
    expect(bodies).toEqual(['<html>bad gateway</html>', '', 'upstream timed out']);
    expect((await client.kickOff()).status).toBe(202);
  },
  'lost-kick-off-answer': async (client) => {
    await expect(client.kickOff(patientExport)).rejects.toThrow();
    await waitFor(async () => (await exportsOf(client))[0]?.state === 'complete');
    expect((await client.kickOff(patientExport)).status).toBe(202);
  },
  'relative-content-location': async (client) => {
    expect((await client.kickOff()).headers.get('content-location')).toMatch(/^\/fhir\/r4\/bulkstatus\//);
  },
  'no-content-location': async (client) => {
    const kickedOff = await client.kickOff();
    expect([kickedOff.status, kickedOff.headers.get('content-location')]).toEqual([202, null]);
    expect((await client.kickOff()).headers.get('content-location')).toMatch('/bulkstatus/');
  },
  'group-level-only': async (client) => {
    const paths = ['/$export', '/Patient/$export', '/Group/a-1.C-195900/$export'];
    const statuses = await Promise.all(paths.map(async (path) => (await client.kickOff(path)).status));
    expect([statuses[0], statuses[2]]).toEqual([404, 202]);
    expect(statuses[1]).not.toBe(202);
    expect(JSON.stringify(await jsonOf(client.get('/metadata')))).not.toContain('patient-export');
  },
  'any-group-id': async (client) => {
    const id = 'systemlist|12/34 ä?#%2F';
    expect((await client.kickOff('/Group/a-1.C-195900/$export')).status).toBe(404);
    expect((await client.kickOff(`/Group/${encodeURIComponent(id)}/$export`)).status).toBe(202);
  },
  'strict-accept': async (client) => {
    const statusUrl = await startExport(client);
    expect((await client.get(statusUrl, { accept: '*/*' })).status).toBe(406);
    const url = await patientUrl(client);
    expect((await client.get(url, { accept: '*/*' })).status).toBe(406);
    expect((await client.get(statusUrl, json)).status).toBe(200);
  },
  'refuses-since': async (client) => {
    const { status, code, details } = await refusal(client, `${since}&_type=Patient`);
    expect([status, code, details.text]).toEqual([400, 'not-supported', expect.stringContaining('_since')]);
    expect((await client.postKickOff([{ name: '_since', valueInstant: '2026-01-01T00:00:00Z' }])).status).toBe(400);
    expect((await client.kickOff(patientExport)).status).toBe(202);
  },
  'refuses-type': async (client) => {
    const { status, code, details, diagnostics } = await refusal(client, '_type=Patient');
    expect([status, code, details]).toEqual([422, 'invalid', undefined]);
    expect(diagnostics).toMatch('_type');
    expect((await client.kickOff('/Patient/$export')).status).toBe(202);
  },
  'refuses-type-filter': async (client) => {
    const { status, code, details, diagnostics, expression } = await refusal(client, '_typeFilter=Patient%3F');
    expect([status, code, details, diagnostics]).toEqual([501, 'processing', undefined, undefined]);
    expect(expression).toEqual(['_typeFilter']);
    expect((await client.kickOff(patientExport)).status).toBe(202);
  },
  'refuses-type-value': async (client) => {
    const { status, details } = await refusal(client, '_type=Patient,Observation');
    expect([status, details.text]).toEqual([400, expect.stringContaining('Observation')]);
    expect((await client.kickOff('/Patient/$export?_type=Patient,Encounter')).status).toBe(202);
  },
  'refuses-since-unnamed': async (client) => {
    const refused = await refusal(client, since);
    expect([refused.status, refused.code]).toEqual([400, 'invalid']);
    expect(JSON.stringify(refused)).not.toContain('_since');
    expect((await client.kickOff(patientExport)).status).toBe(202);
  },
  'refuses-all-parameters': async (client) => {
    expect((await refusal(client, `${since}&_type=Patient`)).details.text).toMatch('_since');
    expect((await refusal(client, '_type=Patient')).details.text).toMatch('_type');
    expect((await client.kickOff('/Patient/$export')).status).toBe(202);
  },
  'no-data-since': async (client) => {
    const { status, code, details } = await refusal(client, since);
    expect([status, code, details.text]).toEqual([404, 'not-found', 'No data found for _since.']);
    expect((await client.kickOff(patientExport)).status).toBe(202);
  },
  'since-fails': async (client) => {
    const { status, details } = await refusal(client, since);
    expect([status, details.text]).toEqual([500, 'The request cannot be met.']);
    expect((await client.kickOff(patientExport)).status).toBe(202);
  },
  'since-fails-named': async (client) => {
    const { status, details } = await refusal(client, since);
    expect([status, details.text]).toEqual([500, expect.stringContaining('_since')]);
  },
  'demands-output-format': async (client) => {
    expect((await refusal(client, '_type=Patient')).details.text).toBe('Parameter _outputFormat is required.');
    expect((await client.kickOff(`${patientExport}&_outputFormat=application/fhir%2Bndjson`)).status).toBe(202);
  },
  'demands-type': async (client) => {
    const { status, details } = await refusal(client, '');
    expect([status, details.text]).toEqual([422, 'Parameter _type is required.']);
    expect((await client.kickOff(patientExport)).status).toBe(202);
  },
  'location-header': async (client) => {
    const { headers } = await client.kickOff(patientExport);
    expect([headers.get('content-location'), headers.get('location')]).toEqual([
      null,
      expect.stringContaining('/bulkstatus/'),
    ]);
  },
  'refuses-post': async (client) => {
    const refused = await client.postKickOff([]);
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET']);
    expect((await jsonOf(refused)).issue[0].code).toBe('not-supported');
    expect((await client.kickOff()).status).toBe(202);
  },
  'refuses-get': async (client) => {
    const refused = await client.kickOff();
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await jsonOf(refused)).issue[0].code).toBe('not-supported');
    expect((await client.postKickOff([])).status).toBe(202);
  },
} satisfies Checks;
