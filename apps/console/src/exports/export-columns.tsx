import type { BulkExport } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { ConnectionName } from '../parts/connection.tsx';
import { formatBytes, formatCount } from '../parts/format.ts';
import { PageLink } from '../parts/page.tsx';
import type { Column } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { filesText } from './export-texts.ts';

/** The columns of a list of exports. Each row links to the page of its export. */
export function exportColumns(provider: string): readonly Column<BulkExport>[] {
  return [
    {
      header: 'Started',
      cell: ({ id, startedAt }) => (
        <PageLink to={`/exports/${provider}/${id}`}>
          <Timestamp at={startedAt} />
        </PageLink>
      ),
    },
    { header: 'Connection', cell: ({ connectionId }) => <ConnectionName id={connectionId} />, from: 'sm' },
    { header: 'Status', cell: ({ status, partial }) => <StatusBadge status={partial ? 'PARTIAL' : status} /> },
    { header: 'Phase', cell: ({ phase, progress }) => (progress ? `${phase}: ${progress}` : phase), from: 'md' },
    {
      header: 'Files',
      cell: (record) => filesText(record),
      isFigure: true,
      from: 'sm',
    },
    { header: 'Stored', cell: ({ counts }) => formatCount(counts.stored), isFigure: true },
    { header: 'Quarantined', cell: ({ counts }) => formatCount(counts.quarantined), isFigure: true, from: 'md' },
    { header: 'Received', cell: ({ counts }) => formatBytes(counts.bytes), isFigure: true, from: 'md' },
  ];
}
