import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '../api/api.ts';
import type { Connection } from '../api/records.ts';
import { confirm } from '../parts/confirm.ts';
import { FormButton } from '../parts/form-button.tsx';
import { tell } from '../parts/tell.ts';
import { SetWebhookForm } from './set-webhook-form.tsx';

export function WebhookActions({ connection }: { readonly connection: Connection }) {
  const { id, webhookUrl } = connection;
  const queries = useQueryClient();
  const remove = api.useMutation('delete', '/api/ehr/connections/{id}/webhook', {
    onSuccess: () => queries.invalidateQueries(),
    onError: tell.failed,
  });
  const ask = () =>
    confirm({
      title: 'Remove this webhook?',
      children: 'Nobody is called any more when exports and syncs of the connection end, and its secret is forgotten.',
      action: 'Remove the webhook',
      onConfirm: () => remove.mutate({ params: { path: { id } } }),
    });
  return (
    <>
      <FormButton label={webhookUrl === undefined ? 'Set an address' : 'Change'} title="Set the webhook" icon={null}>
        {(close) => <SetWebhookForm connection={connection} onDone={close} />}
      </FormButton>
      {webhookUrl !== undefined && (
        <Button color="red" variant="outline" loading={remove.isPending} onClick={ask}>
          Remove
        </Button>
      )}
    </>
  );
}
