import { Code, Stack } from '@mantine/core';
import { api } from '../api/api.ts';
import type { ApiKey } from '../api/records.ts';
import { ConnectionName } from '../parts/connection-name.tsx';
import { FormButton } from '../parts/form-button.tsx';
import { formatCount } from '../parts/format-count.ts';
import { LookedUp } from '../parts/looked-up.tsx';
import { Moment } from '../parts/moment.tsx';
import { NothingYet } from '../parts/nothing-yet.tsx';
import { Page } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { useSession } from '../session/session-provider.tsx';
import { NewApiKeyForm } from './new-api-key-form.tsx';
import { RevokeApiKeyButton } from './revoke-api-key-button.tsx';
import { stateOfApiKey } from './state-of-api-key.ts';

/** As many names as fit into a row. */
const shownConnections = 3;

/** Who may call the API and log in here. */
export function ApiKeysPage() {
  const { isOperator } = useSession();
  const found = api.useQuery('get', '/api/ehr/api-keys');
  return (
    <Page
      title="API keys"
      actions={
        isOperator && (
          <FormButton label="Make a key" title="Make an API key">
            {(close) => <NewApiKeyForm onDone={close} />}
          </FormButton>
        )
      }
    >
      <LookedUp query={found}>
        {({ data }) => (
          <RecordTable
            caption="API keys"
            columns={columns}
            rows={data}
            keyOf={({ id }) => id}
            empty={<NothingYet title="No keys">Make one for each program and person.</NothingYet>}
          />
        )}
      </LookedUp>
    </Page>
  );
}

const columns: readonly Column<ApiKey>[] = [
  { header: 'Name', cell: ({ name }) => name },
  { header: 'Begins with', cell: ({ prefix }) => <Code>{prefix}</Code>, from: 'xl' },
  { header: 'Role', cell: ({ role }) => role, from: 'sm' },
  { header: 'Connections', cell: (apiKey) => <Connections apiKey={apiKey} />, from: 'md' },
  { header: 'Made', cell: ({ createdAt }) => <Moment at={createdAt} />, from: 'xl' },
  { header: 'Last used', cell: ({ lastUsedAt }) => <Moment at={lastUsedAt} none="never" />, from: 'sm' },
  { header: 'Expires', cell: ({ expiresAt }) => <Moment at={expiresAt} none="never" />, from: 'lg' },
  { header: 'State', cell: (apiKey) => <StatusBadge status={stateOfApiKey(apiKey)} /> },
  {
    header: 'Actions',
    cell: (apiKey) => stateOfApiKey(apiKey) !== 'revoked' && <RevokeApiKeyButton apiKey={apiKey} />,
  },
];

function Connections({ apiKey: { connectionIds } }: { readonly apiKey: ApiKey }) {
  if (connectionIds === undefined) return 'all';
  if (connectionIds.length > shownConnections) return `${formatCount(connectionIds.length)} connections`;
  return (
    <Stack gap={0}>
      {connectionIds.map((id) => (
        <span key={id}>
          <ConnectionName id={id} />
        </span>
      ))}
    </Stack>
  );
}
