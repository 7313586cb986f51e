import { Paper, Title } from '@mantine/core';
import { useParams } from 'react-router';
import { api } from '../api/api.ts';
import { refreshMs } from '../api/query-client.ts';
import type { BulkExport } from '../api/records.ts';
import { ConnectionName } from '../parts/connection-name.tsx';
import { Facts } from '../parts/facts.tsx';
import { LiveBadge } from '../parts/live-badge.tsx';
import { LookedUp } from '../parts/looked-up.tsx';
import { Moment } from '../parts/moment.tsx';
import { Page } from '../parts/page.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { ExportActions } from './export-actions.tsx';
import { ExportFigures } from './export-figures.tsx';
import { ExportFiles } from './export-files.tsx';
import { ExportProblems } from './export-problems.tsx';
import { ExportTimeline } from './export-timeline.tsx';
import { useLiveExport } from './use-live-export.ts';

/** One export, from its start to its end, as it moves. */
export function ExportPage() {
  const { provider = '', jobId = '' } = useParams();
  const params = { path: { provider, jobId } };
  // What shows the addresses of files stands in the audit log: it is asked for again only if it can have changed unseen.
  const found = api.useQuery(
    'get',
    '/api/ehr/{provider}/bulk-export/{jobId}',
    { params },
    {
      refetchInterval: ({ state }) => (state.data?.data.status === 'IN_PROGRESS' ? refreshMs : false),
    },
  );
  const record = found.data?.data;
  const isRunning = record?.status === 'IN_PROGRESS';
  const live = useLiveExport({ provider, jobId, isRunning });
  const files = api.useQuery(
    'get',
    '/api/ehr/{provider}/bulk-export/{jobId}/files',
    { params },
    {
      refetchInterval: isRunning && live !== 'live' ? refreshMs : false,
    },
  );

  return (
    <Page
      title="Bulk export"
      beside={
        record && (
          <>
            <StatusBadge status={record.partial ? 'PARTIAL' : record.status} />
            <LiveBadge state={live} />
          </>
        )
      }
      actions={record && <ExportActions provider={provider} record={record} />}
    >
      <LookedUp query={found}>
        {({ data }) => (
          <>
            <ExportTimeline record={data} />
            <ExportFigures counts={data.counts} isRunning={data.status === 'IN_PROGRESS'} />
            <ExportProblems record={data} files={files.data?.data ?? []} />
            <Paper withBorder p="md">
              <Facts facts={factsOf(data)} />
            </Paper>
          </>
        )}
      </LookedUp>
      <Title order={2} size="h4">
        Files
      </Title>
      <LookedUp query={files}>{({ data }) => <ExportFiles files={data} />}</LookedUp>
    </Page>
  );
}

function factsOf({ id, connectionId, startedAt, completedAt, request, scheduleId, statusUrl }: BulkExport) {
  const { exportType, resourceTypes, since, sinceLast, typeFilters = [] } = request;
  return {
    Connection: <ConnectionName id={connectionId} />,
    Started: <Moment at={startedAt} />,
    Ended: completedAt && <Moment at={completedAt} />,
    Level: exportType,
    Types: resourceTypes.length === 0 ? 'all' : resourceTypes.join(', '),
    'Changed since': since === undefined ? sinceLast && 'the last export' : <Moment at={since} />,
    Filters: typeFilters.join(', '),
    'Started by': scheduleId === undefined ? 'a request' : 'a schedule',
    'Status request': statusUrl,
    Id: id,
  };
}
