import { Radio, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, refresh } from '../api/api.ts';
import { ConnectionsSelect } from '../parts/connection.tsx';
import { EntryForm } from '../parts/forms.tsx';
import { type ClientForm, emptyClientForm, faultsOf, keySources, toClientRequest } from './client-form.ts';
import { showClientUrls } from './client-urls.tsx';

export function NewClientForm({ onDone }: { readonly onDone: () => void }) {
  const register = api.useMutation('post', '/api/ehr/clients', {
    onSuccess: async ({ data }) => {
      onDone();
      showClientUrls(data, { title: `The client “${data.name}” is registered` });
      await refresh('/api/ehr/clients');
    },
  });
  const form = useForm<ClientForm>({ initialValues: emptyClientForm, validate: faultsOf });
  const submit = (values: ClientForm) => register.mutate({ body: toClientRequest(values) });
  return (
    <EntryForm action="Register" mutation={register} onSubmit={form.onSubmit(submit)}>
      <TextInput
        label="Name"
        description="The program. The audit log shows it"
        withAsterisk
        {...form.getInputProps('name')}
      />
      <TextInput
        label="Scope"
        description="What the client may read at most, such as system/Patient.rs system/Observation.rs"
        withAsterisk
        {...form.getInputProps('scope')}
      />
      <ConnectionsSelect {...form.getInputProps('connectionIds')} />
      <Radio.Group label="The public keys are" {...form.getInputProps('keysFrom')}>
        <Stack gap="xs" mt="xs">
          {keySources.map(({ value, label }) => (
            <Radio key={value} value={value} label={label} />
          ))}
        </Stack>
      </Radio.Group>
      {form.values.keysFrom === 'url' ? (
        <TextInput
          label="JWKS URL"
          description="Where the client publishes its public keys"
          withAsterisk
          {...form.getInputProps('jwksUrl')}
        />
      ) : form.values.keysFrom === 'text' ? (
        <Textarea
          label="JSON Web Key Set"
          description="Only public keys: RSA keys for RS384, or EC keys with the curve P-384 for ES384"
          withAsterisk
          autosize
          minRows={4}
          maxRows={16}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          {...form.getInputProps('jwks')}
        />
      ) : null}
    </EntryForm>
  );
}
