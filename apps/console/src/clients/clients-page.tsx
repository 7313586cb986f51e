import { Button, Group, Text } from '@mantine/core';
import { api, type BackendClient, refresh } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { ActionButton, FormButton, useAction } from '../parts/buttons.tsx';
import { ConnectionNames } from '../parts/connection.tsx';
import { EmptyState, Page } from '../parts/page.tsx';
import { type Column, QueryTable } from '../parts/record-table.tsx';
import { ShortText } from '../parts/short-text.tsx';
import { showSecret } from '../parts/show-secret.tsx';
import { formatInstant } from '../parts/times.ts';
import { Timestamp } from '../parts/timestamp.tsx';
import { showClientUrls } from './client-urls.tsx';
import { NewClientForm } from './new-client-form.tsx';

/** The programs that read what is stored with tokens (SMART Backend Services). */
export function ClientsPage() {
  const clients = api.useQuery('get', '/api/ehr/clients');
  return (
    <Page
      title="FHIR clients"
      actions={
        <FormButton label="Register a client" isForAdmins>
          {(close) => <NewClientForm onDone={close} />}
        </FormButton>
      }
    >
      <QueryTable
        query={clients}
        caption="FHIR clients"
        columns={columns}
        keyOf={({ id }) => id}
        empty={
          <EmptyState title="No FHIR clients">
            Register a program that reads the stored data by FHIR or Bulk Data, with its public keys.
          </EmptyState>
        }
      />
    </Page>
  );
}

const columns: readonly Column<BackendClient>[] = [
  { header: 'Name', cell: ({ name }) => name },
  { header: 'Client id', cell: ({ id }) => <ShortText text={id} name="client id" />, from: 'lg' },
  { header: 'Scope', cell: ({ scope }) => <Scope scope={scope} />, from: 'md' },
  { header: 'Connections', cell: ({ connectionIds }) => <ConnectionNames ids={connectionIds} />, from: 'md' },
  { header: 'Keys', cell: (client) => <Keys client={client} />, from: 'xl' },
  { header: 'Registered', cell: ({ createdAt }) => <Timestamp at={createdAt} />, from: 'xl' },
  { header: 'Last used', cell: ({ lastUsedAt }) => <Timestamp at={lastUsedAt} none="never" />, from: 'sm' },
  {
    header: 'State',
    cell: ({ revokedAt }) => <StatusBadge status={revokedAt === undefined ? 'active' : 'revoked'} />,
  },
  { header: 'Actions', cell: (client) => client.revokedAt === undefined && <ClientActions client={client} /> },
];

/** Scopes can have thousands of characters. */
function Scope({ scope }: { readonly scope: string }) {
  return (
    <Text size="sm" lineClamp={3} title={scope}>
      {scope}
    </Text>
  );
}

function Keys({ client: { jwks, jwksUrl, secrets = [] } }: { readonly client: BackendClient }) {
  if (jwks === undefined && jwksUrl === undefined)
    return secrets.length === 1 ? '1 secret' : `${secrets.length} secrets`;
  if (jwks === undefined) return <ShortText text={jwksUrl ?? ''} name="JWKS URL" />;
  return jwks.keys.length === 1 ? '1 key' : `${jwks.keys.length} keys`;
}

function ClientActions({ client }: { readonly client: BackendClient }) {
  const { id, name, secrets = [] } = client;
  const params = { path: { id } };
  const create = useAction('post', '/api/ehr/clients/{id}/secrets', {
    onSuccess: ({ data: { secret } }) => {
      const text = `${name} sends it with its client id to the token URL.`;
      showSecret({ title: `A secret of “${name}” is created`, label: 'Client secret', secret, text });
      return refresh('/api/ehr/clients');
    },
  });
  const revoke = useAction('delete', '/api/ehr/clients/{id}', { onSuccess: () => refresh('/api/ehr/clients') });
  return (
    <Group gap="xs">
      <Button
        size="compact-sm"
        variant="light"
        aria-label={`Show URLs of ${name}`}
        onClick={() => showClientUrls(client, { title: `How ${name} connects` })}
      >
        Show URLs
      </Button>
      {secrets.length < 2 && (
        <ActionButton
          label="New secret"
          isForAdmins
          mutation={create}
          input={{ params }}
          question={{
            title: `Create a secret for “${name}”?`,
            text: 'Every program that has it gets tokens with it. A client that can sign assertions needs none.',
            action: 'Create a secret',
          }}
          isCompact
          aria-label={`New secret for ${name}`}
        />
      )}
      {secrets.map((secret) => (
        <DeleteSecret key={secret.id} client={client} secret={secret} />
      ))}
      <ActionButton
        label="Revoke"
        isForAdmins
        mutation={revoke}
        input={{ params }}
        question={{
          title: `Revoke the client “${name}”?`,
          text: 'Its tokens stop working at once, and it gets no new ones. This cannot be undone.',
          action: 'Revoke the client',
        }}
        isDangerous
        isCompact
        aria-label={`Revoke ${name}`}
      />
    </Group>
  );
}

interface DeleteSecretProps {
  readonly client: BackendClient;
  readonly secret: NonNullable<BackendClient['secrets']>[number];
}

function DeleteSecret({ client: { id, name }, secret }: DeleteSecretProps) {
  const path = '/api/ehr/clients/{id}/secrets/{secretId}';
  const remove = useAction('delete', path, { onSuccess: () => refresh('/api/ehr/clients') });
  const createdAt = formatInstant(secret.createdAt);
  return (
    <ActionButton
      label="Delete secret"
      isForAdmins
      mutation={remove}
      input={{ params: { path: { id, secretId: secret.id } } }}
      question={{
        title: `Delete the secret of “${name}” of ${createdAt}?`,
        text: 'It stops working at once.',
        action: 'Delete the secret',
      }}
      isDangerous
      isCompact
      aria-label={`Delete secret of ${name} of ${createdAt}`}
    />
  );
}
