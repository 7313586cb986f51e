import { compareWithSimulator } from '@bulkhead/records/testing';
import { describe, expect, test } from '@jest/globals';
import { type System, startSystem } from '../harness/start-system.ts';

interface Entry {
  readonly id: string;
  readonly reason: string;
  readonly line: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

const list = async (system: System, query: string): Promise<Entry[]> =>
  (await system.request('GET', `/api/ehr/quarantine?${query}`)).body.data;
const replay = (system: System, id: string, body?: string) =>
  system.request('POST', `/api/ehr/quarantine/${id}/replay`, body);

/** Replays a line. The API waits five seconds for the result, and a worker of a busy machine may need longer. @returns the result */
async function result(system: System, id: string, body?: string) {
  const path = `/api/ehr/quarantine/${id}`;
  const { replay: before } = (await system.request('GET', path)).body.data;
  const { data } = (await replay(system, id, body)).body;
  const isOver = ({ replay: after }: { readonly replay?: { readonly at: string } }) => after && after.at !== before?.at;
  return isOver(data) ? data : system.until(path, isOver);
}

describe('a quarantined line #quarantine', () => {
  test.concurrent('a quarantined line is listed with its place and reason, returned as received, and stored once it is corrected #replay', async () => {
    await using system = await startSystem({ hasWorker: true });
    const broken = '{"resourceType":"Condition","id":';
    const fault = { kind: 'corrupt-line', line: 3, with: broken };
    await system.inject('/bulkdata/.*Condition', fault);
    const ended = await system.settled(await system.startExport());
    expect(ended).toMatchObject({ status: 'COMPLETED', counts: { quarantined: 1 } });

    const [entry, ...moreEntries] = await list(system, `runId=${ended.id}`);
    expect(moreEntries).toEqual([]);
    const before = Buffer.byteLength(`${(await system.control.lines('Condition')).slice(0, 2).join('\n')}\n`);
    expect(entry).toMatchObject({
      line: 3,
      resourceType: 'Condition',
      offset: before,
      reason: 'invalid-json',
      sizeBytes: broken.length,
      state: 'open',
    });
    // The content is patient data. It is not in the list, and it is encrypted in the database.
    expect(JSON.stringify(entry)).not.toContain(JSON.stringify(broken).slice(1, -1));
    const { id = '' } = entry ?? {};
    expect((await system.download(`/api/ehr/quarantine/${id}/line`)).text).toBe(broken);

    // The code has not changed, so the line is still not a resource.
    expect(await result(system, id)).toMatchObject({ state: 'open', replay: { reason: 'invalid-json' } });
    const lost = (await system.control.lines('Condition'))[2] ?? '';
    expect(await result(system, id, lost)).toMatchObject({ state: 'replayed', isCorrected: true });
    expect((await compareWithSimulator(system)).differences).toEqual([]);
    // The counts follow the line.
    const path = `/api/ehr/athenahealth/bulk-export/${ended.id}`;
    const counted = await system.until(path, ({ counts }) => counts.quarantined === 0);
    expect(counted.counts.stored).toBe(ended.counts.promised);
    // The warning stays, so it says what happened and not what is in the quarantine now.
    expect(counted.warnings).toContainEqual({
      code: 'lines-quarantined',
      message: expect.stringMatching(/^1 line was not a usable resource, so it was quarantined\. /),
    });
    expect((await replay(system, id)).body.data.state).toBe('replayed');
  });

  test.concurrent('a line that is too long for a document is quarantined up to 16 MB, and the rest of the file is stored #long-line', async () => {
    await using system = await startSystem({ hasWorker: true });
    await system.inject('/bulkdata/.*Condition', { kind: 'long-line', line: 2 });
    const ended = await system.settled(await system.startExport());
    expect(ended).toMatchObject({ status: 'COMPLETED', counts: { quarantined: 1 } });
    const [entry] = await list(system, `runId=${ended.id}&state=open`);
    const keptBytes = 16 * 1024 * 1024;
    expect(entry).toMatchObject({ line: 2, reason: 'line-too-long', isTruncated: true, keptBytes });
    expect(entry?.sizeBytes).toBeGreaterThan(keptBytes);
    const { id = '' } = entry ?? {};
    const { text } = await system.download(`/api/ehr/quarantine/${id}/line`);
    expect(Buffer.byteLength(text)).toBe(keptBytes);
    expect(text.startsWith('{"resourceType":"Condition"')).toBe(true);

    expect(await replay(system, id)).toMatchObject({ status: 409, body: { error: { code: 'line-truncated' } } });
    const all = await system.request('POST', '/api/ehr/quarantine/replay', { runId: ended.id });
    expect(all).toMatchObject({ status: 202, body: { data: { count: 0 } } });
    const lost = (await system.control.lines('Condition'))[1] ?? '';
    const unstorable = lost.replace('{', '{"_bsontype":"Long",');
    expect(await result(system, id, unstorable)).toMatchObject({
      state: 'open',
      replay: { reason: 'reserved-key' },
    });
    expect(await result(system, id, lost)).toMatchObject({ state: 'replayed', isCorrected: true });
    expect((await compareWithSimulator(system)).differences).toEqual([]);
  });

  test.concurrent('the list of quarantined lines can be paged and filtered, and its entries replayed in bulk #replay', async () => {
    await using system = await startSystem({ hasWorker: true });
    for (const line of [2, 4, 5]) {
      await system.inject('/bulkdata/.*Condition', { kind: 'corrupt-line', line, with: 'null' });
    }
    const ended = await system.settled(await system.startExport());
    const first = await system.request('GET', `/api/ehr/quarantine?runId=${ended.id}&limit=2`);
    expect(first.body.data.map(({ line }: Entry) => line)).toEqual([2, 4]);
    const nextPage = await system.request(
      'GET',
      `/api/ehr/quarantine?runId=${ended.id}&limit=2&cursor=${first.body.next}`,
    );
    expect(nextPage.body).toMatchObject({ data: [{ line: 5, reason: 'not-an-object' }] });
    expect(nextPage.body.next).toBeUndefined();
    expect(await list(system, `runId=${ended.id}&reason=no-id`)).toEqual([]);
    const replayed = await system.request('POST', '/api/ehr/quarantine/replay', { runId: ended.id });
    expect(replayed).toMatchObject({ status: 202, body: { data: { count: 3 } } });
    expect((await system.request('POST', '/api/ehr/quarantine/replay', {})).status).toBe(400);
    expect((await system.request('GET', '/api/ehr/quarantine/none')).status).toBe(404);
  });
});

test('an entry of a search is listed by its sync run, returned as received, and stored once it is corrected', async () => {
  await using system = await startSystem({ hasWorker: true, simulator: { patients: 1 } });
  await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
  const resource = { resourceType: 'CarePlan', status: 'active' };
  const body = { resourceType: 'Bundle', entry: [{ resource }] };
  await system.inject('r4/CarePlan$', { kind: 'status', status: 200, body });
  const sync = { connectionId: system.connectionId, includeStandard: false, resourceTypes: ['CarePlan'] };
  const { data } = (await system.request('POST', '/api/ehr/athenahealth/enhanced-sync', sync)).body;
  expect(data).toMatchObject({ total: 0, warnings: [{ code: 'entries-rejected' }] });

  const [entry, ...moreEntries] = await list(system, `runId=${data.id}`);
  expect(moreEntries).toEqual([]);
  expect(entry).toMatchObject({ source: 'sync', resourceType: 'CarePlan', line: 1, offset: 0, reason: 'no-id' });
  const { id = '' } = entry ?? {};
  expect(JSON.parse((await system.download(`/api/ehr/quarantine/${id}/line`)).text)).toEqual(resource);
  expect(await result(system, id)).toMatchObject({ state: 'open', replay: { reason: 'no-id' } });
  const corrected = JSON.stringify({ ...resource, id: 'corrected' });
  expect(await result(system, id, corrected)).toMatchObject({ state: 'replayed', isCorrected: true });
  const stored = `/api/ehr/athenahealth/resources/CarePlan/corrected?connectionId=${system.connectionId}`;
  expect((await system.download(stored)).text).toBe(corrected);
});

describe('numbers #number-text', () => {
  test.concurrent('the API returns numbers byte for byte as the server sent them', async () => {
    await using system = await startSystem({ hasWorker: true });
    const numbers = [
      '1.50',
      '0.0',
      '-0',
      '1e2',
      '1E-7',
      '12345678901234567890',
      '0.1234567890123456789',
      '3.0',
      '7',
      '1.5',
    ];
    const extension = numbers.map((text) => `{"url":"http://example.org/n","valueDecimal":${text}}`).join(',');
    const put = `{"resourceType":"Observation","id":"exact","status":"final","extension":[${extension}]}`;
    await system.control.put('Observation/exact', put);
    await system.settled(await system.startExport());

    const at = '/api/ehr/athenahealth/resources/Observation';
    const query = `connectionId=${system.connectionId}`;
    const download = await system.download(`${at}/exact?${query}`);
    expect(download.headers.get('content-type')).toMatch(/^application\/fhir\+json/);
    expect([...download.text.matchAll(/"valueDecimal":([^}]+)/g)].map(([, text]) => text)).toEqual(numbers);

    const all = await system.download(`${at}?${query}`, 'application/fhir+ndjson');
    expect(all.headers.get('content-type')).toMatch(/^application\/fhir\+ndjson/);
    const texts = (line: string) => [...line.matchAll(/:(-?\d[^,}\]]*)/g)].map(([, text]) => text);
    const byId = (lines: string[]) => new Map(lines.map((line) => [JSON.parse(line).id as string, texts(line)]));
    const stored = byId(all.text.split('\n').filter(Boolean));
    expect(stored.size).toBeGreaterThan(50);
    expect(stored).toEqual(byId(await system.control.lines('Observation')));
  });

  test.concurrent('the API answers 410 for a deleted resource and 404 for an unknown one', async () => {
    await using system = await startSystem({ hasWorker: true });
    const [line = ''] = await system.control.lines('CarePlan');
    const { id } = JSON.parse(line) as { id: string };
    await system.settled(await system.startExport({ resourceTypes: ['CarePlan'] }));
    await system.control.remove(`CarePlan/${id}`);
    await system.settled(await system.startExport({ since: 'last', resourceTypes: ['CarePlan'] }));
    const read = (at: string) =>
      system.request('GET', `/api/ehr/athenahealth/resources/${at}?connectionId=${system.connectionId}`);
    expect(await read(`CarePlan/${id}`)).toMatchObject({ status: 410, body: { error: { code: 'resource-deleted' } } });
    expect(await read('CarePlan/none')).toMatchObject({ status: 404, body: { error: { code: 'unknown-resource' } } });
    expect(await read('connections/x')).toMatchObject({ status: 404, body: { error: { code: 'unknown-resource' } } });
  });
});
