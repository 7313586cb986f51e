import { type BulkExport, type BulkExportRequest, isTerminal } from '@bulkhead/domain';
import { planRetry, type RetryAt } from '@bulkhead/queues';
import { makeBulkExport, waitFor } from '@bulkhead/testing';
import { discardExport } from '../use-cases/discard-export.ts';
import { downloadFile } from '../use-cases/download-file.ts';
import { createExportContexts } from '../use-cases/export-contexts.ts';
import { failExport, toExportError } from '../use-cases/fail-export.ts';
import { finalizeExport } from '../use-cases/finalize-export.ts';
import { kickOff } from '../use-cases/kick-off-export.ts';
import { pollExport } from '../use-cases/poll-export.ts';
import type { UseCases } from './start-use-cases.ts';

/** As the catalog has it. */
const maxAttempts = 10;

/**
 * A whole export by its use cases, step by step as the jobs of a worker would do it, but without their waits: the clock is
 * moved instead.
 */
export async function runExport(
  cases: UseCases,
  request: Partial<BulkExportRequest> = {},
  /** Of an export that is there already. */
  existingId?: string,
): Promise<BulkExport> {
  const { deps, clock, read } = cases;
  const exportId = existingId ?? (await insertExport(cases, request));
  const signal = AbortSignal.timeout(60_000);
  await attempt(() => kickOff(deps, { exportId, signal }), clock).catch((error: unknown) =>
    failExport(deps, { exportId, error: toExportError(error) }),
  );
  await waitFor(async () => {
    clock.now = (await read(exportId)).notBefore ?? clock.now;
    await pollExport(deps, { exportId, signal });
    return (await read(exportId)).phase !== 'exporting';
  });
  const contexts = createExportContexts(deps);
  for (const fileId of await deps.store.outputFiles.listUnsettledIds(exportId)) {
    // A file that fails is in the ledger; the export goes on.
    await attempt(
      (retryAt) => downloadFile(deps, { fileId, contexts, retryAt, signal, progress: () => undefined }),
      clock,
    ).catch(() => undefined);
  }
  await finalizeExport(deps, { exportId });
  if (isTerminal((await read(exportId)).phase)) {
    await attempt((retryAt) => discardExport(deps, { exportId, signal, retryAt }), clock);
  }
  return read(exportId);
}

async function insertExport(
  { deps, connection, clock }: UseCases,
  request: Partial<BulkExportRequest>,
): Promise<string> {
  const record = makeBulkExport({
    connectionId: connection.id,
    createdAt: clock.now,
    request: { exportType: 'Patient', resourceTypes: [], ...request },
  });
  await deps.store.bulkExports.insert({ record, requestKey: record.id });
  return record.id;
}

/** Repeats a job's work as its queue would: backoffs are skipped, waits move the clock. */
async function attempt(work: (retryAt: RetryAt) => Promise<void>, clock: UseCases['clock']): Promise<void> {
  for (let number = 1; ; ) {
    const plan = (error: unknown) =>
      planRetry({ error, jobId: 'test', attempt: number, attempts: maxAttempts, backoffMs: 1000 });
    const after = (next: ReturnType<typeof plan>) =>
      next.kind === 'none' ? undefined : new Date(clock.now.getTime() + next.delayMs);
    try {
      return await work((error) => after(plan(error)));
    } catch (error) {
      const next = plan(error);
      if (next.kind === 'none') throw error;
      if (next.kind === 'retry') number++;
      else clock.now = after(next) ?? clock.now;
    }
  }
}
