import { expect, test } from '@jest/globals';
import { startScriptedServer } from './scripted-server.ts';

test('a scripted server prefers a whole path to a pattern, a method to none, and a longer pattern to a shorter one', async () => {
  await using server = await startScriptedServer({
    '*': { body: 'any' },
    '/status*': { body: 'status' },
    'DELETE /status*': { status: 202, body: 'deleted' },
    '*/$export': { body: 'kick-off' },
    '/fhir/$export': { body: 'whole path' },
  });
  const get = async (path: string, method = 'GET') => (await fetch(server.url + path, { method })).text();
  expect(
    await Promise.all(['/x', '/status/1?a=b', '/Group/g/$export', '/fhir/$export'].map((path) => get(path))),
  ).toEqual(['any', 'status', 'kick-off', 'whole path']);
  expect(await get('/status/1', 'DELETE')).toBe('deleted');
});

test('a scripted server answers in the order of a list, counts by key and keeps the other answers if some are replaced', async () => {
  await using server = await startScriptedServer({
    '/list': ['first', { status: 503 }],
    '/count': ({ count, body }) => ({ body: { count, body } }),
  });
  const statusOf = async (path: string) => (await fetch(server.url + path)).status;
  expect([await statusOf('/list'), await statusOf('/list'), await statusOf('/list')]).toEqual([200, 503, 503]);
  server.answer({ '/list': { status: 204 } });
  expect([await statusOf('/list'), await statusOf('/none'), await statusOf('/count')]).toEqual([204, 404, 200]);
  const second = await fetch(`${server.url}/count?a=b`, { method: 'POST', body: 'sent' });
  expect([second.headers.get('content-type'), await second.json()]).toEqual([
    'application/json',
    { count: 2, body: 'sent' },
  ]);
  expect(server.requests.at(-1)).toMatchObject({ method: 'POST', path: '/count', url: '/count?a=b', body: 'sent' });
});

test('a scripted server lets a handler cut off a response, or not answer at all', async () => {
  await using server = await startScriptedServer({
    '/cut': (_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => response.destroy());
    },
    '/silent': () => undefined,
  });
  await expect(fetch(`${server.url}/cut`).then((response) => response.text())).rejects.toThrow();
  await expect(fetch(`${server.url}/silent`, { signal: AbortSignal.timeout(100) })).rejects.toThrow('timeout');
});
