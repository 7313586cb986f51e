import { makeBulkExport, makeOutputFile } from '@bulkhead/imports/export/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const url = 'https://files.example/Patient.ndjson?X-Amz-Signature=planted';
const shownUrl = 'https://files.example/Patient.ndjson';

const api = await startApi();
const connectionId = await api.createConnection();
const record = makeBulkExport({ connectionId, phase: 'completed' });
const path = `/api/ehr/athenahealth/bulk-export/${record.id}`;
await api.store.bulkExports.insert({ record, requestKey: record.id });
const file = makeOutputFile({ exportId: record.id, connectionId, url, requiresAccessToken: false });
await api.store.outputFiles.insertMissing([file]);
afterAll(() => api.stop());

const readAs = async (authorization: string, query = '') => {
  const status = await api.request('GET', `${path}${query}`, { authorization });
  const files = await api.request('GET', `${path}/files${query}`, { authorization });
  return [status.body.data.outputUrls, files.body.data[0].url];
};

test('a link that opens a file without a token is shown without its query, to clients and operators', async () => {
  expect(await readAs(`Bearer ${api.clientKey}`)).toEqual([[shownUrl], shownUrl]);
  expect(await readAs(`Bearer ${api.operatorKey}`)).toEqual([[shownUrl], shownUrl]);
  expect(await readAs(`Bearer ${api.clientKey}`, '?signedUrls=false')).toEqual([[shownUrl], shownUrl]);
});

test('a key that asks for signedUrls is shown the whole link', async () => {
  expect(await readAs(`Bearer ${api.clientKey}`, '?signedUrls=true')).toEqual([[url], url]);
});

test('a value of signedUrls other than true or false is refused', async () => {
  expect((await api.request('GET', `${path}?signedUrls=1`)).refusal).toEqual([400, 'invalid-request']);
});
