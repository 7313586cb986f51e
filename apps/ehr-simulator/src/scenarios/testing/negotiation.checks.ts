import { expect } from '@jest/globals';
import { jsonOf, type SimulatorClient } from '../../testing/simulator-client.ts';
import type { Checks } from './check.ts';
import { patientExport } from './probe.ts';

const since = '_since=2026-01-01T00:00:00Z';

async function refusal(client: SimulatorClient, query: string) {
  const response = await client.kickOff(`/Patient/$export?${query}`);
  return { status: response.status, ...(await jsonOf(response)).issue[0] };
}

function post(client: SimulatorClient, parameter: readonly object[]): Promise<Response> {
  return fetch(`${client.fhirEndpoint}/Patient/$export`, {
    method: 'POST',
    headers: { authorization: client.authorization, accept: 'application/fhir+json', prefer: 'respond-async' },
    body: JSON.stringify({ resourceType: 'Parameters', parameter }),
  });
}

export const negotiationChecks = {
  'refuses-since': async (client) => {
    const { status, code, details } = await refusal(client, `${since}&_type=Patient`);
    expect([status, code, details.text]).toEqual([400, 'not-supported', expect.stringContaining('_since')]);
    expect((await post(client, [{ name: '_since', valueInstant: '2026-01-01T00:00:00Z' }])).status).toBe(400);
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
  'refuses-post': async (client) => {
    const refused = await post(client, []);
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET']);
    expect((await jsonOf(refused)).issue[0].code).toBe('not-supported');
    expect((await client.kickOff()).status).toBe(202);
  },
  'refuses-get': async (client) => {
    const refused = await client.kickOff();
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await jsonOf(refused)).issue[0].code).toBe('not-supported');
    expect((await post(client, [])).status).toBe(202);
  },
} satisfies Checks;
