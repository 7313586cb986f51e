import { api, type SyncRun } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { FormButton } from '../parts/buttons.tsx';
import { ConnectionName, ConnectionSelect } from '../parts/connection.tsx';
import { formatCount } from '../parts/format.ts';
import { EmptyState, Page, PageLink } from '../parts/page.tsx';
import { PagedTable, pageSize, pages } from '../parts/paged-table.tsx';
import type { Column } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { useSession } from '../session/session-provider.tsx';
import { StartSyncForm } from './start-sync-form.tsx';

/** The list of enhanced syncs, the newest first. */
export function SyncsPage() {
  const { provider } = useSession();
  const { filters, choiceField } = useFilters(['connectionId']);
  const { connectionId } = filters;
  const params = { path: { provider }, query: { limit: pageSize, connectionId } };
  const runs = api.useInfiniteQuery('get', '/api/ehr/{provider}/sync-runs', { params }, pages);
  return (
    <Page
      title="Sync runs"
      actions={
        <FormButton label="Start a sync" title="Start an enhanced sync">
          {() => <StartSyncForm connectionId={connectionId} />}
        </FormButton>
      }
    >
      <ConnectionSelect clearable maw={320} {...choiceField('connectionId')} />
      <PagedTable
        query={runs}
        order="newest first"
        caption="Sync runs"
        columns={columnsFor(provider)}
        keyOf={({ id }) => id}
        empty={
          <EmptyState title="No sync runs">
            A sync searches, patient by patient, for what a bulk export does not contain.
          </EmptyState>
        }
      />
    </Page>
  );
}

function columnsFor(provider: string): readonly Column<SyncRun>[] {
  return [
    {
      header: 'Started',
      cell: ({ id, createdAt }) => (
        <PageLink to={`/syncs/${provider}/${id}`}>
          <Timestamp at={createdAt} />
        </PageLink>
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
    { header: 'Ended', cell: ({ completedAt }) => <Timestamp at={completedAt} />, from: 'md' },
  ];
}
