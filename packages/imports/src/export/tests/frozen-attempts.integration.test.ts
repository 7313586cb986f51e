import type { AnyWork } from '@bulkhead/queues';
import { attemptJob, firstAttempt } from '@bulkhead/queues/testing';
import { compareWithSimulator } from '@bulkhead/records/testing';
import { openDatabase, withMethods } from '@bulkhead/store/testing';
import { anyPhase } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { downloadWork } from '../download/download-file.job.ts';
import { finalizeExport, finalizeWork } from '../finish/finalize-export.job.ts';
import { emptyCheckpoint } from '../index.ts';
import { kickOffWork } from '../kick-off/kick-off.job.ts';
import { pollWork } from '../poll/poll-export.job.ts';
import type { BulkExportDeps, ExportRepository } from '../steps.ts';
import { runExport } from '../testing/run-export.ts';
import { startUseCases } from '../testing/start-use-cases.ts';

const cases = await startUseCases();
const database = await openDatabase(cases.mongodbUri);
afterAll(async () => {
  await database.close();
  await cases.stop();
});

const resourceTypes = ['Patient', 'Condition'];
const { store, ehr } = cases.deps;

/** Wraps the store or the client of the EHR, so that `afterCall` delays the answer of each call. */
function delayed<Target extends object>(target: Target, afterCall: () => Promise<void>): Target {
  const wrap = (value: unknown): unknown =>
    value !== null && typeof value === 'object' ? delayed(value, afterCall) : value;
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return wrap(value);
      return (...args: unknown[]) => {
        const answer = value.apply(target, args) as unknown;
        if (answer instanceof Promise) return answer.finally(afterCall);
        // These make an object whose calls are delayed, too.
        return name === 'session' || name === 'ofFile' ? wrap(answer) : answer;
      };
    },
  });
}

const jobs = { kickOff: kickOffWork, poll: pollWork, download: downloadWork, finalize: finalizeWork };
type JobKind = keyof typeof jobs;

async function attempt(job: JobKind, exportId: string, deps = cases.deps): Promise<void> {
  const [fileId] = await store.outputFiles.listUnsettledIds(exportId);
  const payload = (job === 'download' ? { exportId, fileId } : { exportId }) as never;
  await attemptJob(deps, jobs[job] as AnyWork<BulkExportDeps<ExportRepository>>, {
    payload,
    retryAt: firstAttempt,
    signal: AbortSignal.timeout(60_000),
  });
}

interface Case {
  readonly job: JobKind;
  /** Whether the export was lost at the server before, after some of its files were read. */
  readonly isRetried?: boolean;
}

/** Inserts an export and runs the jobs before `job`. */
async function makeDue({ job, isRetried = false }: Case): Promise<string> {
  if (isRetried) return makeLost();
  const { id } = await cases.insertExport({ request: { exportType: 'Patient', resourceTypes } });
  if (job === 'kickOff') return id;
  await attempt('kickOff', id);
  cases.clock.now = (await cases.read(id)).notBefore ?? cases.clock.now;
  if (job === 'poll') return id;
  while ((await cases.read(id)).phase === 'exporting') await cases.pollOnce(id);
  if (job === 'download') return id;
  while ((await store.outputFiles.listUnsettledIds(id)).length > 0) await attempt('download', id);
  return id;
}

/** Retries an export that has failed with files in its ledger. */
async function makeLost(): Promise<string> {
  const exportId = await makeDue({ job: 'download' });
  await attempt('download', exportId);
  const from = await cases.read(exportId);
  const failed = await store.bulkExports.transition({ from: anyPhase(from), to: 'failed' });
  if (!failed) throw new Error('the export has changed meanwhile');
  await store.bulkExports.reopen({
    record: failed,
    resumption: { from: 'failed', to: 'queued' },
    now: cases.clock.now,
  });
  return exportId;
}

/**
 * Freezes an attempt after its call number `call`, runs the export to its end by other attempts, and lets the frozen one continue.
 * @returns the id of the export, or undefined if the attempt has fewer calls
 */
async function freeze(frozenCase: Case, call: number): Promise<string | undefined> {
  for (const name of [...resourceTypes, 'watermarks']) await database.db.collection(name).deleteMany({});
  const exportId = await makeDue(frozenCase);
  const frozen = Promise.withResolvers<true>();
  const thawed = Promise.withResolvers<void>();
  let calls = 0;
  const afterCall = async () => {
    calls += 1;
    if (calls !== call) return;
    frozen.resolve(true);
    await thawed.promise;
  };
  const deps = { ...cases.deps, store: delayed(store, afterCall), ehr: delayed(ehr, afterCall) };
  const late = attempt(frozenCase.job, exportId, deps).catch(() => undefined);
  if (!(await Promise.race([frozen.promise, late]))) return undefined;
  // The attempt is frozen for longer than its lease.
  await database.db.collection<{ _id: string }>('bulk_exports').updateOne({ _id: exportId }, { $unset: { lease: 1 } });
  await runExport(cases, {}, exportId);
  thawed.resolve();
  await late;
  return exportId;
}

test.each([
  { what: 'a kick-off', job: 'kickOff' as const, calls: 9 },
  { what: 'the kick-off of a retry', job: 'kickOff' as const, isRetried: true, calls: 11 },
  { what: 'a poll', job: 'poll' as const, calls: 10 },
  { what: 'a download', job: 'download' as const, calls: 4 },
  { what: 'the end of an export', job: 'finalize' as const, calls: 9 },
])(
  'an attempt of $what that freezes after any of its calls, until the export has ended, neither loses nor repeats anything',
  async ({ calls, ...frozenCase }) => {
    for (let call = 1; ; call++) {
      const exportId = await freeze(frozenCase, call);
      if (exportId === undefined) {
        // Otherwise the test would pass without a freeze.
        expect(call).toBeGreaterThan(calls);
        return;
      }
      await finalizeExport(cases.deps, { exportId });
      const { phase, counts } = await cases.read(exportId);
      expect([call, phase, counts.stored]).toEqual([call, 'completed', counts.promised]);
      const files = await store.outputFiles.listByExport(exportId);
      expect(files.map(({ state }) => state)).toEqual(['completed', 'completed']);
      const { differences } = await compareWithSimulator({ ...cases, store, connectionId: cases.connection.id });
      expect(differences.filter((difference) => /^(Patient|Condition)\//.test(difference))).toEqual([]);
      expect((await cases.markedTypes()).toSorted()).toEqual(resourceTypes.toSorted());
    }
  },
);

test('an attempt that freezes before it deletes the quarantined lines of earlier ones, and then dies, keeps those of its successor', async () => {
  await cases.inject('/bulkdata/', { kind: 'corrupt-line', line: 3 }, { times: 'always' });
  const exportId = await makeDue({ job: 'download' });
  const [fileId = ''] = await store.outputFiles.listUnsettledIds(exportId);
  // An earlier attempt has quarantined a line of a file that the server has replaced meanwhile.
  const claim = { id: fileId, claim: 'earlier' };
  await store.outputFiles.claim(claim, cases.clock.now);
  const { connectionId, resourceType } = { connectionId: cases.connection.id, resourceType: 'Patient' };
  const place = { connectionId, resourceType, runId: exportId, fileId, line: 1, offset: 0, reason: 'invalid-json' };
  await store.quarantine.put({ lines: [{ ...place, sizeBytes: 1, bytes: Buffer.from('{') }], now: cases.clock.now });
  const checkpoint = { ...emptyCheckpoint, lines: 1, bytes: 2, quarantined: 1 };
  await store.outputFiles.saveCheckpoint(claim, { checkpoint, etag: undefined });

  const restarted = Promise.withResolvers<void>();
  const thawed = Promise.withResolvers<void>();
  const restart: typeof store.outputFiles.restart = async (held) => {
    const isHeld = await store.outputFiles.restart(held);
    restarted.resolve();
    await thawed.promise;
    return isHeld;
  };
  const put = () => Promise.reject(new Error('the process has died'));
  const outputFiles = withMethods(store.outputFiles, { restart });
  const quarantine = withMethods(store.quarantine, { put });
  const deps = { ...cases.deps, store: { ...store, outputFiles, quarantine } };
  const late = attempt('download', exportId, deps).catch(() => undefined);
  await restarted.promise;
  cases.clock.now = new Date(cases.clock.now.getTime() + 60_000);
  await attempt('download', exportId);
  thawed.resolve();
  await late;
  const file = await store.outputFiles.find(fileId);
  expect(file).toMatchObject({ state: 'completed', checkpoint: { quarantined: 1 } });
  const lines = await store.quarantine.list({ filter: { fileId }, scope: 'all', limit: 10 });
  expect(lines).toMatchObject([{ line: 3 }]);
});
