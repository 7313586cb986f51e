import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { api } from '../api/api.ts';
import { ConnectionName } from '../parts/connection-name.tsx';
import { LookedUp } from '../parts/looked-up.tsx';
import { Moment } from '../parts/moment.tsx';
import { NothingYet } from '../parts/nothing-yet.tsx';
import { RecordTable } from '../parts/record-table.tsx';

const shown = 5;

/** What runs by itself, the next one first. */
export function ComingRuns() {
  const found = api.useQuery('get', '/api/ehr/schedules');
  return (
    <LookedUp query={found}>
      {({ data }) => {
        const coming = data
          .flatMap(({ id, connectionId, kind, nextRunAt }) =>
            nextRunAt === undefined ? [] : [{ id, connectionId, kind, nextRunAt }],
          )
          .sort((one, other) => one.nextRunAt.localeCompare(other.nextRunAt))
          .slice(0, shown);
        if (coming.length === 0) {
          return (
            <NothingYet title="Nothing is scheduled">
              <Anchor component={Link} to="/schedules" inherit>
                Keep a practice current every night
              </Anchor>
            </NothingYet>
          );
        }
        return (
          <RecordTable
            caption="Next runs"
            columns={[
              { header: 'When', cell: ({ nextRunAt }) => <Moment at={nextRunAt} /> },
              { header: 'What', cell: ({ kind }) => kind },
              { header: 'Connection', cell: ({ connectionId }) => <ConnectionName id={connectionId} /> },
            ]}
            rows={coming}
            keyOf={({ id }) => id}
          />
        );
      }}
    </LookedUp>
  );
}
