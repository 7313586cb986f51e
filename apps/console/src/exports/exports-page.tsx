import { Group, Select } from '@mantine/core';
import { api } from '../api/api.ts';
import { LiveBadge } from '../parts/badges.tsx';
import { FormButton } from '../parts/buttons.tsx';
import { ConnectionSelect } from '../parts/connection.tsx';
import { EmptyState, Page } from '../parts/page.tsx';
import { PagedTable, pageSize, pages } from '../parts/paged-table.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { useSession } from '../session/session-provider.tsx';
import { exportColumns } from './export-columns.tsx';
import { StartExportForm } from './start-export-form.tsx';
import { useLiveExports } from './use-live-exports.ts';

const statuses = ['IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;

/** The live list of bulk exports, the newest first. */
export function ExportsPage() {
  const { provider } = useSession();
  const { filters, choiceField } = useFilters(['connectionId', 'status']);
  const { connectionId, status } = filters;
  const live = useLiveExports(provider, connectionId);
  const query = { limit: pageSize, connectionId, status: statuses.find((option) => option === status) };
  const params = { path: { provider }, query };
  const exports = api.useInfiniteQuery('get', '/api/ehr/{provider}/bulk-export', { params }, pages);

  return (
    <Page
      title="Bulk exports"
      beside={<LiveBadge state={live} />}
      actions={
        <FormButton label="Start an export" title="Start a bulk export">
          {() => <StartExportForm connectionId={connectionId} />}
        </FormButton>
      }
    >
      <Group align="end">
        <ConnectionSelect clearable {...choiceField('connectionId')} />
        <Select
          label="Status"
          placeholder="Any"
          clearable
          data={statuses.map((value) => ({ value, label: value.replace('_', ' ').toLowerCase() }))}
          {...choiceField('status')}
        />
      </Group>
      <PagedTable
        query={exports}
        order="newest first"
        caption="Bulk exports"
        columns={exportColumns(provider)}
        keyOf={({ id }) => id}
        empty={<EmptyState title="No exports">Start an export, or create a schedule.</EmptyState>}
      />
    </Page>
  );
}
