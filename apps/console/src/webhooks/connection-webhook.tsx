import { Group, Paper, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, type Connection, refreshAll } from '../api/api.ts';
import { ActionButton, FormButton, useAction } from '../parts/buttons.tsx';
import { DetailList } from '../parts/detail-list.tsx';
import { EntryForm } from '../parts/forms.tsx';
import { SectionTitle } from '../parts/page.tsx';
import { showSecret } from '../parts/show-secret.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { Deliveries, deliveryStates } from './deliveries.tsx';

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

interface SetWebhookFormProps {
  readonly connection: Connection;
  readonly onDone: () => void;
}

function SetWebhookForm({ connection, onDone }: SetWebhookFormProps) {
  const { id, webhookUrl = '' } = connection;
  const set = api.useMutation('put', '/api/ehr/connections/{id}/webhook', {
    onSuccess: async ({ data: { secret } }) => {
      onDone();
      const text = 'Every call is signed with this secret (Standard Webhooks), so that the receiver can verify it.';
      showSecret({ title: 'The webhook is set', label: 'Secret', secret, text });
      await refreshAll();
    },
  });
  const form = useForm({
    initialValues: { url: webhookUrl },
    validate: { url: (url) => (URL.canParse(url) ? null : 'Enter a URL, https://…') },
  });
  const submit = (body: { readonly url: string }) => set.mutate({ params: { path: { id } }, body });
  return (
    <EntryForm action="Set" mutation={set} onSubmit={form.onSubmit(submit)}>
      <TextInput
        label="URL"
        description="Called with POST. Calls contain ids and counts, and no patient data"
        withAsterisk
        {...form.getInputProps('url')}
      />
      {webhookUrl !== '' && <Text size="sm">This creates a new secret. The old one stops working.</Text>}
    </EntryForm>
  );
}
