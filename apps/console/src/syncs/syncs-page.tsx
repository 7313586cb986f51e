import { Group } from '@mantine/core';
import { FormButton } from '../parts/buttons.tsx';
import { ConnectionSelect, VendorSelect } from '../parts/connection.tsx';
import { Page } from '../parts/page.tsx';
import { StatusSelect } from '../parts/runs/status-select.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { StartSyncForm } from './start-sync-form.tsx';
import { SyncList, syncStatuses } from './sync-list.tsx';

export function SyncsPage() {
  const { filters, choiceField } = useFilters(['connectionId', 'status', 'provider']);
  const { connectionId, status, provider } = filters;
  return (
    <Page
      title="Sync runs"
      actions={
        <FormButton label="Start a sync" title="Start an enhanced sync">
          {() => <StartSyncForm connectionId={connectionId} />}
        </FormButton>
      }
    >
      <Group align="end">
        <ConnectionSelect clearable provider={provider} {...choiceField('connectionId')} />
        <StatusSelect statuses={syncStatuses} {...choiceField('status')} />
        <VendorSelect {...choiceField('provider')} />
      </Group>
      <SyncList provider={provider} connectionId={connectionId} status={status} />
    </Page>
  );
}
