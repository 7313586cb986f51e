import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { IdempotencyService } from './commands/index.ts';
import { idempotencyFeature } from './idempotency.feature.ts';

const now = new Date('2026-05-01T10:00:00Z');
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const { store, database, close } = await openTestStore(idempotencyFeature.open);
afterAll(close);

const attemptOf = (key: string, holder = 'first') => ({ clientId: 'key_1', key, holder });
const take = (key: string, options: { readonly holder?: string; readonly at?: Date } = {}) =>
  store.answeredRequests.take({
    attempt: attemptOf(key, options.holder),
    request: { requestHash: 'hash' },
    now: options.at ?? now,
  });

describe('the repository of answered requests', () => {
  test('an answer is kept for a day, and then the key is free', async () => {
    expect(await take('day')).toBeUndefined();
    const request = { requestHash: 'hash', answer: { status: 201 } };
    await store.answeredRequests.save({ attempt: attemptOf('day'), request, connectionId: undefined });
    expect(await take('day', { at: later(24 * 3600 - 1) })).toEqual(request);
    expect(await take('day', { at: later(24 * 3600 + 1) })).toBeUndefined();
  });

  test('a request whose process has died frees its key after six minutes, and can no longer store an answer', async () => {
    expect(await take('dead')).toBeUndefined();
    expect(await take('dead', { holder: 'second', at: later(359) })).toEqual({ requestHash: 'hash' });
    expect(await take('dead', { holder: 'second', at: later(361) })).toBeUndefined();
    const request = { requestHash: 'hash', answer: 'late' };
    await store.answeredRequests.save({ attempt: attemptOf('dead', 'first'), request, connectionId: undefined });
    await store.answeredRequests.release(attemptOf('dead', 'first'));
    expect(await take('dead', { holder: 'third', at: later(362) })).toEqual({ requestHash: 'hash' });
  });

  test('the database has the answer and the hash of the request only encrypted', async () => {
    await take('encrypted');
    const request = { requestHash: 'hash-of-a-body', answer: { patient: 'patient-4711' } };
    await store.answeredRequests.save({ attempt: attemptOf('encrypted'), request, connectionId: 'conn_1' });
    const [document] = await database.collection('answered_requests').find({ connectionId: 'conn_1' }).toArray();
    expect(Object.keys(document ?? {}).toSorted()).toEqual(
      ['_id', 'connectionId', 'createdAt', 'holder', 'isAnswered', 'encrypted'].toSorted(),
    );
    expect(JSON.stringify(document)).not.toMatch(/patient-4711|hash-of-a-body/);
  });
});

describe('the idempotency service', () => {
  const request = (key: string, content: unknown = 'a') => ({ clientId: 'key_1', key, content });
  const answer = (text: string) => async () => ({ answer: text, connectionId: undefined });

  test('a repeated request is refused if the first one does not end in time, and executes nothing', async () => {
    const service = new IdempotencyService({ store, waitMs: 0 });
    const [begin, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const first = service.once(request('slow'), async () => {
      begin.resolve();
      await end.promise;
      return { answer: 'first', connectionId: undefined };
    });
    await begin.promise;
    const repeat = () => service.once(request('slow'), answer('second'));
    await expect(repeat()).rejects.toMatchObject({ code: 'idempotency-key-in-use', retry: { afterMs: 5000 } });
    const other = service.once(request('slow', 'another body'), answer('other'));
    await expect(other).rejects.toMatchObject({ code: 'idempotency-key-reused' });
    end.resolve();
    expect(await first).toEqual({ answer: 'first', isRepeated: false });
    expect(await repeat()).toEqual({ answer: 'first', isRepeated: true });
  });

  test('a reserved id is that of the first request, at once and for every repeat, until it is released', async () => {
    const service = new IdempotencyService({ store });
    const reserve = (recordId: string, content: unknown = 'a') =>
      service.reserve(request('reserved', content), { recordId, connectionId: 'conn_1' });
    const first = await reserve('job_1');
    expect([first.recordId, (await reserve('job_2')).recordId]).toEqual(['job_1', 'job_1']);
    await expect(reserve('job_3', 'another body')).rejects.toMatchObject({ code: 'idempotency-key-reused' });
    await first.release();
    expect((await reserve('job_4', 'another body')).recordId).toBe('job_4');
  });

  test('a request that fails frees its key', async () => {
    const service = new IdempotencyService({ store });
    const failing = service.once(request('failing'), () => Promise.reject(new Error('no database')));
    await expect(failing).rejects.toThrow('no database');
    expect(await service.once(request('failing'), answer('again'))).toEqual({ answer: 'again', isRepeated: false });
  });
});
