import { AppError, type BulkExport, type BulkExportRequest, isTerminal } from '@bulkhead/domain';
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
export async function runExport(cases: UseCases, request: Partial<BulkExportRequest> = {}): Promise<BulkExport> {
  const { deps, connection, clock, read } = cases;
  const record = makeBulkExport({
    connectionId: connection.id,
    createdAt: clock.now,
    request: { exportType: 'Patient', resourceTypes: [], ...request },
  });
  const { id: exportId } = record;
  const signal = AbortSignal.timeout(60_000);
  await deps.store.bulkExports.insert({ record, requestKey: exportId });
  await attempt(() => kickOff(deps, { exportId, signal })).catch((error: unknown) =>
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
    await attempt((isLastAttempt) =>
      downloadFile(deps, { fileId, contexts, isLastAttempt, signal, progress: () => undefined }),
    ).catch(() => undefined);
  }
  await finalizeExport(deps, { exportId });
  if (isTerminal((await read(exportId)).phase)) {
    await attempt((isLastAttempt) => discardExport(deps, { exportId, signal, isLastAttempt }));
  }
  return read(exportId);
}

async function attempt(work: (isLastAttempt: boolean) => Promise<void>): Promise<void> {
  for (let number = 1; ; number++) {
    try {
      return await work(number === maxAttempts);
    } catch (error) {
      const retry = error instanceof AppError ? error.retry : 'later';
      if (retry === 'never' || number === maxAttempts) throw error;
    }
  }
}
