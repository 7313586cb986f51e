import { Code } from '@mantine/core';
import { type ApiKey, api, refresh } from '../api/api.ts';
import { useSession } from '../api/session.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { ActionButton, FormButton, useAction } from '../parts/buttons.tsx';
import { ConnectionNames } from '../parts/connection.tsx';
import { EmptyState, Page, SectionTitle } from '../parts/page.tsx';
import { type Column, QueryTable } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { NewApiKeyForm } from './new-api-key-form.tsx';
import { Sessions } from './sessions.tsx';

/** The keys that may call the API and log in. */
export function ApiKeysPage() {
  const keys = api.useQuery('get', '/api/ehr/api-keys');
  return (
    <Page
      title="API keys"
      actions={
        <FormButton label="Create a key" title="Create an API key" isForAdmins>
          {(close) => <NewApiKeyForm onDone={close} />}
        </FormButton>
      }
    >
      <QueryTable
        query={keys}
        caption="API keys"
        columns={columns}
        keyOf={({ id }) => id}
        empty={<EmptyState title="No keys">Create one key for each program and person.</EmptyState>}
      />
      {keys.data && (
        <>
          <SectionTitle>Sessions</SectionTitle>
          <Sessions />
        </>
      )}
    </Page>
  );
}

const columns: readonly Column<ApiKey>[] = [
  { header: 'Name', cell: ({ name }) => name },
  { header: 'Begins with', cell: ({ prefix }) => <Code>{prefix}</Code>, from: 'xl' },
  { header: 'Role', cell: ({ role }) => role, from: 'sm' },
  { header: 'Connections', cell: ({ connectionIds }) => <ConnectionNames ids={connectionIds} />, from: 'md' },
  { header: 'Made', cell: ({ createdAt }) => <Timestamp at={createdAt} />, from: 'xl' },
  { header: 'Last used', cell: ({ lastUsedAt }) => <Timestamp at={lastUsedAt} none="never" />, from: 'sm' },
  { header: 'Expires', cell: ({ expiresAt }) => <Timestamp at={expiresAt} none="never" />, from: 'lg' },
  { header: 'State', cell: (apiKey) => <StatusBadge status={stateOfApiKey(apiKey)} /> },
  {
    header: 'Actions',
    cell: (apiKey) => stateOfApiKey(apiKey) !== 'revoked' && <RevokeApiKeyButton apiKey={apiKey} />,
  },
];

function RevokeApiKeyButton({ apiKey: { id, name } }: { readonly apiKey: ApiKey }) {
  const { key } = useSession();
  const revoke = useAction('delete', '/api/ehr/api-keys/{id}', { onSuccess: () => refresh('/api/ehr/api-keys') });
  return (
    <ActionButton
      label="Revoke"
      isForAdmins
      mutation={revoke}
      input={{ params: { path: { id } } }}
      question={{
        title: `Revoke the key “${name}”?`,
        text:
          id === key.apiKeyId
            ? 'You are logged in with this key. Your session ends, and you need another key to log in again.'
            : 'Requests with this key are refused from now on, and its sessions end.',
        action: 'Revoke the key',
      }}
      isDangerous
      isCompact
      aria-label={`Revoke ${name}`}
    />
  );
}

function stateOfApiKey({ revokedAt, expiresAt }: ApiKey): 'active' | 'revoked' | 'expired' {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'active';
}
