import type { BulkExportRequest } from '@bulkhead/fhir';
import type { Work } from '@bulkhead/queues';
import { attemptJob, planAfter } from '@bulkhead/queues/testing';
import { waitFor } from '@bulkhead/testing';
import type { BulkExport } from '../bulk-export.record.ts';
import { isTerminal } from '../bulk-export-phase.ts';
import { newExport } from '../commands.ts';
import { downloadWork } from '../download/download-file.job.ts';
import type { BulkExportDeps, ExportRepository } from '../export-deps.ts';
import { discardWork } from '../finish/discard-export.job.ts';
import { finalizeExport } from '../finish/finalize-export.job.ts';
import { kickOffWork } from '../kick-off/kick-off.job.ts';
import { pollExport } from '../poll/poll-export.job.ts';
import type { UseCases } from './start-use-cases.ts';

/** Runs a whole export by its steps, as the jobs of a worker would. Instead of waiting, it moves the clock. */
export async function runExport(
  cases: UseCases,
  request: Partial<BulkExportRequest> = {},
  /** The id of an export that exists already. */
  existingId?: string,
): Promise<BulkExport> {
  const exportId = existingId ?? (await insertExport(cases, request)).id;
  for (;;) {
    const { slice } = await runSlice(cases, exportId);
    const record = await cases.read(exportId);
    const isNext = record.phase === 'queued' && record.slice !== slice;
    if (isNext || isTerminal(record.phase)) await attempt(cases, discardWork, { exportId });
    if (!isNext) return cases.read(exportId);
  }
}

/** Runs a `Patient` export since the last one, as the API starts it. */
export async function runExportSinceLast(cases: UseCases, resourceTypes: readonly string[] = []): Promise<BulkExport> {
  const { store } = cases.deps;
  const body = {
    connectionId: cases.connection.id,
    exportType: 'Patient' as const,
    resourceTypes: [...resourceTypes],
    since: 'last' as const,
  };
  const { request, warnings } = await newExport({ store, provider: { id: 'athenahealth' }, body });
  return runExport(cases, {}, (await cases.insertExport({ request, warnings })).id);
}

/** Runs an export until its end, or until its next slice is queued. @returns it as it was before its files were finished */
export async function runSlice(cases: UseCases, exportId: string): Promise<BulkExport> {
  const { deps, clock, read } = cases;
  const signal = AbortSignal.timeout(60_000);
  // If the kick-off is rejected, the export has failed, and the test checks that.
  await attempt(cases, kickOffWork, { exportId }).catch(() => undefined);
  await waitFor(async () => {
    clock.now = (await read(exportId)).notBefore ?? clock.now;
    await pollExport(deps, { exportId, signal });
    return (await read(exportId)).phase !== 'exporting';
  });
  for (const fileId of await deps.store.outputFiles.listUnsettledIds(exportId)) {
    // A failed file is in the ledger, and the export continues.
    await attempt(cases, downloadWork, { exportId, fileId }).catch(() => undefined);
  }
  const record = await read(exportId);
  await finalizeExport(deps, { exportId });
  return record;
}

function insertExport(cases: UseCases, request: Partial<BulkExportRequest>): Promise<BulkExport> {
  return cases.insertExport({
    connectionId: cases.connection.id,
    request: { exportType: 'Patient', resourceTypes: [], ...request },
  });
}

/** Repeats a job as its queue would. Back-offs are skipped, and waits move the clock. */
async function attempt<Payload>(
  { deps, clock }: UseCases,
  job: Work<Payload, BulkExportDeps<ExportRepository>>,
  payload: NoInfer<Payload>,
): Promise<void> {
  for (let number = 1; ; ) {
    const after = (next: ReturnType<typeof planAfter>) =>
      next.kind === 'none' ? undefined : new Date(clock.now.getTime() + next.delayMs);
    try {
      const signal = AbortSignal.timeout(60_000);
      return await attemptJob(deps, job, {
        payload,
        signal,
        retryAt: (error) => after(planAfter(error, number)),
      });
    } catch (error) {
      const next = planAfter(error, number);
      if (next.kind === 'none') throw error;
      if (next.kind === 'retry') number++;
      else clock.now = after(next) ?? clock.now;
    }
  }
}
