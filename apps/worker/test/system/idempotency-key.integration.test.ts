import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { startSystem } from '../harness/start-system.ts';

describe('an Idempotency-Key #idempotency-key', () => {
  test('equal requests with one key start one export, and a different request is refused', async () => {
    await using system = await startSystem({ hasWorker: true });
    const headers = { 'idempotency-key': randomUUID() };
    const { connectionId } = system;
    const path = '/api/ehr/athenahealth/bulk-export';
    const post = (body: object) => system.request('POST', path, { connectionId, ...body }, headers);
    const answers = await Promise.all(Array.from({ length: 5 }, () => post({ exportType: 'Patient' })));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.data?.id}`)).size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get('idempotency-replayed') === 'true')).toHaveLength(4);
    const id: string = answers.map(({ body }) => body.data.id)[0];
    await system.settled(id);
    expect((await post({ exportType: 'Patient' })).body.data).toMatchObject({ id, status: 'COMPLETED' });
    expect(await post({ exportType: 'Group' })).toMatchObject({
      status: 422,
      body: { error: { code: 'idempotency-key-reused' } },
    });
    expect(await system.control.requests(/\$export$/)).toHaveLength(1);
  });
});
