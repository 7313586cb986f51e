import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '../api/api.ts';
import type { ApiKey } from '../api/records.ts';
import { confirm } from '../parts/confirm.ts';
import { tell } from '../parts/tell.ts';
import { useSession } from '../session/session-provider.tsx';

export function RevokeApiKeyButton({ apiKey: { id, name } }: { readonly apiKey: ApiKey }) {
  const { key } = useSession();
  const queries = useQueryClient();
  const revoke = api.useMutation('delete', '/api/ehr/api-keys/{id}', {
    onSuccess: () => queries.invalidateQueries({ queryKey: ['get', '/api/ehr/api-keys'] }),
    onError: tell.failed,
  });
  const ask = () =>
    confirm({
      title: `Revoke the key “${name}”?`,
      children:
        id === key.apiKeyId
          ? 'You are logged in with it: your session ends, and you need another key to come back.'
          : 'Whoever uses it is refused from now on, and sessions that were begun with it end.',
      action: 'Revoke the key',
      onConfirm: () => revoke.mutate({ params: { path: { id } } }),
    });
  return (
    <Button
      size="compact-sm"
      variant="outline"
      color="red"
      loading={revoke.isPending}
      onClick={ask}
      aria-label={`Revoke ${name}`}
    >
      Revoke
    </Button>
  );
}
