import { expect } from '@jest/globals';
import { jsonOf, type SimulatorClient } from '../../testing/simulator-client.ts';
import {
  type Check,
  type Checks,
  exportsOf,
  isLate,
  json,
  ndjson,
  patientUrl,
  startExport,
  statusesOf,
} from './probe.ts';

/** The Retry-After of the first status request. Expects a 202, and the manifest from a later request. */
async function firstRetryAfter(client: SimulatorClient): Promise<string | null> {
  const statusUrl = await startExport(client);
  const first = await client.get(statusUrl, json);
  expect(first.status).toBe(202);
  expect((await client.export('/Patient/$export?_type=Patient')).output).toHaveLength(1);
  return first.headers.get('retry-after');
}

function retryAfterIs(expected: string | null): Check {
  return async (client) => expect(await firstRetryAfter(client)).toBe(expected);
}

function endsIn(statuses: readonly number[], state: string): Check {
  return async (client) => {
    const statusUrl = await startExport(client);
    expect(await statusesOf(4, () => client.get(statusUrl, json))).toEqual(statuses);
    expect((await exportsOf(client))[0].state).toBe(state);
    const next = await startExport(client);
    expect((await exportsOf(client))[1].state).toBe('complete');
    expect((await client.get(next, json)).status).toBe(200);
  };
}

function transientWith(status: number): Check {
  return async (client) => {
    const statusUrl = await startExport(client);
    const refused = await client.get(statusUrl, json);
    expect([refused.status, (await jsonOf(refused)).issue[0].code]).toEqual([status, 'transient']);
    expect(await statusesOf(2, () => client.get(statusUrl, json))).toEqual([status, 200]);
  };
}

async function remove(client: SimulatorClient): Promise<Response> {
  const [{ id }] = await exportsOf(client);
  return client.delete(`/bulkstatus/${id}`);
}

function deleteAnswers(...expected: number[]): Check {
  return async (client) => {
    await patientUrl(client);
    expect(await statusesOf(expected.length, () => remove(client))).toEqual(expected);
    const state = expected.includes(202) ? 'deleted' : 'complete';
    expect((await exportsOf(client))[0]).toMatchObject({ deletes: expected.length, deleted: true, state });
  };
}

export const statusChecks = {
  'retry-after-seconds': retryAfterIs('2'),
  'retry-after-date': async (client) => {
    const text = (await firstRetryAfter(client)) ?? '';
    expect(new Date(text).toUTCString()).toBe(text);
    expect(Math.abs(Date.parse(text) - Date.now())).toBeLessThan(10_000);
  },
  'retry-after-epoch': async (client) => {
    expect(Math.abs(Number(await firstRetryAfter(client)) - Date.now() / 1000)).toBeLessThan(10);
  },
  'retry-after-five-hours': retryAfterIs('18000'),
  'retry-after-negative': retryAfterIs('-1'),
  'retry-after-text': retryAfterIs('soon'),
  'no-retry-after': retryAfterIs(null),
  'throttled-status': async (client) => {
    const statusUrl = await startExport(client);
    expect((await client.get(statusUrl, json)).headers.get('retry-after')).toBe('1');
    expect(await statusesOf(2, () => client.get(statusUrl, json))).toEqual([429, 200]);
  },
  'transient-client-error': transientWith(400),
  'transient-server-error': transientWith(500),
  'status-outage': async (client) => {
    const statusUrl = await startExport(client);
    const statuses = [];
    for (let index = 0; index < 4; index += 1) {
      const response = await client.get(statusUrl, json);
      statuses.push([response.status, response.headers.get('content-type'), (await response.text()).slice(0, 8)]);
    }
    expect(statuses.slice(0, 3)).toEqual([
      [502, 'text/html', '<html>ba'],
      [503, 'text/plain', ''],
      [504, 'text/plain', 'upstream'],
    ]);
    expect(statuses[3]?.[0]).toBe(200);
  },
  'html-status': async (client) => {
    const statusUrl = await startExport(client);
    expect(await (await client.get(statusUrl, json)).text()).toMatch(/^<html>/);
    expect(await jsonOf(client.get(statusUrl, json))).toHaveProperty('output');
  },
  'slow-status': async (client) => {
    const statusUrl = await startExport(client);
    await isLate({ ms: 1000, status: 200, send: () => client.get(statusUrl, json) });
  },
  'failed-export': endsIn([202, 202, 500, 500], 'failed'),
  'endless-export': endsIn([202, 202, 202, 202], 'in-progress'),
  'forgotten-export': endsIn([202, 202, 404, 404], 'forgotten'),
  'gone-export': endsIn([202, 202, 410, 410], 'gone'),
  'partial-manifest': async (client) => {
    const statusUrl = await startExport(client, '_type=Patient,Encounter');
    const early = await client.get(statusUrl, json);
    expect([early.status, (await jsonOf(early)).output.length]).toEqual([202, 1]);
    expect((await jsonOf(client.get(statusUrl, json))).output).toHaveLength(2);
  },
  'export-status-header': async (client) => {
    const statusUrl = await startExport(client, '_type=Patient,Encounter');
    const early = await client.get(statusUrl, json);
    expect([early.status, early.headers.get('x-export-status')]).toEqual([200, 'in-progress']);
    expect((await jsonOf(early)).output).toHaveLength(1);
    expect((await jsonOf(client.get(statusUrl, json))).output).toHaveLength(2);
  },
  'token-expires-in-export': async (client) => {
    const statusUrl = await startExport(client);
    expect(await statusesOf(2, () => client.get(statusUrl, json))).toEqual([202, 401]);
    const authorization = `Bearer ${(await jsonOf(client.newToken())).access_token}`;
    const manifest = await client.get(statusUrl, { ...json, authorization });
    const [{ url }] = (await jsonOf(manifest)).output;
    expect(await statusesOf(2, () => client.get(url, { ...ndjson, authorization }))).toEqual([200, 401]);
    expect((await client.violations()).violations.at(-1)?.reason).toBe('expired access token');
  },
  'delete-unknown': deleteAnswers(404, 404),
  'delete-fails': deleteAnswers(500, 500, 500),
  'delete-fails-once': deleteAnswers(500, 202),
  'slow-delete': async (client) => {
    await patientUrl(client);
    await isLate({ ms: 1000, status: 202, send: () => remove(client) });
  },
} satisfies Checks;
