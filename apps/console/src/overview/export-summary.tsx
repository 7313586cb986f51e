import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { api } from '../api/api.ts';
import { exportColumns } from '../exports/export-columns.tsx';
import { LookedUp } from '../parts/looked-up.tsx';
import { NothingYet } from '../parts/nothing-yet.tsx';
import { RecordTable } from '../parts/record-table.tsx';
import { useSession } from '../session/session-provider.tsx';

/** Enough to see the night of a practice; all of them are on their own page. */
const limit = 5;

export function ExportSummary() {
  const { provider } = useSession();
  const params = { path: { provider }, query: { limit } };
  const found = api.useQuery('get', '/api/ehr/{provider}/bulk-export', { params });
  return (
    <LookedUp query={found}>
      {({ data }) => (
        <RecordTable
          caption="Newest exports"
          columns={exportColumns(provider)}
          rows={data}
          keyOf={({ id }) => id}
          empty={
            <NothingYet title="No export yet">
              <Anchor component={Link} to="/exports" inherit>
                Start the first one
              </Anchor>
            </NothingYet>
          }
        />
      )}
    </LookedUp>
  );
}
