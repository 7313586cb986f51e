import {
  athenahealthStatement,
  otherDeclaredTypes,
  patientSearchTypes,
  simulatorAuth,
} from '@bulkhead/ehr/providers/testing';
import { withMethods } from '@bulkhead/store/testing';
import { anyPhase } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { planRetry } from '../bulk-export.record.ts';
import { finalizeExport } from '../finish/finalize-export.job.ts';
import { emptyCheckpoint } from '../index.ts';
import { pollExport } from '../poll/poll-export.job.ts';
import { acceptManifest } from '../steps.ts';
import { runExport } from '../testing/run-export.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

let cases: UseCases;
afterEach(() => cases.stop());

const manifest = {
  transactionTime: '2024-01-01T00:00:00Z',
  requiresAccessToken: true,
  unreadableEntries: 0,
  statedErrors: [],
  hasDeletedList: true,
};

test('a manifest of 20,000 files becomes a ledger and a flow, and a second read adds nothing #large-manifest', async () => {
  cases = await startUseCases();
  await cases.orderScenario('many-files');
  const exportId = await cases.exporting({ request: { exportType: 'Patient', resourceTypes: ['Patient'] } });
  const { store } = cases.deps;
  let phase = '';
  while (phase !== 'downloading') {
    cases.clock.now = new Date(cases.clock.now.getTime() + 60_000);
    await pollExport(cases.deps, { exportId, signal: AbortSignal.timeout(60_000) });
    ({ phase } = await cases.read(exportId));
  }
  const files = await store.outputFiles.listByExport(exportId);
  expect(files).toHaveLength(20_000);
  expect(new Set(files.map(({ url }) => url)).size).toBe(20_000);
  expect(await store.outputFiles.listUnsettledIds(exportId)).toHaveLength(20_000);

  // A worker that crashed after it wrote the ledger and before it changed the phase reads the manifest again.
  const entries = files.map(({ section, type, url, promisedCount }) => ({
    section,
    type,
    url,
    ...(promisedCount === undefined ? {} : { count: promisedCount }),
  }));
  const current = await cases.read(exportId);
  const before = { ...current, phase: 'exporting' as const, version: current.version - 1 };
  await acceptManifest(cases.deps, { record: before, manifest: { ...manifest, entries } });
  expect(await store.outputFiles.listUnsettledIds(exportId)).toHaveLength(20_000);
});

test('a manifest that is accepted after the export was cancelled leaves no file to download', async () => {
  cases = await startUseCases();
  const { store } = cases.deps;
  const exportId = await cases.exporting();
  const record = { ...(await cases.read(exportId)), phase: 'exporting' as const };
  // The export is cancelled before the manifest is written to the ledger.
  await store.bulkExports.transition({ from: record, to: 'cancelled', change: {} });
  const entries = [{ section: 'output' as const, type: 'Patient', url: 'http://ehr.example/1' }];
  await acceptManifest(cases.deps, { record, manifest: { ...manifest, entries } });
  expect(await store.outputFiles.listByExport(exportId)).toMatchObject([{ state: 'cancelled' }]);
  expect((await cases.read(exportId)).phase).toBe('cancelled');
});

test('files of types that were not requested are skipped if the EHR ignores the list, but none whose type is unknown', async () => {
  cases = await startUseCases();
  const exportId = await cases.exporting({ request: { exportType: 'Patient', resourceTypes: ['Patient'] } });
  const sent = { method: 'GET' as const, isOtherMethodRefused: false, types: [], refusedTypes: [], typeFilters: [] };
  const record = { ...(await cases.read(exportId)), phase: 'exporting' as const, sent };
  const entries = ['Patient', 'Goal', 'Unknown'].map((type) => {
    return { section: 'output' as const, type, url: `http://ehr.example/${type}` };
  });
  await acceptManifest(cases.deps, { record, manifest: { ...manifest, entries } });
  const files = await cases.deps.store.outputFiles.listByExport(exportId);
  expect(Object.fromEntries(files.map(({ type, state }) => [type, state]))).toEqual({
    Patient: 'pending',
    Goal: 'skipped',
    Resource: 'pending',
  });
});

test('a slow second read of a manifest with other links removes no file of the accepted one', async () => {
  cases = await startUseCases();
  const { deps } = cases;
  const { outputFiles } = deps.store;
  const exportId = await cases.exporting();
  const record = { ...(await cases.read(exportId)), phase: 'exporting' as const };
  const read = (name: string) => {
    const url = `http://ehr.example/${name}`;
    return { record, manifest: { ...manifest, entries: [{ section: 'output' as const, type: 'Patient', url }] } };
  };
  const written = Promise.withResolvers<void>();
  const accepted = Promise.withResolvers<void>();
  const insertMissing: typeof outputFiles.insertMissing = async (files) => {
    const createdIds = await outputFiles.insertMissing(files);
    written.resolve();
    await accepted.promise;
    return createdIds;
  };
  const slowStore = { ...deps.store, outputFiles: withMethods(outputFiles, { insertMissing }) };
  const slow = acceptManifest({ ...deps, store: slowStore }, read('slow'));
  await written.promise;
  await acceptManifest(deps, read('accepted'));
  accepted.resolve();
  await slow;
  expect(await outputFiles.listByExport(exportId)).toMatchObject([{ url: 'http://ehr.example/accepted' }]);
  expect((await cases.read(exportId)).counts).toMatchObject({ files: 1 });
});

test.each(['completed', 'failed'] as const)(
  'a slow read of a manifest with other links adds no file to an export that has %s meanwhile',
  async (end) => {
    cases = await startUseCases();
    const { deps } = cases;
    const { outputFiles, bulkExports } = deps.store;
    const exportId = await cases.exporting();
    const record = { ...(await cases.read(exportId)), phase: 'exporting' as const };
    const read = (name: string) => {
      const url = `http://ehr.example/${name}`;
      return { record, manifest: { ...manifest, entries: [{ section: 'output' as const, type: 'Patient', url }] } };
    };
    const ended = Promise.withResolvers<void>();
    const insertMissing: typeof outputFiles.insertMissing = async (files) => {
      await ended.promise;
      return outputFiles.insertMissing(files);
    };
    const slow = acceptManifest(
      { ...deps, store: { ...deps.store, outputFiles: withMethods(outputFiles, { insertMissing }) } },
      read('slow'),
    );
    await acceptManifest(deps, read('accepted'));
    const [file] = await outputFiles.listByExport(exportId);
    const error = { code: 'internal' as const, message: 'Static.' };
    if (end === 'completed') {
      const claim = { id: file?.id ?? '', claim: 'download' };
      await outputFiles.claim(claim, new Date());
      await outputFiles.complete(claim, { checkpoint: emptyCheckpoint, hasPromisedCount: true, now: new Date() });
      await finalizeExport(deps, { exportId });
    } else {
      await bulkExports.transition({ from: anyPhase(await cases.read(exportId)), to: end, change: { error } });
    }
    const before = await cases.read(exportId);
    ended.resolve();
    await slow;
    expect(before.phase).toBe(end);
    expect(await outputFiles.listByExport(exportId)).toMatchObject([{ url: 'http://ehr.example/accepted' }]);
    expect(await cases.read(exportId)).toEqual(before);
  },
);

test('a missing type that the scopes do not cover is reported, and its watermark stays #types-missing #watermarks', async () => {
  cases = await startUseCases({ scope: 'system/Observation.read system/Condition.rs' });
  await cases.orderScenario('missing-types');
  const ended = await runExport(cases, { resourceTypes: ['Patient', 'Observation', 'Condition'] });
  expect(ended).toMatchObject({
    phase: 'completed',
    // One warning for one cause. It also says that the watermark stays.
    warnings: [{ code: 'types-withheld' }],
  });
  expect(ended.warnings[0]?.message).toContain('Patient');
  expect(await cases.markedTypes()).toEqual(['Condition', 'Observation']);
});

test('a missing type that the scopes cover has no resources, and its watermark advances #watermarks', async () => {
  cases = await startUseCases();
  await cases.orderScenario('missing-types');
  const ended = await runExport(cases, { resourceTypes: ['Patient', 'Observation'] });
  expect(ended.warnings).toMatchObject([{ code: 'types-missing' }]);
  expect(await cases.markedTypes()).toEqual(['Observation', 'Patient']);
});

test('manifest entries without a URL are reported as a gap, and no watermark advances #watermarks', async () => {
  cases = await startUseCases();
  const issue = [{ severity: 'error', code: 'processing', diagnostics: 'Patient could not be exported' }];
  const set = { output: [{ type: 'Patient' }], error: [{ resourceType: 'OperationOutcome', issue }] };
  await cases.inject({ path: '/bulkstatus/', method: 'GET' }, { kind: 'edit-document', set }, { times: 'always' });
  const ended = await runExport(cases);
  expect(ended).toMatchObject({ phase: 'completed', manifestGaps: 2, isPartial: true });
  expect(ended.warnings[0]).toMatchObject({ ehrText: 'error processing: Patient could not be exported' });
  expect(ended.warnings.map(({ code }) => code)).toEqual(['manifest-entries', 'nothing-received', 'watermarks-held']);
  expect(await cases.markedTypes()).toEqual([]);
});

test('an error file that cannot be downloaded holds every watermark #watermarks', async () => {
  cases = await startUseCases();
  await cases.orderScenario('mixed-error-file');
  await cases.inject('/bulkerrors/', { kind: 'status', status: 403 }, { times: 'always' });
  const ended = await runExport(cases);
  expect(ended).toMatchObject({
    phase: 'completed',
    counts: { filesFailed: 1 },
    warnings: [{ code: 'files-failed' }, { code: 'watermarks-held' }],
  });
  expect(await cases.markedTypes()).toEqual([]);
});

test('a file without a provable end and count is stored, with a warning #clean-end', async () => {
  cases = await startUseCases();
  await cases.orderScenario('close-delimited');
  await cases.orderScenario('no-counts');
  const ended = await runExport(cases, { resourceTypes: ['Patient'] });
  expect(ended).toMatchObject({ phase: 'completed', warnings: [{ code: 'end-not-proven' }] });
});

test('an explicit since advances the watermark only if it leaves no gap after the last export #watermarks', async () => {
  cases = await startUseCases();
  const request = { resourceTypes: ['Patient'] };
  await runExport(cases, { ...request, since: '2020-01-01T00:00:00Z' });
  expect(await cases.markedTypes()).toEqual([]);
  const first = await runExport(cases, request);
  const markOf = async () => (await cases.deps.store.watermarks.list({ connectionId: cases.connection.id }))[0];
  expect((await markOf())?.exportId).toBe(first.id);
  const next = await runExport(cases, { ...request, since: '2020-01-01T00:00:00Z' });
  expect((await markOf())?.exportId).toBe(next.id);
});

test('an export of every type requests the declared types that the scopes cover, and names the others #types-missing', async () => {
  cases = await startUseCases({ scope: 'system/Patient.rs system/Observation.rs', simulator: { enforceScopes: true } });
  const ended = await runExport(cases);
  expect(ended).toMatchObject({ phase: 'completed', isPartial: true, sent: { types: ['Patient', 'Observation'] } });
  const files = await cases.deps.store.outputFiles.listByExport(ended.id);
  expect(new Set(files.map(({ type, state }) => `${type} ${state}`))).toEqual(
    new Set(['Patient completed', 'Observation completed']),
  );
  expect(ended.warnings.map(({ code }) => code)).toContain('types-not-covered');
});

test('an export of every type at an EHR without _type names each declared type that the scopes do not cover #types-missing', async () => {
  cases = await startUseCases({ scope: 'system/Patient.rs system/Observation.rs', simulator: { enforceScopes: true } });
  await cases.control.orderSettings({ exportsWithinScopes: false, unsupportedParameters: ['_type'] });
  await cases.inject('metadata', { kind: 'edit-document', set: { rest: athenahealthStatement.rest } });
  const ended = await runExport(cases);
  const warning = ended.warnings.find(({ code }) => code === 'types-not-covered');
  const declared = [...patientSearchTypes, ...otherDeclaredTypes];
  const named = warning?.message.match(/declares (.*?), and the granted/)?.[1]?.split(', ');
  expect(named?.toSorted()).toEqual(declared.filter((type) => type !== 'Patient' && type !== 'Observation').toSorted());
  expect(ended).toMatchObject({ phase: 'completed', isPartial: true });
  // The simulated server lists files of every type, and refuses those that the scopes do not cover.
  const failed = (await cases.deps.store.outputFiles.listByExport(ended.id)).filter(({ state }) => state === 'failed');
  expect(failed.length).toBeGreaterThan(5);
  for (const { type, error } of failed) {
    expect(error).toMatchObject({
      code: 'file-not-allowed',
      ehrText: expect.stringContaining(`The scopes do not cover ${type}.`),
    });
    expect(error?.message).toContain(`system/${type}.rs`);
  }
  const causes = ended.warnings.filter(({ code }) => code === 'files-failed');
  expect(causes.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      `^${failed.length} files could not be stored\\. .*system/Condition\\.rs .*system/Encounter\\.rs`,
    ),
  ]);
  await cases.control.orderSettings({ enforceScopes: false });
  const { outputFiles } = cases.deps.store;
  expect(
    planRetry(
      ended,
      (await outputFiles.listByExport(ended.id)).flatMap(({ error }) => error?.code ?? []),
    ),
  ).toEqual({ from: 'completed', to: 'downloading' });
});

test('a file with a token that is refused although the scopes cover it says that, and what to verify', async () => {
  cases = await startUseCases();
  await cases.inject('/bulkdata/', { kind: 'status', status: 403 }, { times: 'always' });
  const ended = await runExport(cases, { resourceTypes: ['Patient'] });
  expect(ended).toMatchObject({ phase: 'failed', error: { code: 'all-files-failed' } });
  expect(ended.error?.message).toMatch(/refuses files of Patient \(403\).*verify that the practice has granted access/);
});

test('an export of every type with the scopes of all declared types is whole', async () => {
  const auth = { ...simulatorAuth, scope: 'system/Patient.rs', scopesOfDeclared: 'v2' } as const;
  cases = await startUseCases({ connection: { auth }, simulator: { enforceScopes: true, wildcardScopes: false } });
  const ended = await runExport(cases);
  expect(ended).toMatchObject({ phase: 'completed', isPartial: false, warnings: [] });
  expect(ended.grantedScope?.split(' ')).toEqual(expect.arrayContaining(['system/Encounter.rs', 'system/Location.rs']));
});
