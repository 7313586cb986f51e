import { Anchor, Group } from '@mantine/core';
import { Link } from 'react-router';
import { api } from '../api/api.ts';
import type { Schedule } from '../api/records.ts';
import { ConnectionName } from '../parts/connection-name.tsx';
import { FormButton } from '../parts/form-button.tsx';
import { LookedUp } from '../parts/looked-up.tsx';
import { Moment } from '../parts/moment.tsx';
import { NothingYet } from '../parts/nothing-yet.tsx';
import { Page } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { NewScheduleForm } from './new-schedule-form.tsx';
import { NextRuns } from './next-runs.tsx';
import { ScheduleActions } from './schedule-actions.tsx';

/** What runs by itself, when next, and what came of the last time. */
export function SchedulesPage() {
  const found = api.useQuery('get', '/api/ehr/schedules');
  return (
    <Page
      title="Schedules"
      actions={
        <FormButton label="Add a schedule" title="Add a schedule">
          {(close) => <NewScheduleForm onDone={close} />}
        </FormButton>
      }
    >
      <LookedUp query={found}>
        {({ data }) => (
          <RecordTable
            caption="Schedules"
            columns={columns}
            rows={data}
            keyOf={({ id }) => id}
            empty={<NothingYet title="No schedules">With one a practice is kept current every night.</NothingYet>}
          />
        )}
      </LookedUp>
    </Page>
  );
}

const columns: readonly Column<Schedule>[] = [
  { header: 'Connection', cell: ({ connectionId }) => <ConnectionName id={connectionId} /> },
  { header: 'What', cell: ({ kind }) => kind },
  { header: 'When', cell: ({ cron, timeZone }) => `${cron} ${timeZone}`, from: 'sm' },
  { header: 'Next runs', cell: (schedule) => <NextRuns schedule={schedule} />, from: 'sm' },
  { header: 'Last run', cell: (schedule) => <LastRun schedule={schedule} />, from: 'md' },
  { header: 'Actions', cell: (schedule) => <ScheduleActions schedule={schedule} /> },
];

function LastRun({ schedule: { provider, kind, lastRun } }: { readonly schedule: Schedule }) {
  if (!lastRun) return 'never';
  const { at, runId, runStatus, outcome, reason } = lastRun;
  return (
    <Group gap="xs">
      {runId === undefined ? (
        <Moment at={at} />
      ) : (
        <Anchor component={Link} to={`/${kind}s/${provider}/${runId}`} inherit>
          <Moment at={at} />
        </Anchor>
      )}
      <StatusBadge status={runStatus ?? outcome} />
      {reason}
    </Group>
  );
}
