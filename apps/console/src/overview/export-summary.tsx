import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { api } from '../api/api.ts';
import type { BulkExport } from '../api/records.ts';
import { ConnectionName } from '../parts/connection-name.tsx';
import { formatCount } from '../parts/format-count.ts';
import { LookedUp } from '../parts/looked-up.tsx';
import { Moment } from '../parts/moment.tsx';
import { NothingYet } from '../parts/nothing-yet.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { useSession } from '../session/session-provider.tsx';

/** Enough to see the night of a practice; all of them are on their own page. */
const limit = 5;

export function ExportSummary() {
  const { provider } = useSession();
  const params = { path: { provider }, query: { limit } };
  const found = api.useQuery('get', '/api/ehr/{provider}/bulk-export', { params });
  return (
    <LookedUp query={found}>
      {({ data }) =>
        data.length === 0 ? (
          <NothingYet title="No export yet">
            <Anchor component={Link} to="/exports" inherit>
              Start the first one
            </Anchor>
          </NothingYet>
        ) : (
          <RecordTable caption="Newest exports" columns={columnsFor(provider)} rows={data} keyOf={({ id }) => id} />
        )
      }
    </LookedUp>
  );
}

function columnsFor(provider: string): readonly Column<BulkExport>[] {
  return [
    {
      header: 'Started',
      cell: ({ id, startedAt }) => (
        <Anchor component={Link} to={`/exports/${provider}/${id}`} inherit>
          <Moment at={startedAt} />
        </Anchor>
      ),
    },
    { header: 'Connection', cell: ({ connectionId }) => <ConnectionName id={connectionId} />, from: 'sm' },
    { header: 'Status', cell: ({ status }) => <StatusBadge status={status} /> },
    { header: 'Phase', cell: ({ phase }) => phase, from: 'md' },
    { header: 'Stored', cell: ({ counts }) => formatCount(counts.stored), isFigure: true },
  ];
}
