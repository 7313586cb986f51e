import { expect, test } from '@jest/globals';
import { type ApiClient, answerOf, createClient } from './client.ts';
import { tableRows } from './table-rows.ts';

const urls: string[] = [];
/** Answers every request with an empty content, as the API answers a stream of a type without resources. */
const sendEmpty = async (request: Request) => {
  urls.push(request.url);
  return new Response('', { headers: { 'content-length': '0' } });
};
const api = createClient({ url: 'http://bulkhead.example', key: 'key', fetch: sendEmpty as typeof fetch });

test('a stream of a type without resources can be read and has no bytes', async () => {
  const answer = await api.GET('/api/ehr/{provider}/resources/{type}', {
    params: { path: { provider: 'athenahealth', type: 'Observation' }, query: { connectionId: 'conn_1' } },
    headers: { accept: 'application/fhir+ndjson' },
    parseAs: 'stream',
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of answerOf(answer)) chunks.push(chunk);
  expect(chunks).toEqual([]);
});

test('an empty content without a stream is undefined', async () => {
  expect(
    answerOf(await api.DELETE('/api/ehr/schedules/{id}', { params: { path: { id: 'sched_1' } } })),
  ).toBeUndefined();
});

test('a list of values of a search is sent as a repeated parameter', async () => {
  // `date` has the type of one value or a list, so that a period has a start and an end.
  const query = { connectionId: 'conn_1', patient: 'p1', date: ['ge2024-01-01', 'lt2025-01-01'] };
  await api.GET('/api/ehr/{provider}/resources/{type}', {
    params: { path: { provider: 'athenahealth', type: 'Observation' }, query },
  });
  expect(new URL(urls.at(-1) ?? '').searchParams.getAll('date')).toEqual(query.date);
});

test('the rows of a table are read line by line, also if a line arrives in parts, and a broken connection is an error', async () => {
  const parts = ['{"patient_id":"a","last_', 'name":"Ü"}\n{"patient_id":"b"', ',"last_name":null}\n'];
  const send = (ending: (controller: ReadableStreamDefaultController) => void) =>
    createClient({
      url: 'http://bulkhead.example',
      fetch: (async () => {
        const start = (controller: ReadableStreamDefaultController) => {
          for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
          ending(controller);
        };
        return new Response(new ReadableStream({ start }));
      }) as typeof fetch,
    });
  const table = { provider: 'athenahealth', view: 'patient', query: { connectionId: 'conn_1' } };
  const read = async (client: ApiClient) => {
    const rows = [];
    for await (const row of tableRows(client, table)) rows.push(row);
    return rows;
  };
  expect(await read(send((controller) => controller.close()))).toEqual([
    { patient_id: 'a', last_name: 'Ü' },
    { patient_id: 'b', last_name: null },
  ]);
  const broken = send((controller) => controller.error(new TypeError('terminated')));
  await expect(read(broken)).rejects.toThrow('terminated');
});
