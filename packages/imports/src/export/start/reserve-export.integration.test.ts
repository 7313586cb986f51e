import { idempotencyFeature } from '@bulkhead/access/idempotency';
import { IdempotencyService } from '@bulkhead/access/idempotency/commands';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, expect, test } from '@jest/globals';
import { makeBulkExport } from '../testing/make-records.ts';
import { reserveExport } from './new-export.ts';

const { store, close } = await openTestStore(idempotencyFeature.open);
afterAll(close);

test('a repeated request stores the record of a first one that died before it did, and then finds it', async () => {
  const service = new IdempotencyService({ store });
  const body = { connectionId: 'conn_1', exportType: 'Patient' as const };
  const idempotency = { clientId: 'key_1', key: 'died' };
  const accept = async (id: string, isStored: boolean) => {
    const created = { ...makeBulkExport({ id }), phase: 'queued' as const };
    const accepted = await reserveExport({
      service,
      idempotency,
      content: ['athenahealth', body],
      created,
      isStored: async () => isStored,
    });
    return { id: accepted.record.id, isRepeated: accepted.isRepeated };
  };
  expect(await accept('job_died', false)).toEqual({ id: 'job_died', isRepeated: false });
  expect(await accept('job_second', false)).toEqual({ id: 'job_died', isRepeated: false });
  expect(await accept('job_third', true)).toEqual({ id: 'job_died', isRepeated: true });
});
