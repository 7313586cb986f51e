import { ApiError } from '@bulkhead/client';
import { Alert, Checkbox, Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api, type Provider, refresh } from '../api/api.ts';
import { useSession } from '../api/session.ts';
import { ConnectionName } from '../parts/connection.tsx';
import { WithProvider } from '../session/session-provider.tsx';
import {
  type ConnectionForm,
  emptyConnectionForm,
  methodsOf,
  missingFields,
  requiredFields,
  toConnectionRequest,
  toDraft,
} from './connection-form.ts';
import { CredentialsFields } from './credentials-fields.tsx';
import { checkForm, TestedForm } from './tested-form.tsx';

/** Creates a connection with credentials, or opens the EHR, where a user of the practice authorizes it. */
export function NewConnectionForm() {
  const { providers } = useSession();
  const [vendor, setVendor] = useState(providers.length === 1 ? providers[0]?.id : undefined);
  return (
    <>
      <Select
        label="EHR vendor"
        withAsterisk
        searchable
        allowDeselect={false}
        data={providers.map(({ id, name }) => ({ value: id, label: name }))}
        value={vendor ?? null}
        onChange={(id) => setVendor(id ?? undefined)}
        mb="sm"
      />
      {vendor !== undefined && (
        <WithProvider key={vendor} id={vendor}>
          {(provider) => <NewConnection provider={provider} />}
        </WithProvider>
      )}
    </>
  );
}

function NewConnection({ provider }: { readonly provider: Provider }) {
  const navigate = useNavigate();
  const create = api.useMutation('post', '/api/ehr/connections', {
    onSuccess: async ({ data }) => {
      await refresh('/api/ehr/connections');
      await navigate(`/connections/${data.id}`);
    },
  });
  const form = useForm<ConnectionForm>({
    initialValues: {
      ...emptyConnectionForm,
      environment: provider.defaultEnvironment,
      method: methodsOf(provider).find(({ value }) => value === emptyConnectionForm.method)?.value ?? 'none',
    },
    validate: (values) => missingFields(values, provider),
  });
  const isPracticeRequired = requiredFields(form.values, provider).includes('practiceId');
  const existingId = existingConnection(create.error);
  return (
    <TestedForm
      draft={toDraft(provider.id, form.values)}
      validate={() => checkForm(form)}
      save={create}
      onSave={() => create.mutate({ body: toConnectionRequest(provider.id, form.values) })}
      refusal={
        existingId && (
          <Alert color="red" role="alert" title="There is a connection for this practice or group">
            <ConnectionName id={existingId} /> has the same environment. Use it, or create a second one:
            <Checkbox
              mt="xs"
              label="Create a second connection"
              {...form.getInputProps('force', { type: 'checkbox' })}
            />
          </Alert>
        )
      }
    >
      <TextInput
        label="Name"
        description="Must be unique. Leave empty to create it from the fields below."
        maxLength={80}
        {...form.getInputProps('name')}
      />
      <Select
        label="Environment"
        withAsterisk
        allowDeselect={false}
        data={[...provider.environments]}
        {...form.getInputProps('environment')}
      />
      <TextInput
        label="Practice id"
        withAsterisk={isPracticeRequired}
        description="The number that the vendor uses"
        {...form.getInputProps('practiceId')}
      />
      <TextInput label="Group id" description="For exports of another group" {...form.getInputProps('groupId')} />
      <TextInput
        label="FHIR endpoint"
        description={`Leave empty to use ${provider.fhirEndpoints[form.values.environment] ?? "the environment's default"}.`}
        {...form.getInputProps('fhirEndpoint')}
      />
      <CredentialsFields form={form} provider={provider} />
    </TestedForm>
  );
}

/** The id of the connection because of which a new one was refused. */
function existingConnection(error: unknown): string | undefined {
  if (!(error instanceof ApiError) || error.code !== 'connection-exists') return undefined;
  return (error.details as { readonly connectionId?: string } | undefined)?.connectionId;
}
