import type { Connection } from '@bulkhead/providers';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { makeBulkExport } from '../testing/make-records.ts';
import { createExportContexts } from './export-contexts.ts';

const connection: Connection = {
  id: 'conn_1',
  provider: 'athenahealth',
  environment: 'sandbox',
  fhirEndpoint: 'https://ehr.example/fhir/r4',
  auth: { method: 'none' },
  createdAt: new Date(),
};
const record = makeBulkExport({ connectionId: connection.id });
const bulkExports = { find: jest.fn(async (id: string) => (id === record.id ? record : undefined)) };
const connections = { find: jest.fn(async (id: string) => (id === connection.id ? connection : undefined)) };
const create = () => createExportContexts({ store: { bulkExports, connections } as never });

beforeEach(() => {
  jest.useFakeTimers();
  bulkExports.find.mockClear();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('the context of an export', () => {
  test('is read once for the files that need it within a second, and again after it', async () => {
    const contexts = create();
    const both = await Promise.all([contexts.read(record.id), contexts.read(record.id)]);
    expect(both).toEqual([
      { connection, record },
      { connection, record },
    ]);
    jest.advanceTimersByTime(999);
    await contexts.read(record.id);
    expect(bulkExports.find).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(1);
    await contexts.read(record.id);
    expect(bulkExports.find).toHaveBeenCalledTimes(2);
  });

  test('that could not be read is asked for again', async () => {
    const contexts = create();
    bulkExports.find.mockRejectedValueOnce(new Error('MongoDB is away'));
    await expect(contexts.read(record.id)).rejects.toThrow('MongoDB is away');
    expect(await contexts.read(record.id)).toEqual({ connection, record });
  });

  test('does not exist without its record', async () => {
    await expect(create().read('job_gone')).rejects.toMatchObject({ code: 'connection-gone' });
  });
});
