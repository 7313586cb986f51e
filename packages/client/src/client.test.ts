import { expect, test } from '@jest/globals';
import { answerOf, createClient } from './client.ts';

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
