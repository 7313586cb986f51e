import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '../api/api.ts';
import type { BulkExport } from '../api/records.ts';
import { confirm } from '../parts/confirm.ts';
import { tell } from '../parts/tell.ts';

interface ExportActionsProps {
  readonly provider: string;
  readonly record: BulkExport;
}

/** What can be done to an export where it stands: cancel it while it runs, fetch what is missing once it has ended. */
export function ExportActions({ provider, record }: ExportActionsProps) {
  const { id: jobId, status, counts } = record;
  const queries = useQueryClient();
  const params = { path: { provider, jobId } };
  const look = () => queries.invalidateQueries();
  const options = { onSuccess: look, onError: tell.failed };
  const cancel = api.useMutation('delete', '/api/ehr/{provider}/bulk-export/{jobId}', options);
  const retry = api.useMutation('post', '/api/ehr/{provider}/bulk-export/{jobId}/retry', options);

  if (status === 'IN_PROGRESS') {
    const ask = () =>
      confirm({
        title: 'Cancel this export?',
        children: 'The EHR is told to stop. What is stored stays; the rest is fetched by the next export.',
        action: 'Cancel the export',
        onConfirm: () => cancel.mutate({ params }),
      });
    return (
      <Button color="red" variant="outline" loading={cancel.isPending} onClick={ask}>
        Cancel
      </Button>
    );
  }
  if (status !== 'FAILED' && counts.filesFailed === 0) return null;
  return (
    <Button loading={retry.isPending} onClick={() => retry.mutate({ params })}>
      Retry what is missing
    </Button>
  );
}
