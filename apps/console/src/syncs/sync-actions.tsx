import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '../api/api.ts';
import type { SyncRun } from '../api/records.ts';
import { confirm } from '../parts/confirm.ts';
import { tell } from '../parts/tell.ts';

/** What can be done to a run where it stands. */
export function SyncActions({ provider, run }: { readonly provider: string; readonly run: SyncRun }) {
  const queries = useQueryClient();
  const params = { path: { provider, id: run.id } };
  const options = { onSuccess: () => queries.invalidateQueries(), onError: tell.failed };
  const cancel = api.useMutation('delete', '/api/ehr/{provider}/sync-runs/{id}', options);
  const retry = api.useMutation('post', '/api/ehr/{provider}/sync-runs/{id}/retry', options);
  if (run.status === 'IN_PROGRESS') {
    const ask = () =>
      confirm({
        title: 'Cancel this sync?',
        children: 'What is stored stays. The next sync goes on from the same time as this one.',
        action: 'Cancel the sync',
        onConfirm: () => cancel.mutate({ params }),
      });
    return (
      <Button color="red" variant="outline" loading={cancel.isPending} onClick={ask}>
        Cancel
      </Button>
    );
  }
  if (run.status === 'COMPLETED') return null;
  return (
    <Button loading={retry.isPending} onClick={() => retry.mutate({ params })}>
      Ask again for what failed
    </Button>
  );
}
