import { Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { RunEvent } from '../../api/api.ts';
import { messageText } from '../coded-text.ts';
import { formatCount } from '../format.ts';
import { QueryResult, SectionTitle } from '../page.tsx';
import { type Column, RecordTable } from '../record-table.tsx';
import { Timestamp } from '../timestamp.tsx';

/** The API keeps no earlier ones. */
const keptEvents = 200;

interface RunLogProps {
  readonly log: UseQueryResult<{ data: RunEvent[] }, unknown>;
  /** The log is read again at once when it changes. */
  readonly phase: string | undefined;
}

/** What happened to an export or a sync, the latest first. */
export function RunLog({ log, phase }: RunLogProps) {
  const { refetch } = log;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the effect runs because the phase has changed.
  useEffect(() => void refetch(), [refetch, phase]);
  return (
    <>
      <SectionTitle>Log</SectionTitle>
      <QueryResult query={log}>
        {({ data }) => (
          <>
            <RecordTable
              caption="Log"
              columns={columns}
              rows={data.toReversed()}
              keyOf={(event) => `${event.at} ${event.message} ${event.fileId ?? event.resourceType}`}
              empty={<Text c="dimmed">No events.</Text>}
            />
            {data.length >= keptEvents && (
              <Text size="sm" c="dimmed">
                A log keeps the last {keptEvents} events of a run and the last {keptEvents} of its files or searches.
              </Text>
            )}
          </>
        )}
      </QueryResult>
    </>
  );
}

const columns: readonly Column<RunEvent>[] = [
  { header: 'When', cell: ({ at }) => <Timestamp at={at} isExact /> },
  { header: 'What', cell: (event) => <EventText event={event} /> },
  { header: 'By', cell: ({ by }) => by, from: 'sm' },
];

function EventText({ event }: { readonly event: RunEvent }) {
  const { code, message, resourceType, ehrText, kind, nextAttemptAt, count = 1, lastAt } = event;
  return (
    <>
      {resourceType !== undefined && `${resourceType}: `}
      {messageText({ code, message, isWarning: kind === 'warning' })}
      {/* The message of a progress contains what the EHR said. */}
      {ehrText !== undefined && kind !== 'progress' && ` Text from the EHR: ${ehrText}`}
      {nextAttemptAt !== undefined && (
        <>
          {' Next attempt: '}
          <Timestamp at={nextAttemptAt} isExact />
        </>
      )}
      {count > 1 && (
        <>
          {` In ${formatCount(count)} searches, last: `}
          <Timestamp at={lastAt} isExact />
        </>
      )}
    </>
  );
}
