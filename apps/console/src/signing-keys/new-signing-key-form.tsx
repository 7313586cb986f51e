import { Select, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, refresh } from '../api/api.ts';
import { EntryForm } from '../parts/forms.tsx';

/** RS384 first, because every server supports it. */
const algorithms = ['RS384', 'ES384'] as const;

/** Creates a key pair, or imports one. */
export function NewSigningKeyForm({ onDone }: { readonly onDone: () => void }) {
  const create = api.useMutation('post', '/api/ehr/signing-keys', {
    onSuccess: async () => {
      await refresh('/api/ehr/signing-keys');
      onDone();
    },
  });
  const form = useForm({ initialValues: { alg: 'RS384' as (typeof algorithms)[number], privateKey: '', kid: '' } });
  const isImport = form.values.privateKey.trim() !== '';
  const submit = ({ alg, privateKey, kid }: typeof form.values) => {
    const name = kid.trim() === '' ? {} : { kid: kid.trim() };
    create.mutate({ body: isImport ? { privateKey, ...name } : { alg } });
  };
  return (
    <EntryForm action="Create" mutation={create} onSubmit={form.onSubmit(submit)}>
      {!isImport && (
        <Select label="Algorithm" allowDeselect={false} data={[...algorithms]} {...form.getInputProps('alg')} />
      )}
      <Textarea
        label="Private key"
        description="Only to import an existing key: PEM"
        autosize
        minRows={2}
        {...form.getInputProps('privateKey')}
      />
      {isImport && (
        <TextInput
          label="Key id"
          description="Leave empty to use the thumbprint of the key."
          {...form.getInputProps('kid')}
        />
      )}
      <Text size="sm">The public key is published at once. The key signs an hour later, when EHRs have read it.</Text>
    </EntryForm>
  );
}
