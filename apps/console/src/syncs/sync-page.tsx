import { Paper, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { api } from '../api/api.ts';
import type { SyncRunDetail } from '../api/records.ts';
import { useEventStream } from '../api/use-event-stream.ts';
import { ConnectionName } from '../parts/connection-name.tsx';
import { Facts } from '../parts/facts.tsx';
import { formatCount } from '../parts/format-count.ts';
import { LiveBadge } from '../parts/live-badge.tsx';
import { LookedUp } from '../parts/looked-up.tsx';
import { Moment } from '../parts/moment.tsx';
import { Page } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { SyncActions } from './sync-actions.tsx';
import { SyncProblems } from './sync-problems.tsx';

/** One sync, with a row per type. */
export function SyncPage() {
  const { provider = '', id = '' } = useParams();
  const queries = useQueryClient();
  const init = { params: { path: { provider, id } } };
  const found = api.useQuery('get', '/api/ehr/{provider}/sync-runs/{id}', init);
  const { queryKey } = api.queryOptions('get', '/api/ehr/{provider}/sync-runs/{id}', init);
  const run = found.data?.data;
  const live = useEventStream({
    url: run?.status === 'IN_PROGRESS' ? `/api/ehr/${provider}/sync-runs/${id}/events` : undefined,
    events: ['sync-run'],
    onEvent: (_event, data) => queries.setQueryData(queryKey, { success: true, data: data as SyncRunDetail }),
  });
  return (
    <Page
      title="Sync run"
      beside={
        run && (
          <>
            <StatusBadge status={run.status} />
            <LiveBadge state={live} />
          </>
        )
      }
      actions={run && <SyncActions provider={provider} run={run} />}
    >
      <LookedUp query={found}>
        {({ data }) => (
          <>
            <SyncProblems run={data} />
            <Paper withBorder p="md">
              <Facts facts={factsOf(data)} />
            </Paper>
            <Title order={2} size="h4">
              Types
            </Title>
            <RecordTable
              caption="Types of the sync"
              columns={columns}
              rows={data.byType}
              keyOf={({ resourceType }) => resourceType}
            />
          </>
        )}
      </LookedUp>
    </Page>
  );
}

function factsOf(run: SyncRunDetail) {
  return {
    Connection: <ConnectionName id={run.connectionId} />,
    Started: <Moment at={run.createdAt} />,
    Ended: run.completedAt && <Moment at={run.completedAt} />,
    Patients: run.patients === undefined ? undefined : formatCount(run.patients),
    'Standard resources': formatCount(run.standardResources),
    'Enhanced resources': formatCount(run.enhancedResources),
    Requests: `${formatCount(run.requests)} (fewest possible: ${formatCount(run.minimumRequests)})`,
    Id: run.id,
  };
}

const columns: readonly Column<SyncRunDetail['byType'][number]>[] = [
  { header: 'Type', cell: ({ resourceType }) => resourceType },
  {
    header: 'Searches',
    cell: ({ completed, searches }) => `${formatCount(completed)} / ${formatCount(searches)}`,
    isFigure: true,
  },
  { header: 'Failed', cell: ({ failed }) => formatCount(failed), isFigure: true, from: 'sm' },
  { header: 'Incomplete', cell: ({ incomplete }) => formatCount(incomplete), isFigure: true, from: 'md' },
  { header: 'Requests', cell: ({ requests }) => formatCount(requests), isFigure: true, from: 'md' },
  { header: 'Fetched', cell: ({ fetched }) => formatCount(fetched), isFigure: true, from: 'sm' },
  { header: 'Stored', cell: ({ stored }) => formatCount(stored), isFigure: true },
  { header: 'Rejected', cell: ({ rejected }) => formatCount(rejected), isFigure: true, from: 'md' },
];
