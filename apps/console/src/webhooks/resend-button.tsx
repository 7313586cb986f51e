import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '../api/api.ts';
import { tell } from '../parts/tell.ts';

export function ResendButton({ id }: { readonly id: string }) {
  const queries = useQueryClient();
  const resend = api.useMutation('post', '/api/ehr/webhook-deliveries/{id}/resend', {
    onSuccess: () => {
      tell.done('The call is made again.');
      return queries.invalidateQueries({ queryKey: ['get', '/api/ehr/webhook-deliveries'] });
    },
    onError: tell.failed,
  });
  return (
    <Button
      size="compact-sm"
      variant="light"
      loading={resend.isPending}
      onClick={() => resend.mutate({ params: { path: { id } } })}
    >
      Resend
    </Button>
  );
}
