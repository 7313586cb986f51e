import { titleOf, withoutNames } from '@bulkhead/client';
import { Group, List, Text } from '@mantine/core';
import { api, type Schedule } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { ActionButton, FormButton, useAction } from '../parts/buttons.tsx';
import { ConnectionName } from '../parts/connection.tsx';
import { EmptyState, PageLink } from '../parts/page.tsx';
import { PagedTable, pageSize, pages } from '../parts/paged-table.tsx';
import type { Column } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { cronWords } from './cron-words.ts';
import { ScheduleForm } from './schedule-form.tsx';

/** The schedules, with the next run and the result of the last one. @param props.connectionId, props.provider those of one connection, or to one vendor */
export function ScheduleList({
  connectionId,
  provider,
}: {
  readonly connectionId?: string | undefined;
  readonly provider?: string | undefined;
}) {
  const params = { query: { limit: pageSize, connectionId, provider } };
  const schedules = api.useInfiniteQuery('get', '/api/ehr/schedules', { params }, pages);
  return (
    <PagedTable
      query={schedules}
      order="oldest first"
      caption="Schedules"
      columns={connectionId === undefined ? columnsOfAll : columns}
      keyOf={({ id }) => id}
      empty={<EmptyState title="No schedules">A schedule keeps a practice current every night.</EmptyState>}
    />
  );
}

const connectionColumn: Column<Schedule> = {
  header: 'Connection',
  cell: ({ connectionId }) => <ConnectionName id={connectionId} />,
};

const columns: readonly Column<Schedule>[] = [
  { header: 'What', cell: ({ kind }) => kind },
  { header: 'When', cell: (schedule) => <When schedule={schedule} /> },
  { header: 'Next runs', cell: (schedule) => <NextRuns schedule={schedule} />, from: 'sm' },
  { header: 'Last run', cell: (schedule) => <LastRun schedule={schedule} />, from: 'md' },
  { header: 'Actions', cell: (schedule) => <ScheduleActions schedule={schedule} /> },
];

const columnsOfAll = [connectionColumn, ...columns];

/** In words, and as the expression that an operator edits. */
function When({ schedule: { cron, timeZone, errorMessage } }: { readonly schedule: Schedule }) {
  return (
    <>
      {cronWords({ cron, timeZone }) ?? timeZone}
      <Text size="xs" c="dimmed">
        {cron}
      </Text>
      {errorMessage !== undefined && (
        <Text size="sm" c="red">
          {withoutNames(errorMessage)}
        </Text>
      )}
    </>
  );
}

function LastRun({ schedule: { kind, lastRun } }: { readonly schedule: Schedule }) {
  if (!lastRun) return 'never';
  const { at, runId, runStatus, outcome, reason } = lastRun;
  return (
    <Group gap="xs">
      {runId === undefined ? (
        <Timestamp at={at} />
      ) : (
        <PageLink to={`/${kind}s/${runId}`}>
          <Timestamp at={at} />
        </PageLink>
      )}
      <StatusBadge status={runStatus ?? outcome} />
      {reason !== undefined && titleOf('error', reason)}
    </Group>
  );
}

function ScheduleActions({ schedule }: { readonly schedule: Schedule }) {
  const { id, paused } = schedule;
  const params = { path: { id } };
  const change = useAction('patch', '/api/ehr/schedules/{id}');
  const run = useAction('post', '/api/ehr/schedules/{id}/run');
  const remove = useAction('delete', '/api/ehr/schedules/{id}');
  return (
    <Group gap="xs">
      <ActionButton label="Run now" mutation={run} input={{ params }} isCompact />
      <ActionButton
        label={paused ? 'Resume' : 'Pause'}
        mutation={change}
        input={{ params, body: { paused: !paused } }}
        isCompact
      />
      <FormButton label="Edit" title="Edit the schedule" icon={null} isCompact>
        {(close) => <ScheduleForm schedule={schedule} onDone={close} />}
      </FormButton>
      <ActionButton
        label="Remove"
        mutation={remove}
        input={{ params }}
        question={{
          title: 'Remove this schedule?',
          text: 'Runs that it started continue.',
          action: 'Remove the schedule',
        }}
        isDangerous
        isCompact
      />
    </Group>
  );
}

/** Enough to notice a mistake in the cron expression or the time zone. */
const shownRuns = 3;

function NextRuns({ schedule: { paused, timeZone, nextRuns } }: { readonly schedule: Schedule }) {
  if (paused) return <StatusBadge status="paused" />;
  return (
    <List listStyleType="none" size="sm">
      {nextRuns.slice(0, shownRuns).map((at) => (
        <List.Item key={at}>
          <Timestamp at={at} isExact timeZone={timeZone} />
        </List.Item>
      ))}
    </List>
  );
}
