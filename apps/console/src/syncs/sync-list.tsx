import { useMemo } from 'react';
import { anyProvider, api, type SyncRun } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { EmptyState } from '../parts/page.tsx';
import { PagedTable, pageSize, pages } from '../parts/paged-table.tsx';
import { type ListedRun, runColumns } from '../parts/runs/run-columns.tsx';
import { syncText } from './sync-texts.ts';

export const syncStatuses = ['IN_PROGRESS', 'COMPLETED', 'PARTIAL', 'FAILED', 'CANCELLED'] as const;

interface SyncListProps {
  /** Default: all vendors. */
  readonly provider?: string | undefined;
  readonly connectionId: string | undefined;
  readonly status?: string | undefined;
  readonly withConnection?: boolean;
}

/** The enhanced syncs, the newest first. */
export function SyncList({ provider = anyProvider, connectionId, status, withConnection }: SyncListProps) {
  const query = { limit: pageSize, connectionId, status: syncStatuses.find((option) => option === status) };
  const params = { path: { provider }, query };
  const runs = api.useInfiniteQuery('get', '/api/ehr/{provider}/sync-runs', { params }, pages);
  const columns = useMemo(() => runColumns(toListed, { withConnection }), [withConnection]);
  return (
    <PagedTable
      query={runs}
      order="newest first"
      caption="Sync runs"
      columns={columns}
      keyOf={({ id }) => id}
      empty={
        <EmptyState title="No sync runs">
          A sync searches the EHR, patient by patient, for data that bulk exports do not include.
        </EmptyState>
      }
    />
  );
}

function toListed(run: SyncRun): ListedRun {
  const { id, connectionId, createdAt, completedAt, startedBy, scheduleId, status, activity, progress, totals } = run;
  return {
    to: `/syncs/${id}`,
    connectionId,
    startedAt: createdAt,
    endedAt: completedAt,
    startedBy,
    scheduleId,
    activity,
    what: syncText(run),
    status: <StatusBadge status={status} />,
    share: progress && progress.searches > 0 ? progress.done / progress.searches : undefined,
    stored: totals?.stored,
    changed: totals && totals.stored - totals.unchanged,
  };
}
