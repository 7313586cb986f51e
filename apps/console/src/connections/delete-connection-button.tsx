import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { api } from '../api/api.ts';
import type { Connection } from '../api/records.ts';
import { confirm } from '../parts/confirm.ts';
import { tell } from '../parts/tell.ts';
import { nameOfConnection } from './name-of-connection.ts';

export function DeleteConnectionButton({ connection }: { readonly connection: Connection }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = api.useMutation('delete', '/api/ehr/connections/{id}', {
    onSuccess: async () => {
      await navigate('/connections');
      await queries.invalidateQueries({ queryKey: ['get', '/api/ehr/connections'] });
    },
    onError: tell.failed,
  });
  const ask = () =>
    confirm({
      title: `Remove ${nameOfConnection(connection)}?`,
      children: 'Its credentials and schedules are gone with it. The records that are stored stay.',
      action: 'Remove the connection',
      onConfirm: () => remove.mutate({ params: { path: { id: connection.id } } }),
    });
  return (
    <Button color="red" variant="outline" loading={remove.isPending} onClick={ask}>
      Remove
    </Button>
  );
}
