import { expect, test } from '@jest/globals';
import { createClient } from './client.ts';
import { type ChangeBatch, followChanges } from './follow-changes.ts';

const put = (id: string, at = '2026-11-03T07:00:00.000Z') =>
  `{"fullUrl":"https://ehr.example/Goal/${id}","resource":{"resourceType":"Goal","id":"${id}","rank":1.50,"note":",\\"request\\":{"},"request":{"method":"PUT","url":"Goal/${id}"},"response":{"status":"200","lastModified":"${at}"}}\n`;
const deletion =
  '{"fullUrl":"https://ehr.example/Goal/a","request":{"method":"DELETE","url":"Goal/a"},"response":{"status":"204","lastModified":"2026-11-03T07:00:01.000Z"}}\n';
const end = (at: string) => `{"resourceType":"Bundle","type":"history","meta":{"lastUpdated":"${at}"}}\n`;

/** An answer with the time from which on changes are listed again. */
const listedUntil = (until: string, body: string) => new Response(body, { headers: { 'X-History-Until': until } });

/** An API that sends these answers, one after the other. @returns the queries, and the batches until the answers end */
async function follow(
  answers: readonly (string | Response | Error)[],
  options: Partial<Parameters<typeof followChanges>[1]> = {},
) {
  const rest = [...answers];
  const queries: (string | null)[] = [];
  const send = async (request: Request) => {
    queries.push(new URL(request.url).searchParams.get('_since'));
    const answer = rest.shift();
    if (answer === undefined) throw new Error('There is no other answer.');
    if (answer instanceof Error) throw answer;
    return typeof answer === 'string' ? new Response(answer) : answer;
  };
  const api = createClient({ url: 'http://bulkhead.example', key: 'key', fetch: send as typeof fetch });
  const batches: ChangeBatch[] = [];
  const fast = { pollMs: 1, retryMs: 1, giveUpAfterMs: 60_000, batchSize: 2 };
  for await (const batch of followChanges(api, { connectionId: 'c', ...fast, ...options })) {
    batches.push(batch);
    if (rest.length === 0 && batch.isCurrent) break;
  }
  return { queries, batches };
}

test('followChanges returns each resource with the text of its numbers, and continues at the end of the last answer', async () => {
  const [first, second] = ['2026-11-03T08:00:00.000Z', '2026-11-03T09:00:00.000Z'];
  const { queries, batches } = await follow([put('a') + end(first), deletion + end(second)]);
  const json = '{"resourceType":"Goal","id":"a","rank":1.50,"note":",\\"request\\":{"}';
  expect(batches).toEqual([
    { changes: [{ type: 'Goal', id: 'a', json }], isBeginning: true, since: first, isCurrent: true },
    { changes: [{ type: 'Goal', id: 'a' }], isBeginning: false, since: second, isCurrent: true },
  ]);
  expect(queries).toEqual([null, first]);
});

test('followChanges ends a batch early if its resources are large', async () => {
  const current = '2026-11-03T08:00:00.000Z';
  const large = (id: string) => put(id).replace('"note":"', `"note":"${'x'.repeat(30 * 1024 * 1024)}`);
  const answer = [large('a'), large('b'), large('c'), put('d'), put('e')].join('') + end(current);
  const { batches } = await follow([answer], { batchSize: 4 });
  expect(batches.map(({ changes }) => changes.map(({ id }) => id).join(''))).toEqual(['abc', 'de']);
});

test('followChanges begins again if the first answer is cut off, and continues in the middle of a later one', async () => {
  const current = '2026-11-03T08:00:00.000Z';
  const cut = put('a') + put('b', '2026-11-03T07:30:00.000Z') + put('c').slice(0, 40);
  const first = await follow([listedUntil(current, cut), put('a') + end(current)]);
  expect(first.queries).toEqual([null, null]);
  expect(first.batches.map(({ isBeginning, since }) => [isBeginning, since])).toEqual([
    [true, undefined],
    [true, current],
  ]);
  const answers = [listedUntil(current, cut), put('c') + end(current)];
  const later = await follow(answers, { since: '2026-11-03T06:00:00.000Z' });
  expect(later.queries).toEqual(['2026-11-03T06:00:00.000Z', '2026-11-03T07:30:00.000Z']);
  expect(later.batches.map(({ isBeginning }) => isBeginning)).toEqual([false, false]);
});

test('followChanges returns a resource that changed meanwhile once in a batch, and continues where changes can still be added', async () => {
  const [until, since] = ['2026-11-03T07:10:00.000Z', '2026-11-03T06:00:00.000Z'];
  const late = '2026-11-03T07:30:00.000Z';
  const gone = deletion.replace('07:00:01', '07:30:00');
  const again = [put('a', late), put('b', late), put('c', late).slice(0, 40)];
  const body = [put('a'), put('b', late), gone, ...again].join('');
  const first = await follow([listedUntil(until, body), end(late)]);
  const ids = first.batches.map(({ changes }) => changes.map(({ id, json }) => (json ? id : `-${id}`)).join());
  expect(ids).toEqual(['a', 'b,-a', 'a,b', '']);
  expect(first.batches.map((batch) => batch.since)).toEqual([undefined, until, until, late]);
  expect(first.queries).toEqual([null, until]);
  expect((await follow([listedUntil(until, body), end(late)], { since })).queries).toEqual([since, until]);
});

test('followChanges asks again while the API is unavailable, and throws if the history has expired', async () => {
  const refusal = (status: number, code: string) => Response.json({ error: { code, message: code } }, { status });
  const answers = [refusal(503, 'unavailable'), new Error('refused'), refusal(410, 'history-expired')];
  await expect(follow(answers)).rejects.toMatchObject({ status: 410, code: 'history-expired' });
});

test('followChanges counts the time without the API from the request that failed, however long the wait before it', async () => {
  const current = '2026-11-03T08:00:00.000Z';
  const answers = [put('a') + end(current), new TypeError('fetch failed'), end(current)];
  const { queries } = await follow(answers, { pollMs: 1200, giveUpAfterMs: 1000 });
  expect(queries).toEqual([null, current, current]);
});
