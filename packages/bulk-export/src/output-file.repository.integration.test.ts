import { createQuarantineStore } from '@bulkhead/quarantine';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, expect, test } from '@jest/globals';
import { emptyCheckpoint } from './output-file.record.ts';
import { createBulkExportStore } from './store.ts';
import { makeOutputFile } from './testing/index.ts';

const { store, database, close } = await openTestStore((context) =>
  createBulkExportStore({ ...context, ...createQuarantineStore(context).repositories }),
);
afterAll(close);

const signedUrl = 'https://files.example/Patient.ndjson?X-Amz-Signature=planted';
const stored = (id: string) => database.collection<{ _id: string }>('output_files').findOne({ _id: id });

test('the output file repository encrypts the link of a file that can be downloaded without a token', async () => {
  const file = makeOutputFile({ url: signedUrl, requiresAccessToken: false });
  await store.outputFiles.insertMissing([file]);
  expect(JSON.stringify(await stored(file.id))).not.toContain('planted');
  expect(await store.outputFiles.find(file.id)).toEqual(file);
  expect((await store.outputFiles.claim({ id: file.id, claim: 'a' }, new Date()))?.url).toBe(signedUrl);
  expect((await store.outputFiles.listByExport(file.exportId)).map(({ url }) => url)).toContain(signedUrl);
});

test('the output file repository does not encrypt the link of a file that needs a token', async () => {
  const file = makeOutputFile({ url: 'https://ehr.example/file?id=1' });
  await store.outputFiles.insertMissing([file]);
  expect(await stored(file.id)).toMatchObject({ url: file.url });
  expect(await store.outputFiles.find(file.id)).toEqual(file);
});

test('the output file repository replaces the link of a file with a refreshed one, whether that needs a token or not', async () => {
  const file = makeOutputFile();
  await store.outputFiles.insertMissing([file]);
  await store.outputFiles.refreshLinks([{ id: file.id, url: signedUrl, requiresAccessToken: false }]);
  expect(await store.outputFiles.find(file.id)).toMatchObject({ url: signedUrl, requiresAccessToken: false });
  expect(await stored(file.id)).not.toHaveProperty('url');
  const url = 'https://ehr.example/file?id=2';
  await store.outputFiles.refreshLinks([{ id: file.id, url, requiresAccessToken: true }]);
  expect(await store.outputFiles.find(file.id)).toMatchObject({ url, requiresAccessToken: true });
  expect(await stored(file.id)).not.toHaveProperty('sealedUrl');
});

test('the output file repository encrypts the links that an earlier version stored in plain text when it migrates', async () => {
  const file = makeOutputFile({ url: signedUrl, requiresAccessToken: false });
  const { id: _id, ...fields } = file;
  await database.collection<{ _id: string }>('output_files').insertOne({ _id, ...fields });
  expect((await store.outputFiles.find(_id))?.url).toBe(signedUrl);
  await store.outputFiles.upgrade();
  expect(JSON.stringify(await stored(_id))).not.toContain('planted');
  expect(await store.outputFiles.find(_id)).toEqual(file);
});

test('an attempt writes no progress of a file that it has settled', async () => {
  const { outputFiles } = store;
  const now = new Date();
  const claim = (id: string) => ({ id, claim: 'attempt' });
  const file = makeOutputFile();
  await outputFiles.insertMissing([file]);
  await outputFiles.claim(claim(file.id), now);
  const checkpoint = { ...emptyCheckpoint, offset: 10 };
  expect(await outputFiles.saveCheckpoint(claim(file.id), { checkpoint })).toBe(true);
  await database.collection('output_files').updateOne({ _id: file.id as never }, { $set: { state: 'completed' } });
  const settled = await stored(file.id);
  expect(await outputFiles.isHeld(claim(file.id))).toBe(false);
  expect(await outputFiles.saveCheckpoint(claim(file.id), { checkpoint: emptyCheckpoint })).toBe(false);
  expect(await outputFiles.restart(claim(file.id))).toBe(false);
  expect(await stored(file.id)).toEqual(settled);
});
