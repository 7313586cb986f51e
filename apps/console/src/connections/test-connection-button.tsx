import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '../api/api.ts';
import type { Connection } from '../api/records.ts';
import { tell } from '../parts/tell.ts';

export function TestConnectionButton({ connection: { id, needsAuthorization } }: { readonly connection: Connection }) {
  const queries = useQueryClient();
  const test = api.useMutation('post', '/api/ehr/connections/{id}/test', {
    onSuccess: ({ data }) => {
      if ('ok' in data) tell.done(data.ok ? 'The connection works.' : 'The test has ended: see which step failed.');
      else tell.done('The test is still running; its steps will stand here.');
      return queries.invalidateQueries({ queryKey: ['get', '/api/ehr/connections/{id}'] });
    },
    onError: tell.failed,
  });
  return (
    <Button
      // The next step is another one then.
      variant={needsAuthorization ? 'outline' : 'filled'}
      loading={test.isPending}
      onClick={() => test.mutate({ params: { path: { id } } })}
    >
      Test
    </Button>
  );
}
