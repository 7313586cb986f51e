import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '../api/api.ts';
import { formatCount } from '../parts/format-count.ts';
import { tell } from '../parts/tell.ts';

/** After a fault of ours was mended: every open line of an export, or entry of a sync run, by the workers. */
export function ReplayAllButton({ exportId }: { readonly exportId: string }) {
  const queries = useQueryClient();
  const replay = api.useMutation('post', '/api/ehr/quarantine/replay', {
    onSuccess: ({ data }) => {
      tell.done(`${formatCount(data.count)} lines are being stored again.`);
      return queries.invalidateQueries({ queryKey: ['get', '/api/ehr/quarantine'] });
    },
    onError: tell.failed,
  });
  return (
    <Button loading={replay.isPending} onClick={() => replay.mutate({ body: { exportId } })}>
      Replay all of this run
    </Button>
  );
}
