import { TextInput } from '@mantine/core';
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

/** Replaces the credentials. The stored secret is never shown, so it must be entered again. */
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
      notify.done('The credentials are replaced. Work continues with the new ones.');
      onDone();
    },
  });
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
    validate: (values) => missingFields(values, needs),
  });
  const body = { auth: { ...unshownOf(connection.auth, form.values), ...toAuth(form.values) } };
  return (
    <TestedForm
      draft={withAuth(connection, body.auth)}
      validate={() => checkForm(form)}
      save={change}
      onSave={() => change.mutate({ params: { path: { id } }, body })}
    >
      <CredentialsFields form={form} provider={provider} />
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

/** Reads connections again wherever they are shown. */
function refreshConnections(): Promise<void> {
  return refresh('/api/ehr/connections', '/api/ehr/connections/{id}');
}
