import { Alert, List, Paper, Text } from '@mantine/core';
import { useParams } from 'react-router';
import { anyProvider, api, type BulkExport, type OutputFile, refreshMs } from '../api/api.ts';
import { LiveBadge, StatusBadge } from '../parts/badges.tsx';
import { ActionButton, useAction } from '../parts/buttons.tsx';
import { warningText } from '../parts/coded-text.ts';
import { ConnectionName, useConnection } from '../parts/connection.tsx';
import { DetailList } from '../parts/detail-list.tsx';
import { formatCount } from '../parts/format.ts';
import { Page, QueryResult, SectionTitle } from '../parts/page.tsx';
import { ActivityLine } from '../parts/runs/activity-line.tsx';
import { RunLog } from '../parts/runs/run-log.tsx';
import { RunProblems } from '../parts/runs/run-problems.tsx';
import { ShortText } from '../parts/short-text.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { ExportFiles } from './export-files.tsx';
import { ExportFigures, ExportTimeline } from './export-progress.tsx';
import { canRetryExport } from './export-texts.ts';
import { groupFailures } from './output-files.ts';
import { useLiveExport } from './use-live-exports.ts';

/** The live page of one export. */
export function ExportPage() {
  const { jobId = '' } = useParams();
  const init = { params: { path: { provider: anyProvider, jobId } } };
  // Reading the URLs of files is an audit event, so they are read again only if they can have changed without an event.
  const exportQuery = api.useQuery('get', '/api/ehr/{provider}/bulk-export/{jobId}', init, {
    refetchInterval: ({ state }) => (state.data?.data.status === 'IN_PROGRESS' ? refreshMs : false),
  });
  const record = exportQuery.data?.data;
  const isRunning = record?.status === 'IN_PROGRESS';
  const live = useLiveExport({ jobId, isRunning });
  const every = (isRead: boolean) => ({ refetchInterval: isRead && refreshMs });
  const whileNotLive = every(isRunning && live !== 'live');
  // One message is enough for an export that does not exist.
  const enabled = record !== undefined;
  const files = api.useQuery('get', '/api/ehr/{provider}/bulk-export/{jobId}/files', init, {
    ...whileNotLive,
    enabled,
  });
  const log = api.useQuery('get', '/api/ehr/{provider}/bulk-export/{jobId}/log', init, {
    ...every(isRunning),
    enabled,
  });
  const practice = useConnection(record?.connectionId)?.name;

  return (
    <Page
      title={practice === undefined ? 'Bulk export' : `Bulk export of ${practice}`}
      beside={
        record && (
          <>
            <StatusBadge status={record.partial ? 'PARTIAL' : record.status} />
            <LiveBadge state={live} />
          </>
        )
      }
      actions={record && <ExportActions record={record} />}
    >
      <QueryResult query={exportQuery}>
        {({ data }) => (
          <>
            <ExportProblems record={data} files={files.data?.data ?? []} />
            <ExportTimeline record={data} />
            {data.activity && <ActivityLine activity={data.activity} runs="Exports" />}
            <ExportFigures record={data} />
            <Paper withBorder p="md">
              <DetailList facts={detailsOf(data)} />
            </Paper>
          </>
        )}
      </QueryResult>
      {record && (
        <>
          <SectionTitle>Files</SectionTitle>
          <QueryResult query={files}>{({ data }) => <ExportFiles files={data} status={record.status} />}</QueryResult>
          <RunLog log={log} phase={record.phase} />
        </>
      )}
    </Page>
  );
}

function detailsOf({
  id,
  connectionId,
  startedAt,
  completedAt,
  request,
  scheduleId,
  startedBy,
  statusUrl,
}: BulkExport) {
  const { exportType, resourceTypes, since, sinceLast, typeFilters = [] } = request;
  return {
    Connection: <ConnectionName id={connectionId} />,
    Started: <Timestamp at={startedAt} />,
    Ended: completedAt && <Timestamp at={completedAt} />,
    Level: exportType,
    Types: resourceTypes.length === 0 ? 'all' : resourceTypes.join(', '),
    'Changed since': since === undefined ? sinceLast && 'the last export' : <Timestamp at={since} isExact />,
    Filters: typeFilters.join(', '),
    'Started by': scheduleId === undefined ? (startedBy ?? 'a request') : 'a schedule',
    'Status request': statusUrl && <ShortText text={statusUrl} name="URL of the status" />,
    Id: <ShortText text={id} name="id" />,
  };
}

/** The actions for an export: cancel it while it runs, retry what is missing after its end. */
function ExportActions({ record }: { readonly record: BulkExport }) {
  const params = { path: { provider: anyProvider, jobId: record.id } };
  const cancel = useAction('delete', '/api/ehr/{provider}/bulk-export/{jobId}');
  const retry = useAction('post', '/api/ehr/{provider}/bulk-export/{jobId}/retry');
  if (record.status === 'IN_PROGRESS') {
    return (
      <ActionButton
        label="Cancel"
        mutation={cancel}
        input={{ params }}
        question={{
          title: 'Cancel this export?',
          text: 'The EHR is asked to stop. Stored resources stay. The next export fetches the rest.',
          action: 'Cancel the export',
        }}
        isDangerous
      />
    );
  }
  return canRetryExport(record) && <ActionButton label="Retry what is missing" mutation={retry} input={{ params }} />;
}

/** What an export says because of failed files. Its files say the same, with their causes. */
const saidByFiles: ReadonlySet<string | undefined> = new Set(['all-files-failed', 'files-failed', 'watermarks-held']);

/** The problems and what to do about them, each once. */
function ExportProblems({ record, files }: { readonly record: BulkExport; readonly files: readonly OutputFile[] }) {
  const { issues, warnings, errorCode, errorMessage, ...run } = record;
  const failures = groupFailures(files);
  const isSaid = (code: string | undefined) => failures.length > 0 && saidByFiles.has(code);
  const shown = {
    ...run,
    warnings: warnings.filter(({ code }) => !isSaid(code)),
    ...(errorCode === undefined || errorMessage === undefined || isSaid(errorCode) ? {} : { errorCode, errorMessage }),
  };
  const held = warnings.filter(({ code }) => code === 'watermarks-held' && isSaid(code));
  return (
    <>
      <RunProblems run={shown}>
        {failures.length > 0 && (
          <Alert color="red" title={titleOfFailures(failures)}>
            {failures.map(({ code, title, text, count }) => (
              <Text key={code} size="sm">
                {failures.length > 1 && `${formatCount(count)} × ${title}. `}
                {text}
              </Text>
            ))}
            {held.map((warning) => (
              <Text key={warning.message} size="sm">
                {warningText(warning).text}
              </Text>
            ))}
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

function titleOfFailures(failures: ReturnType<typeof groupFailures>): string {
  const count = failures.reduce((sum, failure) => sum + failure.count, 0);
  const files = `${formatCount(count)} ${count === 1 ? 'file' : 'files'}`;
  return failures.length === 1 ? `${files}: ${failures[0]?.title}` : `${files} could not be stored`;
}
