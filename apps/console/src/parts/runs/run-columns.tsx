import { Progress, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { RunActivity } from '../../api/api.ts';
import { ConnectionName } from '../connection.tsx';
import { formatCount, formatDuration } from '../format.ts';
import { PageLink } from '../page.tsx';
import type { Column } from '../record-table.tsx';
import { Timestamp, useNow } from '../timestamp.tsx';

/** What the lists show of an export or of a sync. */
export interface ListedRun {
  readonly to: string;
  readonly startedAt: string;
  readonly endedAt: string | undefined;
  readonly connectionId: string;
  readonly what: string;
  readonly startedBy: string | undefined;
  readonly scheduleId: string | undefined;
  readonly status: ReactNode;
  /** Of a run that is active. */
  readonly activity: RunActivity | undefined;
  /** From 0 to 1. Undefined if the run has ended, or the work is not counted yet. */
  readonly share: number | undefined;
  readonly stored: number | undefined;
  readonly changed: number | undefined;
}

/** The columns of the lists of exports and of syncs. @param options.withConnection not on the page of a connection */
export function runColumns<Run>(
  toListed: (run: Run) => ListedRun,
  { withConnection = true }: { readonly withConnection?: boolean } = {},
): readonly Column<Run>[] {
  const columns: readonly Column<ListedRun>[] = [
    {
      header: 'Started',
      cell: ({ to, startedAt }) => (
        <PageLink to={to}>
          <Timestamp at={startedAt} />
        </PageLink>
      ),
    },
    ...(withConnection
      ? [{ header: 'Connection', cell: ({ connectionId }: ListedRun) => <ConnectionName id={connectionId} /> }]
      : []),
    { header: 'What', cell: ({ what }) => what, from: 'md' },
    {
      header: 'By',
      cell: ({ startedBy, scheduleId }) => <By startedBy={startedBy} scheduleId={scheduleId} />,
      from: 'lg',
    },
    { header: 'Duration', cell: (run) => <Duration run={run} />, isFigure: true, from: 'sm' },
    { header: 'Status', cell: (run) => <Status run={run} /> },
    { header: 'Stored', cell: ({ stored }) => countOf(stored), isFigure: true },
    { header: 'New or changed', cell: ({ changed }) => countOf(changed), isFigure: true, from: 'sm' },
  ];
  return columns.map(({ cell, ...column }) => ({ ...column, cell: (run: Run) => cell(toListed(run)) }));
}

function countOf(count: number | undefined): string {
  return count === undefined ? '' : formatCount(count);
}

/** The key or the schedule. */
function By({ startedBy, scheduleId }: Pick<ListedRun, 'startedBy' | 'scheduleId'>) {
  if (scheduleId !== undefined) return <PageLink to="/schedules">a schedule</PageLink>;
  return startedBy ?? '';
}

function Duration({ run: { startedAt, endedAt } }: { readonly run: ListedRun }) {
  const now = useNow();
  const end = endedAt === undefined ? now.getTime() : Date.parse(endedAt);
  return formatDuration(Math.max(end - Date.parse(startedAt), 0));
}

/** A running run has a bar and the time left. */
function Status({ run: { status, endedAt, share, activity } }: { readonly run: ListedRun }) {
  if (endedAt !== undefined) return status;
  const left = timeLeft(activity);
  return (
    <Stack gap={4} align="start">
      {status}
      {share !== undefined && (
        <Progress w="100%" maw={160} size="sm" value={100 * share} aria-label={`${Math.floor(100 * share)} % done`} />
      )}
      {left !== undefined && (
        <Text size="xs" c="dimmed">
          {left} left
        </Text>
      )}
    </Stack>
  );
}

/** The estimate of the API, which its lists and pages share. */
export function timeLeft(activity: RunActivity | undefined): string | undefined {
  const { leftSeconds } = activity ?? {};
  return leftSeconds === undefined ? undefined : `about ${formatDuration(leftSeconds * 1000)}`;
}
