import { Code, JsonInput, ScrollArea, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, type ProviderDetails, refresh } from '../api/api.ts';
import { ActionButton, useAction } from '../parts/buttons.tsx';
import { notify } from '../parts/dialogs.ts';
import { EntryForm } from '../parts/forms.tsx';
import { QueryResult } from '../parts/page.tsx';
import { useSession } from '../session/session-provider.tsx';

const example = `{
  "name": "My server",
  "environments": { "main": { "fhirEndpoint": "https://fhir.example.org/r4" } },
  "defaultEnvironment": "main",
  "defaultScope": "system/*.read"
}`;

const refreshProviders = () => refresh('/api/ehr/providers', '/api/ehr/providers/{id}');

export function NewProviderForm({ onDone }: { readonly onDone: () => void }) {
  return <EntryEditor entry={example} onDone={onDone} />;
}

/** The settings as they are used, and what is stored of them. */
export function ProviderSettings({ id, onDone }: { readonly id: string; readonly onDone: () => void }) {
  const provider = api.useQuery('get', '/api/ehr/providers/{id}', { params: { path: { id } } });
  return <QueryResult query={provider}>{({ data }) => <Settings provider={data} onDone={onDone} />}</QueryResult>;
}

function Settings({ provider, onDone }: { readonly provider: ProviderDetails; readonly onDone: () => void }) {
  const { isAdmin } = useSession();
  const { id, name, settings, entry, isDeclared } = provider;
  const remove = useAction('delete', '/api/ehr/providers/{id}', {
    onSuccess: async () => {
      // Before the refresh, because one that is gone cannot be read again.
      onDone();
      await refreshProviders();
    },
  });
  return (
    <Stack>
      <ScrollArea.Autosize mah={300}>
        <Code block>{toText(settings)}</Code>
      </ScrollArea.Autosize>
      {isDeclared && (
        <Text size="sm">The configuration of the deployment has an entry of this provider. Change it there.</Text>
      )}
      {isAdmin && !isDeclared && <EntryEditor id={id} entry={toText(entry ?? {})} onDone={onDone} />}
      {isAdmin && entry && (
        <ActionButton
          label="Remove what is stored"
          isForAdmins
          mutation={remove}
          input={{ params: { path: { id } } }}
          question={{
            title: `Remove what is stored of ${name}?`,
            text: 'A provider that is built in is then as it was. Another one is gone.',
            action: 'Remove it',
          }}
          isDangerous
        />
      )}
    </Stack>
  );
}

interface EntryEditorProps {
  /** Absent for a new provider. */
  readonly id?: string;
  readonly entry: string;
  readonly onDone: () => void;
}

function EntryEditor({ id, entry, onDone }: EntryEditorProps) {
  const change = api.useMutation('put', '/api/ehr/providers/{id}', {
    onSuccess: async () => {
      await refreshProviders();
      notify.done('Stored. All processes use it within some seconds.');
      onDone();
    },
  });
  const form = useForm({
    initialValues: { id: id ?? '', entry },
    validate: {
      id: (text) => (text.trim() === '' ? 'Enter the id.' : null),
      entry: (text) => (parse(text) ? null : 'Enter a JSON object.'),
    },
  });
  const submit = (values: typeof form.values) =>
    change.mutate({ params: { path: { id: values.id.trim() } }, body: parse(values.entry) ?? {} });
  return (
    <EntryForm action="Store" mutation={change} onSubmit={form.onSubmit(submit)}>
      {id === undefined && (
        <TextInput label="Id" description="Lower-case letters, digits and hyphens" {...form.getInputProps('id')} />
      )}
      <JsonInput
        label="Stored entry"
        description="The fields that differ from the built-in entry, or all of a new provider"
        autosize
        minRows={6}
        maxRows={16}
        {...form.getInputProps('entry')}
      />
    </EntryForm>
  );
}

function toText(value: object): string {
  return JSON.stringify(value, undefined, 2);
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
