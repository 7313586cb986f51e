import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { NewAuditEvent } from '@bulkhead/access/audit';
import { createLogger, runtimeError } from '@bulkhead/base';
import {
  type Action,
  type Audited,
  allow,
  answerError,
  appendFurther,
  auditNotes,
  auditTrail,
  DownloadSlots,
  resourceActions,
  sendLines,
  setCaller,
} from '@bulkhead/http';
import { startScriptedServer, waitFor } from '@bulkhead/testing';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import type { Response } from 'express';
import express from 'express';
import { exportActions } from '../../endpoints/bulk-export/start-export.endpoint.ts';

let events: NewAuditEvent[] = [];
let leftStreams = 0;
/** How the audit log handles the next event. */
let store: () => Promise<void> = () => Promise.resolve();
const audit = {
  append: (event: NewAuditEvent) => {
    events.push(event);
    return store();
  },
};
const logger = createLogger({ name: 'api', level: 'silent' });
const slots = new DownloadSlots();
const audited = (action: Action, when: Audited = true) => allow({ action, access: 'client', audited: when });
const apiKey = { id: 'key_1', name: 'a', role: 'client', prefix: 'bh_', createdAt: new Date() } as const;
const app = express()
  .use((_request, response, next) => {
    setCaller({ response, apiKey, via: 'api-key' });
    next();
  })
  .use(auditTrail({ audit, logger }))
  .post('/exports', audited(exportActions.create), (_request, response) => {
    response.status(202).location('/exports/1').json({ id: 'job_1' });
  })
  .post('/unavailable', audited(exportActions.create), () => {
    throw runtimeError('unavailable');
  })
  .get('/lines', audited(resourceActions.search), async (_request, response) => {
    await pipeline(Readable.from(['one\n', 'two\n']), response).catch(() => undefined);
  })
  .delete('/exports/:id', audited(exportActions.cancel), (_request, response) => {
    auditNotes(response).setChanged(false);
    response.json({});
  })
  .get('/status/:state', audited(exportActions.read, 'if-shown'), (request, response) => {
    auditNotes(response).isShown = request.params.state === 'completed';
    response.end(request.params.state);
  })
  .get('/events', audited(exportActions.read, 'if-shown'), (_request, response) => {
    auditNotes(response).isShown = true;
    response.set('content-type', 'text/event-stream').write('data: 1\n\n');
    response.once('close', () => {
      leftStreams += 1;
    });
  })
  .get('/hasty', audited(resourceActions.search), (_request, response) => {
    for (let n = 0; n < 50; n++) response.write(`${n}\n`);
    response.end();
  })
  .get('/refused-after-one', audited(resourceActions.search), (_request, response) =>
    sendLines({
      lines: refusedAfterOne(),
      contentType: 'application/fhir+ndjson',
      response,
      slots,
      signal: new AbortController().signal,
    }),
  )
  .get('/further', audited(resourceActions.search), async (_request, response) => {
    auditNotes(response).addPatients(['p1']);
    await pipeline(Readable.from(further(response)), response);
  })
  .get('/crowd/:count', audited(resourceActions.search), (request, response) => {
    auditNotes(response).addPatients(Array.from({ length: Number(request.params.count) }, (_, n) => `p${n}`));
    response.json({});
  })
  .get('/endless', audited(resourceActions.search), async (_request, response) => {
    await pipeline(Readable.from(endless()), response).catch(() => undefined);
  })
  .use(answerError(logger));
const server = await startScriptedServer((_request, response) => void app(response.req, response));
beforeEach(() => {
  events = [];
  store = () => Promise.resolve();
});
afterAll(() => server.stop());

async function* further(response: Response) {
  yield 'one\n';
  await appendFurther(response, ['p2']);
  yield 'two\n';
}
async function* refusedAfterOne() {
  yield Buffer.from('one\n');
  throw runtimeError('unavailable');
}
function* endless() {
  for (;;) yield 'x'.repeat(10_000);
}
function send(method: string, path: string, signal?: AbortSignal): Promise<globalThis.Response> {
  return fetch(server.url + path, { method, ...(signal ? { signal } : {}) });
}

test.each([
  { method: 'POST', path: '/exports', text: '{"id":"job_1"}' },
  { method: 'GET', path: '/lines', text: 'one\ntwo\n' },
])('the response to $method $path does not begin before its event is stored', async ({ method, path, text }) => {
  let isStored = false;
  const stored = Promise.withResolvers<void>();
  store = () => stored.promise;
  const answered = send(method, path).then(async (response) => {
    const wasStored = isStored;
    return { text: await response.text(), wasStored };
  });
  await waitFor(() => events.length === 1, { what: 'the event' });
  isStored = true;
  stored.resolve();
  expect(await answered).toEqual({ text, wasStored: true });
  expect(events).toMatchObject([{ outcome: 'success' }]);
});

test.each(['identity', 'gzip'])(
  'lines (%s) that are refused while their event is stored have a status and a cut body',
  async (encoding) => {
    const stored = Promise.withResolvers<void>();
    store = () => stored.promise;
    const headers = { 'accept-encoding': encoding };
    const answered = fetch(`${server.url}/refused-after-one`, { headers });
    await waitFor(() => events.length === 1, { what: 'the event' });
    stored.resolve();
    const response = await answered;
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
  },
);

test('lines are not sent if their event cannot be stored', async () => {
  store = () => Promise.reject(new Error('no database'));
  const response = await send('GET', '/refused-after-one');
  expect([response.status, await response.json()]).toMatchObject([503, { error: { code: 'audit-unavailable' } }]);
});

test('the audit trail keeps the order of a response that is written in many parts at once', async () => {
  expect(await (await send('GET', '/hasty')).text()).toBe(Array.from({ length: 50 }, (_, n) => `${n}\n`).join(''));
  expect(events).toHaveLength(1);
});

test('a status is recorded only if it shows data that must not be shown without a record', async () => {
  expect(await (await send('GET', '/status/running')).text()).toBe('running');
  expect(events).toEqual([]);
  expect(await (await send('GET', '/status/completed')).text()).toBe('completed');
  expect(events).toMatchObject([{ action: 'export.read', outcome: 'success' }]);
});

test('a request that changes nothing is recorded as unchanged', async () => {
  await send('DELETE', '/exports/1');
  expect(events).toMatchObject([{ action: 'export.cancel', outcome: 'unchanged' }]);
});

test('the audit trail records the names of parameters without their values', async () => {
  await send('GET', '/lines?connectionId=c&patient=p1&_lastUpdated=ge2024&patient=p2&John%20Doe=1');
  expect(events).toMatchObject([{ parameters: ['_lastUpdated', 'patient'], target: { connectionId: 'c' } }]);
  expect(JSON.stringify(events)).not.toMatch(/p1|ge2024|Doe/);
});

test('a patient whose data appears during a stream is recorded by a separate event', async () => {
  expect(await (await send('GET', '/further')).text()).toBe('one\ntwo\n');
  expect(events).toMatchObject([
    { action: 'resource.search', patients: ['p1'] },
    { action: 'resource.search', patients: ['p2'] },
  ]);
});

test('an event lists up to 1,000 patients, and `*` for more of them', async () => {
  await send('GET', '/crowd/1000');
  expect(events[0]?.patients).toHaveLength(1000);
  await send('GET', '/crowd/1001');
  expect(events[1]?.patients).toEqual(['*']);
});

test.each([
  { name: 'a change', path: '/exports' },
  { name: 'a change that failed', path: '/unavailable' },
])('the response to $name whose event cannot be stored reports that', async ({ path }) => {
  store = () => Promise.reject(new Error('the database is unavailable'));
  const response = await send('POST', path);
  const { error } = (await response.json()) as { error: { code: string } };
  expect([response.status, error.code, response.headers.get('location')]).toEqual([503, 'audit-unavailable', null]);
});

test('a response in parts is cut off before its first part if its event cannot be stored', async () => {
  store = () => Promise.reject(new Error('the database is unavailable'));
  await expect(send('GET', '/lines').then((response) => response.text())).rejects.toThrow();
});

test('an event stream is recorded once, because a client that leaves it has not missed its end', async () => {
  const leaving = new AbortController();
  await send('GET', '/events', leaving.signal);
  leaving.abort();
  await waitFor(() => leftStreams === 1, { what: 'the end of the stream' });
  expect(events).toMatchObject([{ action: 'export.read', outcome: 'success' }]);
  expect(events).toHaveLength(1);
});

test('a response whose client has left is recorded nevertheless', async () => {
  const leaving = new AbortController();
  await send('GET', '/endless', leaving.signal);
  leaving.abort();
  await waitFor(() => events.length === 2, { what: 'both events' });
  expect(events).toMatchObject([
    { action: 'resource.search', outcome: 'success' },
    { action: 'resource.search', outcome: 'failed', code: 'client-left' },
  ]);
});
