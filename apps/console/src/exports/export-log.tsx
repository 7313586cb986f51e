import { Text, Title } from '@mantine/core';
import { useEffect } from 'react';
import { api, type ExportEvent, refreshMs } from '../api/api.ts';
import { Moment } from '../parts/facts.tsx';
import { QueryResult } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';

interface ExportLogProps {
  readonly provider: string;
  readonly jobId: string;
  readonly isRunning: boolean;
  /** The log is read again at once when it changes. */
  readonly phase: string | undefined;
}

/** What happened to an export, the latest first. */
export function ExportLog({ provider, jobId, isRunning, phase }: ExportLogProps) {
  const log = api.useQuery(
    'get',
    '/api/ehr/{provider}/bulk-export/{jobId}/log',
    { params: { path: { provider, jobId } } },
    { refetchInterval: isRunning ? refreshMs : false },
  );
  const { refetch } = log;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the effect runs because the phase has changed.
  useEffect(() => void refetch(), [refetch, phase]);
  return (
    <>
      <Title order={2} size="h4">
        Log
      </Title>
      <QueryResult query={log}>
        {({ data }) => (
          <RecordTable
            caption="Log"
            columns={columns}
            rows={data.toReversed()}
            keyOf={(event) => `${event.at} ${event.message} ${event.fileId}`}
            empty={<Text c="dimmed">Exports of earlier versions have no log.</Text>}
          />
        )}
      </QueryResult>
    </>
  );
}

const columns: readonly Column<ExportEvent>[] = [
  { header: 'When', cell: ({ at }) => <Moment at={at} /> },
  {
    header: 'What',
    cell: ({ message, resourceType, ehrText, kind, nextAttemptAt }) => (
      <>
        {resourceType !== undefined && `${resourceType}: `}
        {message}
        {/* The message of a progress contains what the EHR said. */}
        {ehrText !== undefined && kind !== 'progress' && ` The EHR said: ${ehrText}`}
        {nextAttemptAt !== undefined && (
          <>
            {' Next attempt: '}
            <Moment at={nextAttemptAt} />
          </>
        )}
      </>
    ),
  },
  { header: 'Code', cell: ({ code }) => code, from: 'sm' },
  { header: 'By', cell: ({ by }) => by, from: 'sm' },
];
