import { useMemo } from 'react';
import { anyProvider, api, type BulkExport } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { EmptyState } from '../parts/page.tsx';
import { PagedTable, pageSize, pages } from '../parts/paged-table.tsx';
import type { Column } from '../parts/record-table.tsx';
import { type ListedRun, runColumns } from '../parts/runs/run-columns.tsx';
import { accountedFor, requestText } from './export-texts.ts';

export const exportStatuses = ['IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;

interface ExportListProps {
  /** Default: all vendors. */
  readonly provider?: string | undefined;
  readonly connectionId: string | undefined;
  readonly status?: string | undefined;
  readonly withConnection?: boolean;
}

/** The exports, the newest first. */
export function ExportList({ provider = anyProvider, connectionId, status, withConnection }: ExportListProps) {
  const query = { limit: pageSize, connectionId, status: exportStatuses.find((option) => option === status) };
  const params = { path: { provider }, query };
  const exports = api.useInfiniteQuery('get', '/api/ehr/{provider}/bulk-export', { params }, pages);
  const columns = useExportColumns(withConnection);
  return (
    <PagedTable
      query={exports}
      order="newest first"
      caption="Bulk exports"
      columns={columns}
      keyOf={({ id }) => id}
      empty={<EmptyState title="No exports">Start an export, or create a schedule.</EmptyState>}
    />
  );
}

/** The columns of a list of exports. Each row links to the page of its export. */
export function useExportColumns(withConnection?: boolean): readonly Column<BulkExport>[] {
  return useMemo(() => runColumns(toListed, { withConnection }), [withConnection]);
}

function toListed(record: BulkExport): ListedRun {
  const { id, connectionId, startedAt, completedAt, request, startedBy, scheduleId, status, partial, counts } = record;
  return {
    to: `/exports/${id}`,
    connectionId,
    startedAt,
    endedAt: completedAt,
    startedBy,
    scheduleId,
    activity: record.activity,
    what: requestText(request),
    status: <StatusBadge status={partial ? 'PARTIAL' : status} />,
    share: completedAt === undefined && counts.promised > 0 ? accountedFor(counts) / counts.promised : undefined,
    stored: counts.stored,
    changed: counts.stored - counts.unchanged,
  };
}
