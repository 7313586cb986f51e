import { expect } from '@jest/globals';
import { jsonOf } from '../../testing/simulator-client.ts';
import { type Checks, exportsOf, json, lines, ndjson, startExport, statusesOf, truth } from './probe.ts';

const search = '/Observation?patient=a-195900.E-1&ah-practice=Organization/a-1.Practice-195900';
const read = '/Patient/a-195900.E-1';

export const serverChecks = {
  'well-behaved': async (client) => {
    const manifest = await client.export('/Patient/$export?_type=Patient');
    const [file] = manifest.output;
    const whole = await client.get(file?.url ?? '', ndjson);
    const text = await whole.text();
    expect(lines(text)).toEqual(await truth(client));
    expect(file?.count).toBe(lines(text).length);
    const etag = whole.headers.get('etag') ?? '';
    const rest = await client.get(file?.url ?? '', { ...ndjson, range: 'bytes=100-', 'if-range': etag });
    expect([rest.status, await rest.text()]).toEqual([206, Buffer.from(text).subarray(100).toString()]);
    const [{ id, state }] = await exportsOf(client);
    expect(state).toBe('complete');
    expect((await client.delete(`/bulkstatus/${id}`)).status).toBe(202);
    expect((await exportsOf(client))[0]).toMatchObject({ state: 'deleted', deleted: true, deletes: 1 });
  },
  'rate-limited': async (client) => {
    expect((await statusesOf(20, () => client.get(read))).slice(15)).toEqual([200, 429, 429, 429, 429]);
  },
  'token-budget': async (client) => {
    // The token of this client was the one of this minute, unless a new minute has begun.
    await client.newToken();
    const refused = await client.newToken();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  },
  'short-tokens': async (client) => {
    expect((await jsonOf(client.newToken())).expires_in).toBe(2);
  },
  'string-details': async (client) => {
    expect(typeof (await jsonOf(client.get('/Patient/none'))).issue[0].details).toBe('string');
  },
  'outcome-in-bundle': async (client) => {
    const response = await client.get(search);
    const [{ resource, search: found }, ...others] = (await jsonOf(response)).entry;
    expect([response.status, others]).toEqual([200, []]);
    expect([resource.resourceType, found.mode]).toEqual(['OperationOutcome', 'outcome']);
    expect((await jsonOf(client.get(search))).entry[0].resource.resourceType).toBe('Observation');
  },
  'v1-error': async (client) => {
    await client.get(await startExport(client), json);
    const refused = await client.get(search);
    expect([refused.status, (await jsonOf(refused)).missingfields]).toEqual([400, ['ah-practice']]);
    expect((await client.get(search)).status).toBe(200);
  },
  'throttled-by-403': async (client) => {
    const refused = await client.get(read);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([403, '1']);
    expect((await client.get(read)).status).toBe(200);
  },
  'scopes-of-version-2': async (client) => {
    const refused = await client.newToken();
    expect([refused.status, await jsonOf(refused)]).toEqual([
      400,
      { error: 'access_denied', error_description: expect.stringMatching(/^Policy evaluation failed/) },
    ]);
  },
  'exact-scopes': async (client) => {
    expect([(await client.kickOff('/Patient/$export?_type=Patient')).status, (await client.newToken()).status]).toEqual(
      [403, 400],
    );
  },
  'refuses-scope': async (client) => {
    expect([(await client.newToken()).status, (await client.kickOff()).status]).toEqual([400, 202]);
  },
} satisfies Checks;
