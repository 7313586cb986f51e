import { Group } from '@mantine/core';
import { LiveBadge } from '../parts/badges.tsx';
import { FormButton } from '../parts/buttons.tsx';
import { ConnectionSelect, VendorSelect } from '../parts/connection.tsx';
import { Page } from '../parts/page.tsx';
import { StatusSelect } from '../parts/runs/status-select.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { ExportList, exportStatuses } from './export-list.tsx';
import { StartExportForm } from './start-export-form.tsx';
import { useLiveExports } from './use-live-exports.ts';

/** The live list of bulk exports. */
export function ExportsPage() {
  const { filters, choiceField } = useFilters(['connectionId', 'status', 'provider']);
  const { connectionId, status, provider } = filters;
  const live = useLiveExports(connectionId);
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
        <ConnectionSelect clearable provider={provider} {...choiceField('connectionId')} />
        <StatusSelect statuses={exportStatuses} {...choiceField('status')} />
        <VendorSelect {...choiceField('provider')} />
      </Group>
      <ExportList provider={provider} connectionId={connectionId} status={status} />
    </Page>
  );
}
