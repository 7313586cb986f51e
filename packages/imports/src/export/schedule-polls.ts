import type { BulkExport } from './bulk-export.record.ts';
import type { BulkExportDeps } from './export-deps.ts';
import { pollJob } from './jobs.ts';
import { boundsOf } from './poll-delay.ts';

/** Creates one job scheduler per export. Unlike a job that adds itself again, it survives crashes. */
export async function schedulePolls(deps: BulkExportDeps<never>, record: Pick<BulkExport, 'id' | 'provider'>) {
  const { floorMs } = boundsOf(deps, record);
  await deps.producer.schedule({
    job: pollJob,
    payload: { exportId: record.id },
    everyMs: floorMs,
    // If `notBefore` is later, the iterations before it return at once.
    startAt: new Date(deps.now().getTime() + floorMs),
  });
}
