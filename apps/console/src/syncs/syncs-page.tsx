import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { api } from '../api/api.ts';
import type { SyncRun } from '../api/records.ts';
import { ConnectionName } from '../parts/connection-name.tsx';
import { ConnectionSelect } from '../parts/connection-select.tsx';
import { FormButton } from '../parts/form-button.tsx';
import { formatCount } from '../parts/format-count.ts';
import { LookedUp } from '../parts/looked-up.tsx';
import { Moment } from '../parts/moment.tsx';
import { NothingYet } from '../parts/nothing-yet.tsx';
import { Page } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { useSession } from '../session/session-provider.tsx';
import { StartSyncForm } from './start-sync-form.tsx';

/** As many as a person looks through; the API and the CLI page through all of them. */
const limit = 50;

/** Enhanced syncs, newest first. */
export function SyncsPage() {
  const { provider } = useSession();
  const { filters, setFilter } = useFilters(['connectionId']);
  const { connectionId } = filters;
  const params = { path: { provider }, query: { limit, connectionId } };
  const found = api.useQuery('get', '/api/ehr/{provider}/sync-runs', { params });
  return (
    <Page
      title="Sync runs"
      actions={
        <FormButton label="Start a sync" title="Start an enhanced sync">
          {() => <StartSyncForm connectionId={connectionId} />}
        </FormButton>
      }
    >
      <ConnectionSelect
        clearable
        maw={320}
        value={connectionId ?? null}
        onChange={(id) => setFilter('connectionId', id)}
      />
      <LookedUp query={found}>
        {({ data }) => (
          <RecordTable
            caption="Sync runs"
            columns={columnsFor(provider)}
            rows={data}
            keyOf={({ id }) => id}
            empty={
              <NothingYet title="No sync runs">
                A sync reads, patient by patient, what a bulk export does not offer.
              </NothingYet>
            }
          />
        )}
      </LookedUp>
    </Page>
  );
}

function columnsFor(provider: string): readonly Column<SyncRun>[] {
  return [
    {
      header: 'Started',
      cell: ({ id, createdAt }) => (
        <Anchor component={Link} to={`/syncs/${provider}/${id}`} inherit>
          <Moment at={createdAt} />
        </Anchor>
      ),
    },
    { header: 'Connection', cell: ({ connectionId }) => <ConnectionName id={connectionId} />, from: 'sm' },
    { header: 'Status', cell: ({ status }) => <StatusBadge status={status} /> },
    { header: 'Types', cell: ({ types }) => types.length, isFigure: true, from: 'sm' },
    {
      header: 'Patients',
      cell: ({ patients }) => (patients === undefined ? '' : formatCount(patients)),
      isFigure: true,
    },
    { header: 'Ended', cell: ({ completedAt }) => <Moment at={completedAt} />, from: 'md' },
  ];
}
