import { Group, Paper, Select, Stack } from '@mantine/core';
import type { Connection } from '../api/api.ts';
import { ActionButton, FormButton, useAction } from '../parts/buttons.tsx';
import { DetailList } from '../parts/detail-list.tsx';
import { SectionTitle } from '../parts/page.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { Deliveries, deliveryStates } from './deliveries.tsx';
import { SetWebhookForm } from './set-webhook-form.tsx';

/** The webhook of a connection, with its calls. */
export function ConnectionWebhook({ connection }: { readonly connection: Connection }) {
  const { filters, choiceField } = useFilters(['state']);
  return (
    <Stack>
      <Paper withBorder p="md">
        <Group justify="space-between">
          <DetailList facts={{ URL: connection.webhookUrl ?? 'not set' }} />
          <Group gap="xs">
            <WebhookActions connection={connection} />
          </Group>
        </Group>
      </Paper>
      <SectionTitle>Calls</SectionTitle>
      <Select label="State" placeholder="Any" clearable maw={240} data={deliveryStates} {...choiceField('state')} />
      <Deliveries connectionId={connection.id} state={filters.state} />
    </Stack>
  );
}

function WebhookActions({ connection }: { readonly connection: Connection }) {
  const { id, webhookUrl } = connection;
  const remove = useAction('delete', '/api/ehr/connections/{id}/webhook');
  return (
    <>
      <FormButton label={webhookUrl === undefined ? 'Set a webhook' : 'Change'} title="Set the webhook" icon={null}>
        {(close) => <SetWebhookForm connection={connection} onDone={close} />}
      </FormButton>
      {webhookUrl !== undefined && (
        <ActionButton
          label="Remove"
          mutation={remove}
          input={{ params: { path: { id } } }}
          question={{
            title: 'Remove this webhook?',
            text: 'Exports and syncs of this connection will no longer call the webhook. Its secret is deleted.',
            action: 'Remove the webhook',
          }}
          isDangerous
        />
      )}
    </>
  );
}
