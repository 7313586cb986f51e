import { PasswordInput, Select, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { api } from '../api/api.ts';
import { EntryForm } from '../parts/forms.tsx';
import { useSession } from '../session/session-provider.tsx';
import { type ConnectionForm, emptyConnectionForm, methods, toConnectionRequest } from './connection-form.ts';

/** Creates a connection with credentials, or opens the EHR, where a user of the practice authorizes it. */
export function NewConnectionForm() {
  const { provider, providers } = useSession();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const create = api.useMutation('post', '/api/ehr/connections', {
    onSuccess: async ({ data }) => {
      await queries.invalidateQueries({ queryKey: ['get', '/api/ehr/connections'] });
      await navigate(`/connections/${data.id}`);
    },
  });
  const environments = providers.find(({ id }) => id === provider)?.environments ?? [];
  const form = useForm<ConnectionForm>({
    initialValues: { ...emptyConnectionForm, environment: environments[0] ?? '' },
  });
  const { method } = form.values;
  const submit = (values: ConnectionForm) => create.mutate({ body: toConnectionRequest({ provider, form: values }) });
  return (
    <EntryForm action="Add" mutation={create} onSubmit={form.onSubmit(submit)}>
      <Select
        label="Environment"
        allowDeselect={false}
        data={[...environments]}
        {...form.getInputProps('environment')}
      />
      <TextInput
        label="Practice id"
        description="The number that athenahealth uses"
        {...form.getInputProps('practiceId')}
      />
      <TextInput label="Group id" description="For exports of a group" {...form.getInputProps('groupId')} />
      <TextInput
        label="FHIR endpoint"
        description="Empty for the environment's default"
        {...form.getInputProps('fhirEndpoint')}
      />
      <Select label="Credentials" allowDeselect={false} data={methods} {...form.getInputProps('method')} />
      {method !== 'none' && (
        <TextInput label="Client id" description="Empty for the deployment’s own" {...form.getInputProps('clientId')} />
      )}
      {(method === 'client_credentials' || method === 'authorization_code') && (
        <PasswordInput
          label="Client secret"
          description="Empty for the deployment’s own"
          autoComplete="new-password"
          {...form.getInputProps('clientSecret')}
        />
      )}
      {method === 'private_key_jwt' && (
        <Textarea
          label="Private key"
          description="PEM. Empty for the deployment’s signing key, whose public key is at /.well-known/jwks.json"
          autosize
          minRows={3}
          {...form.getInputProps('privateKey')}
        />
      )}
      {method !== 'none' && (
        <TextInput label="Scope" description="Empty for the vendor’s default" {...form.getInputProps('scope')} />
      )}
    </EntryForm>
  );
}
