import { api, type Connection } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { FormButton } from '../parts/buttons.tsx';
import { EmptyState, Page, PageLink } from '../parts/page.tsx';
import { type Column, QueryTable } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { NewConnectionForm } from './new-connection-form.tsx';
import { TestConnectionButton } from './test-connection.tsx';

/** The connected practices. */
export function ConnectionsPage() {
  const connections = api.useQuery('get', '/api/ehr/connections');
  return (
    <Page
      title="Connections"
      actions={
        <FormButton label="Add a connection" isForOperators>
          {() => <NewConnectionForm />}
        </FormButton>
      }
    >
      <QueryTable
        query={connections}
        caption="Connections"
        columns={columns}
        keyOf={({ id }) => id}
        empty={
          <EmptyState title="No connections">
            Add a connection with the practice’s credentials, or let a user of the practice authorize it.
          </EmptyState>
        }
      />
    </Page>
  );
}

const columns: readonly Column<Connection>[] = [
  {
    header: 'Connection',
    cell: (connection) => <PageLink to={`/connections/${connection.id}`}>{connection.name}</PageLink>,
  },
  { header: 'Practice', cell: ({ practiceId, groupId }) => practiceId ?? groupId, from: 'sm' },
  { header: 'Vendor', cell: ({ provider, environment }) => `${provider} ${environment}`, from: 'sm' },
  { header: 'Credentials', cell: ({ auth }) => auth.method.replaceAll('_', ' '), from: 'md' },
  { header: 'Last test', cell: (connection) => <LastTest connection={connection} /> },
  { header: 'Added', cell: ({ createdAt }) => <Timestamp at={createdAt} />, from: 'md' },
];

function LastTest({ connection }: { readonly connection: Connection }) {
  const { lastTest, needsAuthorization } = connection;
  if (needsAuthorization) return <StatusBadge status="needs authorization" />;
  if (!lastTest) return <TestConnectionButton connection={connection} label="Test now" isCompact />;
  return <StatusBadge status={lastTest.ok ? 'ok' : 'failed'} />;
}
