import { Group } from '@mantine/core';
import { useSession } from '../api/session.ts';
import { FormButton } from '../parts/buttons.tsx';
import { ConnectionSelect } from '../parts/connection.tsx';
import { Page } from '../parts/page.tsx';
import { StatusSelect } from '../parts/runs/status-select.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { StartSyncForm } from './start-sync-form.tsx';
import { SyncList, syncStatuses } from './sync-list.tsx';

export function SyncsPage() {
  const { provider } = useSession();
  const { filters, choiceField } = useFilters(['connectionId', 'status']);
  const { connectionId, status } = filters;
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
        <ConnectionSelect clearable {...choiceField('connectionId')} />
        <StatusSelect statuses={syncStatuses} {...choiceField('status')} />
      </Group>
      <SyncList provider={provider} connectionId={connectionId} status={status} />
    </Page>
  );
}
