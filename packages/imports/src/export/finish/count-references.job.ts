import { defineJob, type JobContext, minuteMs, tenTimes } from '@bulkhead/queues';
import { scanReferences } from '../../references/steps/index.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import { exportPayload } from '../export-payload.ts';

const uses = ['bulkExports', 'connections', 'openReferences', 'resourceChanges', 'resources'] as const;
type Deps = BulkExportDeps<(typeof uses)[number]>;

/** Counts the references that an export leaves open. It is a job of its own, so that the end of an export does not wait for it. */
export const countReferencesJob = defineJob({
  name: 'export.count-references',
  // As a download, it uses CPU and the database, and not the EHR.
  queue: 'file-download',
  payload: exportPayload,
  jobId: ({ exportId }) => `references.${exportId}`,
  // The sweep adds the job again until they are counted.
  ...tenTimes,
  // A first export can have stored millions of resources. The next attempt continues.
  timeoutMs: 60 * minuteMs,
  reportsProgress: true,
  tracedIds: ['exportId'],
  uses,
  run: countReferences,
});

async function countReferences(
  deps: Deps,
  { exportId, signal, progress }: { readonly exportId: string } & Pick<JobContext, 'signal' | 'progress'>,
): Promise<void> {
  const { store, logger } = deps;
  const record = await store.bulkExports.find(exportId);
  if (record?.references !== 'due') return;
  const { connectionId } = record;
  await scanReferences(deps, { connectionId, signal, progress });
  const openReferences = await store.openReferences.count(connectionId);
  await store.bulkExports.saveOpenReferences(exportId, openReferences);
  logger.info('references counted', { exportId, counts: openReferences });
}
