import { Alert, List, Paper, Progress } from '@mantine/core';
import { useParams } from 'react-router';
import { anyProvider, api, queryClient, refreshMs, type SyncRun, type SyncRunDetail } from '../api/api.ts';
import { useEventStream } from '../api/use-event-stream.ts';
import { LiveBadge, StatusBadge } from '../parts/badges.tsx';
import { ActionButton, useAction } from '../parts/buttons.tsx';
import { ConnectionName, useConnection } from '../parts/connection.tsx';
import { DetailList } from '../parts/detail-list.tsx';
import { formatCount } from '../parts/format.ts';
import { Page, QueryResult, SectionTitle } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { ActivityLine } from '../parts/runs/activity-line.tsx';
import { timeLeft } from '../parts/runs/run-columns.tsx';
import { RunLog } from '../parts/runs/run-log.tsx';
import { RunProblems } from '../parts/runs/run-problems.tsx';
import { ShortText } from '../parts/short-text.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { canRetrySync, requestsText } from './sync-texts.ts';

/** The page of one sync, with a row for each type. */
export function SyncPage() {
  const { id = '' } = useParams();
  const init = { params: { path: { provider: anyProvider, id } } };
  const runQuery = api.useQuery('get', '/api/ehr/{provider}/sync-runs/{id}', init);
  const { queryKey } = api.queryOptions('get', '/api/ehr/{provider}/sync-runs/{id}', init);
  const run = runQuery.data?.data;
  const live = useEventStream({
    url: run?.status === 'IN_PROGRESS' ? `/api/ehr/${anyProvider}/sync-runs/${id}/events` : undefined,
    events: ['sync-run'],
    onEvent: (_event, data) => queryClient.setQueryData(queryKey, { success: true, data: data as SyncRunDetail }),
  });
  const log = api.useQuery('get', '/api/ehr/{provider}/sync-runs/{id}/log', init, {
    refetchInterval: run?.status === 'IN_PROGRESS' ? refreshMs : false,
    // One message is enough for a run that does not exist.
    enabled: run !== undefined,
  });
  const practice = useConnection(run?.connectionId)?.name;
  return (
    <Page
      title={practice === undefined ? 'Sync run' : `Sync run of ${practice}`}
      beside={
        run && (
          <>
            <StatusBadge status={run.status} />
            <LiveBadge state={live} />
          </>
        )
      }
      actions={run && <SyncActions run={run} />}
    >
      <QueryResult query={runQuery}>
        {({ data }) => (
          <>
            <SyncProblems run={data} />
            {data.activity && <ActivityLine activity={data.activity} runs="Syncs" />}
            {data.progress && <SyncProgress progress={data.progress} activity={data.activity} />}
            <Paper withBorder p="md">
              <DetailList facts={detailsOf(data)} />
            </Paper>
            <SectionTitle>Types</SectionTitle>
            <RecordTable
              caption="Types of the sync"
              columns={columns}
              rows={data.byType}
              keyOf={({ resourceType }) => resourceType}
            />
          </>
        )}
      </QueryResult>
      {run && <RunLog log={log} phase={run.status} />}
    </Page>
  );
}

function detailsOf(run: SyncRunDetail) {
  return {
    Connection: <ConnectionName id={run.connectionId} />,
    Started: <Timestamp at={run.createdAt} />,
    Ended: run.completedAt && <Timestamp at={run.completedAt} />,
    'Started by': run.scheduleId === undefined ? (run.startedBy ?? 'a request') : 'a schedule',
    Patients: run.patients === undefined ? undefined : formatCount(run.patients),
    'Standard resources': formatCount(run.standardResources),
    'Enhanced resources': formatCount(run.enhancedResources),
    'Other resources': run.otherResources === undefined ? undefined : formatCount(run.otherResources),
    Requests: requestsText(run),
    Id: <ShortText text={run.id} name="id" />,
  };
}

interface SyncProgressProps {
  readonly progress: NonNullable<SyncRunDetail['progress']>;
  readonly activity: SyncRunDetail['activity'];
}

function SyncProgress({ progress, activity }: SyncProgressProps) {
  const { searches, done, perMinute } = progress;
  const figures = {
    Searches: `${formatCount(done)} of ${formatCount(searches)}`,
    Rate: perMinute === undefined ? undefined : `${formatCount(perMinute)} searches per minute`,
    'Time left': timeLeft(activity),
  };
  return (
    <Paper withBorder p="md">
      <Progress value={(done / Math.max(searches, 1)) * 100} mb="md" aria-label={`${done} of ${searches} searches`} />
      <DetailList facts={figures} areFigures />
    </Paper>
  );
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

/** The actions for a run in its current phase. */
function SyncActions({ run }: { readonly run: SyncRun }) {
  const params = { path: { provider: anyProvider, id: run.id } };
  const cancel = useAction('delete', '/api/ehr/{provider}/sync-runs/{id}');
  const retry = useAction('post', '/api/ehr/{provider}/sync-runs/{id}/retry');
  if (run.status === 'IN_PROGRESS') {
    return (
      <ActionButton
        label="Cancel"
        mutation={cancel}
        input={{ params }}
        question={{
          title: 'Cancel this sync?',
          text: 'Stored resources stay. The next sync starts from the same time as this one.',
          action: 'Cancel the sync',
        }}
        isDangerous
      />
    );
  }
  return canRetrySync(run.status) && <ActionButton label="Retry what failed" mutation={retry} input={{ params }} />;
}

/** What failed in a sync, what it waits for, and what it skipped. */
function SyncProblems({ run }: { readonly run: SyncRunDetail }) {
  return (
    <>
      <RunProblems run={run} />
      {run.skipped.length > 0 && (
        <Alert color="yellow" title="Skipped types">
          <List size="sm">
            {run.skipped.map(({ resourceType, reason }) => (
              <List.Item key={resourceType}>
                {resourceType}: {reason}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
    </>
  );
}
