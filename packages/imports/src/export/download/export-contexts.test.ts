import type { Connection } from '@bulkhead/connections';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { makeBulkExport } from '../testing/make-records.ts';
import { createExportContexts } from './export-contexts.ts';

const connection: Connection = {
  id: 'conn_1',
  name: 'Practice 1',
  provider: 'athenahealth',
  environment: 'sandbox',
  fhirEndpoint: 'https://ehr.example/fhir/r4',
  auth: { method: 'none' },
  createdAt: new Date(),
};
const record = makeBulkExport({ connectionId: connection.id });
const file = { exportId: record.id };
const bulkExports = { find: jest.fn(async (id: string) => (id === record.id ? record : undefined)) };
const connections = { findWithSecrets: jest.fn(async (id: string) => (id === connection.id ? connection : undefined)) };
const create = () => createExportContexts({ store: { bulkExports, connections } as never });

beforeEach(() => {
  jest.useFakeTimers();
  bulkExports.find.mockClear();
});
afterEach(() => {
  jest.useRealTimers();
});

test('the context of an export is read once for the files that need it within a second, and again afterwards', async () => {
  const contexts = create();
  const reads = await Promise.all([contexts.read(file), contexts.read(file)]);
  expect(reads).toEqual([
    { connection, record },
    { connection, record },
  ]);
  jest.advanceTimersByTime(999);
  await contexts.read(file);
  expect(bulkExports.find).toHaveBeenCalledTimes(1);
  jest.advanceTimersByTime(1);
  await contexts.read(file);
  expect(bulkExports.find).toHaveBeenCalledTimes(2);
});

test('the context of an export is read again after an error', async () => {
  const contexts = create();
  bulkExports.find.mockRejectedValueOnce(new Error('MongoDB is unavailable'));
  await expect(contexts.read(file)).rejects.toThrow('MongoDB is unavailable');
  expect(await contexts.read(file)).toEqual({ connection, record });
});

test('reading the context of an unknown export throws connection-gone', async () => {
  await expect(create().read({ exportId: 'job_gone' })).rejects.toMatchObject({ code: 'connection-gone' });
});

test('the context of an earlier slice is not used', async () => {
  const contexts = create();
  const sliced = { ...record, slice: 0 };
  bulkExports.find.mockResolvedValueOnce(sliced).mockResolvedValueOnce({ ...sliced, slice: 1 });
  expect((await contexts.read({ ...file, slice: 0 })).record.slice).toBe(0);
  expect((await contexts.read({ ...file, slice: 1 })).record.slice).toBe(1);
  expect((await contexts.read({ ...file, slice: 1 })).record.slice).toBe(1);
  expect(bulkExports.find).toHaveBeenCalledTimes(2);
});
