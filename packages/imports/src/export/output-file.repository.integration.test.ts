import { quarantineFeature } from '@bulkhead/records/quarantine';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { exportFeature } from './export.feature.ts';
import { emptyCheckpoint } from './output-file.record.ts';
import { makeOutputFile } from './testing/index.ts';

const { store, database, close } = await openTestStore((context) =>
  exportFeature.open({ ...context, ...quarantineFeature.open(context).repositories }),
);
afterAll(close);

const now = new Date('2024-06-01T00:00:00Z');

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
  expect(await stored(file.id)).not.toHaveProperty('encryptedUrl');
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

describe('the output file repository', () => {
  test('the output file repository adds only unknown files and resets no progress when a manifest is read again', async () => {
    const file = makeOutputFile({ exportId: 'job_m' });
    await store.outputFiles.insertMissing([file]);
    await store.outputFiles.claim({ id: file.id, claim: 'a' }, now);
    await store.outputFiles.insertMissing([file, makeOutputFile({ exportId: 'job_m', promisedCount: 5 })]);
    expect((await store.outputFiles.listByExport('job_m')).map(({ attempts }) => attempts).sort()).toEqual([0, 1]);
    expect(await store.outputFiles.sum('job_m')).toMatchObject({ files: 2, promised: 5, filesCompleted: 0 });
  });

  test('only the latest claim of an output file may write #two-workers', async () => {
    const file = makeOutputFile();
    const { id } = file;
    const checkpoint = { ...emptyCheckpoint, bytes: 100, lines: 3, stored: 3 };
    await store.outputFiles.insertMissing([file]);
    await store.outputFiles.claim({ id, claim: 'a' }, now);
    expect(await store.outputFiles.saveCheckpoint({ id, claim: 'a' }, { checkpoint, etag: '"1"' })).toBe(true);
    expect(await store.outputFiles.claim({ id, claim: 'b' }, now)).toMatchObject({
      checkpoint,
      etag: '"1"',
      attempts: 2,
    });
    expect(await store.outputFiles.saveCheckpoint({ id, claim: 'a' }, { checkpoint })).toBe(false);
    const end = { checkpoint, hasPromisedCount: true, now };
    await store.outputFiles.complete({ id, claim: 'a' }, end);
    expect(await store.outputFiles.find(id)).toMatchObject({ state: 'downloading' });
    await store.outputFiles.complete({ id, claim: 'b' }, end);
    expect(await store.outputFiles.find(id)).toMatchObject({ state: 'completed' });
    expect(await store.outputFiles.claim({ id, claim: 'c' }, now)).toBeUndefined();
  });

  test('the output file repository sums the issues of error files and output files by severity and code', async () => {
    const issue = { severity: 'error', code: 'exception' };
    const [output, error, none] = [
      [{ ...issue, count: 2, types: ['Observation'] }],
      [
        { ...issue, count: 3 },
        { severity: 'warning', code: 'timeout', count: 1 },
      ],
      [],
    ].map((issues) => ({ checkpoint: { ...makeOutputFile().checkpoint, issues } }));
    const exportId = 'job_issues';
    await store.outputFiles.insertMissing([
      makeOutputFile({ exportId, ...output }),
      makeOutputFile({ exportId, section: 'error', ...error }),
      makeOutputFile({ exportId, ...none }),
    ]);
    expect(await store.outputFiles.sumIssues(exportId)).toEqual([
      { ...issue, count: 5 },
      { severity: 'warning', code: 'timeout', count: 1 },
    ]);
  });

  test('the output file repository counts replayed lines as stored resources or readable deletions instead of as quarantined', async () => {
    const exportId = 'job_recount';
    const checkpoint = { ...makeOutputFile().checkpoint, stored: 5, quarantined: 3 };
    const output = makeOutputFile({ exportId, state: 'completed', checkpoint });
    const deleted = makeOutputFile({
      exportId,
      section: 'deleted',
      state: 'completed',
      checkpoint: { ...checkpoint, unreadableDeletions: 3 },
    });
    await store.outputFiles.insertMissing([output, deleted]);
    for (const { id } of [output, deleted])
      await store.outputFiles.recountQuarantined({ id, quarantined: 1, withheld: 0 });
    expect((await store.outputFiles.find(output.id))?.checkpoint).toMatchObject({ stored: 7, quarantined: 1 });
    expect((await store.outputFiles.find(deleted.id))?.checkpoint).toMatchObject({
      stored: 5,
      quarantined: 1,
      unreadableDeletions: 1,
    });
    // An erasure has withheld the last line, so what it deletes is not known.
    await store.outputFiles.recountQuarantined({ id: deleted.id, quarantined: 0, withheld: 1 });
    expect((await store.outputFiles.find(deleted.id))?.checkpoint).toMatchObject({
      quarantined: 0,
      unreadableDeletions: 1,
    });
  });
});
