import { Alert, Button, List, Paper, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { api, type BulkExport, type OutputFile, refreshMs } from '../api/api.ts';
import { LiveBadge, StatusBadge } from '../parts/badges.tsx';
import { ConnectionName } from '../parts/connection.tsx';
import { confirm, tell } from '../parts/dialogs.ts';
import { Facts, Moment } from '../parts/facts.tsx';
import { formatCount } from '../parts/format.ts';
import { LookedUp, Page } from '../parts/page.tsx';
import { RunProblems } from '../parts/run-problems.tsx';
import { ExportFiles } from './export-files.tsx';
import { ExportFigures, ExportTimeline } from './export-progress.tsx';
import { groupFailures } from './output-files.ts';
import { useLiveExport } from './use-live-exports.ts';

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

interface ExportActionsProps {
  readonly provider: string;
  readonly record: BulkExport;
}

/** What can be done to an export where it stands: cancel it while it runs, fetch what is missing once it has ended. */
function ExportActions({ provider, record }: ExportActionsProps) {
  const { id: jobId, status, counts } = record;
  const queries = useQueryClient();
  const params = { path: { provider, jobId } };
  const look = () => queries.invalidateQueries();
  const options = { onSuccess: look, onError: tell.failed };
  const cancel = api.useMutation('delete', '/api/ehr/{provider}/bulk-export/{jobId}', options);
  const retry = api.useMutation('post', '/api/ehr/{provider}/bulk-export/{jobId}/retry', options);

  if (status === 'IN_PROGRESS') {
    const ask = () =>
      confirm({
        title: 'Cancel this export?',
        children: 'The EHR is told to stop. What is stored stays; the rest is fetched by the next export.',
        action: 'Cancel the export',
        onConfirm: () => cancel.mutate({ params }),
      });
    return (
      <Button color="red" variant="outline" loading={cancel.isPending} onClick={ask}>
        Cancel
      </Button>
    );
  }
  if (status !== 'FAILED' && counts.filesFailed === 0) return null;
  return (
    <Button loading={retry.isPending} onClick={() => retry.mutate({ params })}>
      Retry what is missing
    </Button>
  );
}

interface ExportProblemsProps {
  readonly record: BulkExport;
  readonly files: readonly OutputFile[];
}

/** What went wrong and what to do, the same thing once however many files it has met. */
function ExportProblems({ record, files }: ExportProblemsProps) {
  const { id, issues, counts } = record;
  return (
    <>
      <RunProblems run={record}>
        {groupFailures(files).map(({ code, message, count }) => (
          <Alert key={code} color="red" title={`${formatCount(count)} ${count === 1 ? 'file' : 'files'}: ${code}`}>
            {message}
          </Alert>
        ))}
        {counts.quarantined > 0 && (
          <Alert color="yellow" title={`In quarantine: ${formatCount(counts.quarantined)}`}>
            Lines that could not be stored as they are. <Link to={`/quarantine?exportId=${id}`}>Look at them</Link>
          </Alert>
        )}
      </RunProblems>
      {issues.length > 0 && (
        <Alert color="yellow" title="The EHR reports">
          <List size="sm">
            {issues.map(({ severity, code, count, ehrText }) => (
              <List.Item key={severity + code}>
                {formatCount(count)} × {severity}: {code}
                {ehrText !== undefined && <>, for example: {ehrText}</>}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
    </>
  );
}
