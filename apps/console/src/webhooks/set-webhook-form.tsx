import { Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, type Connection, refreshAll } from '../api/api.ts';
import { EntryForm } from '../parts/forms.tsx';
import { showSecret } from '../parts/show-secret.tsx';

interface SetWebhookFormProps {
  readonly connection: Connection;
  readonly onDone: () => void;
}

export function SetWebhookForm({ connection, onDone }: SetWebhookFormProps) {
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
