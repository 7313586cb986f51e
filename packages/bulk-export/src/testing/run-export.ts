import type { BulkExportRequest } from '@bulkhead/fhir';
import type { Handler, JobName, JobPayload, RetryAt } from '@bulkhead/queues';
import { attemptJob, planAfter } from '@bulkhead/queues/testing';
import { waitFor } from '@bulkhead/testing';
import type { BulkExport } from '../bulk-export.record.ts';
import { isTerminal } from '../bulk-export-phase.ts';
import type { BulkExportDeps } from '../steps/deps.ts';
import { discardExport } from '../steps/discard-export.ts';
import { downloadFileAndFinish, failFile } from '../steps/download/download-file.ts';
import { resumeExport } from '../steps/ensure-export-jobs.ts';
import { failExportIn, finalizeExport } from '../steps/finalize-export.ts';
import { kickOffAndNoteRetry } from '../steps/kick-off.ts';
import { pollExport } from '../steps/poll-export.ts';
import type { UseCases } from './start-use-cases.ts';

export type ExportJobName = Extract<JobName, `export.${string}` | `file.${string}`>;

/** The step of each job of an export, and what ends its record, as in the worker. */
export const exportHandlers: { readonly [Name in ExportJobName]: Handler<Name, BulkExportDeps> } = {
  'export.kick-off': { run: kickOffAndNoteRetry, onFinalFailure: failExportIn('queued', 'kicking-off') },
  'export.poll': { run: pollExport, onFinalFailure: failExportIn('exporting') },
  'export.finalize': { run: finalizeExport, onFinalFailure: failExportIn('downloading', 'finalizing') },
  'export.discard': { run: discardExport },
  'export.resume': { run: resumeExport },
  'file.download': { run: downloadFileAndFinish, onFinalFailure: failFile },
};

/** Runs a job of an export once without a queue. @throws the error of the attempt */
export function attemptExportJob<Name extends ExportJobName>(
  deps: BulkExportDeps,
  name: Name,
  job: { readonly payload: JobPayload<Name>; readonly retryAt: RetryAt; readonly signal: AbortSignal },
): Promise<void> {
  return attemptJob(deps, exportHandlers[name] as Handler<Name, BulkExportDeps>, job);
}

/** Runs a whole export by its steps, as the jobs of a worker would. Instead of waiting, it moves the clock. */
export async function runExport(
  cases: UseCases,
  request: Partial<BulkExportRequest> = {},
  /** The id of an export that exists already. */
  existingId?: string,
): Promise<BulkExport> {
  const { deps, clock, read } = cases;
  const exportId = existingId ?? (await insertExport(cases, request)).id;
  const signal = AbortSignal.timeout(60_000);
  // If the kick-off is rejected, the export has failed, and the test checks that.
  await attempt(cases, 'export.kick-off', { exportId }).catch(() => undefined);
  await waitFor(async () => {
    clock.now = (await read(exportId)).notBefore ?? clock.now;
    await pollExport(deps, { exportId, signal });
    return (await read(exportId)).phase !== 'exporting';
  });
  for (const fileId of await deps.store.outputFiles.listUnsettledIds(exportId)) {
    // A failed file is in the ledger, and the export continues.
    await attempt(cases, 'file.download', { exportId, fileId }).catch(() => undefined);
  }
  await finalizeExport(deps, { exportId });
  if (isTerminal((await read(exportId)).phase)) {
    await attempt(cases, 'export.discard', { exportId });
  }
  return read(exportId);
}

function insertExport(cases: UseCases, request: Partial<BulkExportRequest>): Promise<BulkExport> {
  return cases.insertExport({
    connectionId: cases.connection.id,
    request: { exportType: 'Patient', resourceTypes: [], ...request },
  });
}

/** Repeats a job as its queue would. Back-offs are skipped, and waits move the clock. */
async function attempt<Name extends ExportJobName>(
  { deps, clock }: UseCases,
  name: Name,
  payload: JobPayload<Name>,
): Promise<void> {
  for (let number = 1; ; ) {
    const after = (next: ReturnType<typeof planAfter>) =>
      next.kind === 'none' ? undefined : new Date(clock.now.getTime() + next.delayMs);
    try {
      const signal = AbortSignal.timeout(60_000);
      return await attemptExportJob(deps, name, {
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
