import { Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, type Connection, type Provider, refresh } from '../api/api.ts';
import { notify } from '../parts/dialogs.ts';
import { EntryForm } from '../parts/forms.tsx';
import { WithProvider } from '../session/session-provider.tsx';
import { type CredentialsForm, missingFields, toAuth, unshownOf, withAuth } from './connection-form.ts';
import { CredentialsFields } from './credentials-fields.tsx';
import { checkForm, TestedForm } from './tested-form.tsx';

interface EditProps {
  readonly connection: Connection;
  readonly onDone: () => void;
}

/** Replaces the credentials. The stored secret is never shown, and stays if none is entered for the same client. */
export function EditCredentialsForm({ connection, onDone }: EditProps) {
  return (
    <WithProvider id={connection.provider}>
      {(provider) => <CredentialsEditor connection={connection} provider={provider} onDone={onDone} />}
    </WithProvider>
  );
}

function CredentialsEditor({ connection, provider, onDone }: EditProps & { readonly provider: Provider }) {
  const { id, auth } = connection;
  const change = api.useMutation('put', '/api/ehr/connections/{id}/credentials', {
    onSuccess: async () => {
      await refreshConnections();
      notify.done('Credentials updated. Running work now uses them.');
      onDone();
    },
  });
  const keptClient = ({ method }: CredentialsForm) =>
    method === auth.method && 'clientId' in auth ? auth.clientId : undefined;
  const needs = { hasClient: provider.hasClient, usesPracticeId: false };
  const form = useForm<CredentialsForm>({
    initialValues: {
      method: auth.method,
      clientId: 'clientId' in auth ? auth.clientId : '',
      clientSecret: '',
      privateKey: '',
      scopes: ('scopesOfDeclared' in auth ? auth.scopesOfDeclared : undefined) ?? 'own',
      scope: 'scope' in auth ? auth.scope : '',
    },
    validate: (values) => missingFields(values, { ...needs, keptClientId: keptClient(values) }),
  });
  const body = { auth: { ...unshownOf(connection.auth, form.values), ...toAuth(form.values) } };
  return (
    <TestedForm
      draft={withAuth(connection, body.auth)}
      validate={() => checkForm(form)}
      save={change}
      onSave={() => change.mutate({ params: { path: { id } }, body })}
    >
      <CredentialsFields form={form} provider={provider} keptClientId={keptClient(form.values)} />
    </TestedForm>
  );
}

export function RenameForm({ connection: { id, name }, onDone }: EditProps) {
  const rename = api.useMutation('patch', '/api/ehr/connections/{id}', {
    onSuccess: async () => {
      await refreshConnections();
      onDone();
    },
  });
  const form = useForm({
    initialValues: { name },
    validate: { name: (text) => (text.trim() === '' ? 'Enter the name.' : null) },
  });
  return (
    <EntryForm
      action="Rename"
      mutation={rename}
      onSubmit={form.onSubmit((body) => rename.mutate({ params: { path: { id } }, body }))}
    >
      <TextInput label="Name" description="Unique" withAsterisk maxLength={80} {...form.getInputProps('name')} />
    </EntryForm>
  );
}

/** The origins, besides that of the FHIR endpoint, that get the access token. */
export function OriginsForm({ connection: { id, origins = [], aliases = [] }, onDone }: EditProps) {
  const change = api.useMutation('put', '/api/ehr/connections/{id}/origins', {
    onSuccess: async () => {
      await refreshConnections();
      notify.done('The origins are replaced. Retry what has failed.');
      onDone();
    },
  });
  const form = useForm({ initialValues: { origins: origins.join('\n'), aliases: aliases.join('\n') } });
  const submit = (values: typeof form.values) => {
    const body = { origins: linesOf(values.origins), aliases: linesOf(values.aliases) };
    change.mutate({ params: { path: { id } }, body });
  };
  return (
    <EntryForm action="Replace" mutation={change} onSubmit={form.onSubmit(submit)}>
      <Textarea
        label="Further origins"
        description="Parts of the EHR that get the access token, one a line, such as https://files.example.org"
        autosize
        minRows={2}
        {...form.getInputProps('origins')}
      />
      <Textarea
        label="Other names of its origin"
        description="What the EHR calls its own FHIR endpoint, one a line, such as http://fhir.internal:8080"
        autosize
        minRows={2}
        {...form.getInputProps('aliases')}
      />
    </EntryForm>
  );
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

/** Reads connections again wherever they are shown. */
function refreshConnections(): Promise<void> {
  return refresh('/api/ehr/connections', '/api/ehr/connections/{id}');
}
