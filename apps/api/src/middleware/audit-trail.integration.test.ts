import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { NewAuditEvent } from '@bulkhead/domain';
import { createLogger } from '@bulkhead/runtime';
import { waitFor } from '@bulkhead/testing';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import express from 'express';
import { allow } from './allow.ts';
import { answerError } from './answer-error.ts';
import { auditTrail } from './audit-trail.ts';
import { setCaller } from './caller-of.ts';

let events: NewAuditEvent[] = [];
/** What the audit log does with the next event. */
let store: () => Promise<void> = () => Promise.resolve();
const audit = {
  append: (event: NewAuditEvent) => {
    events.push(event);
    return store();
  },
  list: async () => ({ events: [], next: undefined }),
};
const logger = createLogger({ name: 'api', level: 'silent' });
const apiKey = { id: 'key_1', name: 'a', role: 'client', prefix: 'bh_', createdAt: new Date() } as const;
const server = createServer(
  express()
    .use((_request, response, next) => {
      setCaller({ response, apiKey, via: 'api-key' });
      next();
    })
    .use(auditTrail({ audit, logger }))
    .post('/exports', allow('export.create'), (_request, response) => {
      response.status(202).location('/exports/1').json({ id: 'job_1' });
    })
    .get('/lines', allow('resource.search'), async (_request, response) => {
      await pipeline(Readable.from(['one\n', 'two\n']), response).catch(() => undefined);
    })
    .get('/endless', allow('resource.search'), async (_request, response) => {
      await pipeline(Readable.from(endless()), response).catch(() => undefined);
    })
    .use(answerError(logger)),
).listen(0, '127.0.0.1');
beforeEach(() => {
  events = [];
  store = () => Promise.resolve();
});
afterAll(() => void server.close());

function* endless() {
  for (;;) yield 'x'.repeat(10_000);
}
async function ask(method: string, path: string, signal?: AbortSignal): Promise<Response> {
  if (!server.listening) await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return fetch(`http://127.0.0.1:${port}${path}`, { method, ...(signal ? { signal } : {}) });
}

describe('an answer', () => {
  test.each([
    { method: 'POST', path: '/exports', text: '{"id":"job_1"}' },
    { method: 'GET', path: '/lines', text: 'one\ntwo\n' },
  ])('of $method $path is not at its end before its event is stored', async ({ method, path, text }) => {
    let isStored = false;
    let stored: () => void = () => undefined;
    store = () =>
      new Promise((resolve) => {
        stored = () => {
          isStored = true;
          resolve();
        };
      });
    const answered = ask(method, path).then(async (response) => ({ text: await response.text(), isStored }));
    await waitFor(() => events.length === 1, { what: 'the event' });
    stored();
    expect(await answered).toEqual({ text, isStored: true });
  });

  test('of a change whose event cannot be stored says so instead of success', async () => {
    store = () => Promise.reject(new Error('away'));
    const response = await ask('POST', '/exports');
    const { error } = (await response.json()) as { error: { code: string } };
    expect([response.status, error.code, response.headers.get('location')]).toEqual([503, 'audit-unavailable', null]);
  });

  test('that is under way when its event cannot be stored is cut off', async () => {
    store = () => Promise.reject(new Error('away'));
    await expect(ask('GET', '/lines').then((response) => response.text())).rejects.toThrow();
  });

  test('that nobody waited for is an event all the same', async () => {
    const leaving = new AbortController();
    await ask('GET', '/endless', leaving.signal);
    leaving.abort();
    await waitFor(() => events.length === 1, { what: 'the event' });
    expect(events).toMatchObject([{ action: 'resource.search', outcome: 'failed', code: 'client-left' }]);
  });
});
