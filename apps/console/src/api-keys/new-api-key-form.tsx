import { Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, refresh } from '../api/api.ts';
import { ConnectionsSelect } from '../parts/connection.tsx';
import { EntryForm } from '../parts/forms.tsx';
import { showSecret } from '../parts/show-secret.tsx';
import { type ApiKeyForm, emptyApiKeyForm, expiriesFor, roles, toApiKeyRequest, withRole } from './api-key-form.ts';

export function NewApiKeyForm({ onDone }: { readonly onDone: () => void }) {
  const create = api.useMutation('post', '/api/ehr/api-keys', {
    onSuccess: async ({ data: { name, key } }) => {
      onDone();
      const text = 'A program sends it as “Authorization: Bearer …”; a person logs in with it.';
      showSecret({ title: `The key “${name}” is made`, label: 'API key', secret: key, text });
      await refresh('/api/ehr/api-keys');
    },
  });
  const form = useForm({
    initialValues: emptyApiKeyForm,
    validate: { name: (name) => (name.trim() ? null : 'Enter who or what uses the key.') },
  });
  const submit = (values: ApiKeyForm) => create.mutate({ body: toApiKeyRequest(values) });
  return (
    <EntryForm action="Make" mutation={create} onSubmit={form.onSubmit(submit)}>
      <TextInput
        label="Name"
        description="The program or the person. The audit log shows it"
        withAsterisk
        {...form.getInputProps('name')}
      />
      <Select
        label="Role"
        allowDeselect={false}
        data={roles}
        {...form.getInputProps('role')}
        onChange={(role) =>
          form.setValues((values) => withRole({ ...emptyApiKeyForm, ...values }, role as ApiKeyForm['role']))
        }
      />
      {form.values.role === 'client' && <ConnectionsSelect {...form.getInputProps('connectionIds')} />}
      <Select
        label="Expires"
        allowDeselect={false}
        data={expiriesFor(form.values.role)}
        {...form.getInputProps('expiry')}
      />
    </EntryForm>
  );
}
