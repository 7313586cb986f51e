import { api, type OpenSession, refresh } from '../api/api.ts';
import { ActionButton, useAction } from '../parts/buttons.tsx';
import { EmptyState } from '../parts/page.tsx';
import { type Column, QueryTable } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';

/** The users who are logged in with a browser. */
export function Sessions() {
  const sessions = api.useQuery('get', '/api/ehr/sessions');
  return (
    <QueryTable
      query={sessions}
      caption="Sessions"
      columns={columns}
      keyOf={({ id }) => id}
      empty={<EmptyState title="No sessions">Users appear here while they are logged in.</EmptyState>}
    />
  );
}

const columns: readonly Column<OpenSession>[] = [
  { header: 'Name', cell: ({ name }) => name },
  { header: 'Role', cell: ({ personRole, role }) => personRole ?? role, from: 'sm' },
  { header: 'Logged in', cell: ({ createdAt }) => <Timestamp at={createdAt} />, from: 'md' },
  { header: 'Last active', cell: ({ lastSeenAt }) => <Timestamp at={lastSeenAt} /> },
  { header: 'Ends', cell: ({ expiresAt }) => <Timestamp at={expiresAt} />, from: 'lg' },
  { header: 'Actions', cell: (session) => <EndSessionButton session={session} /> },
];

function EndSessionButton({ session: { id, name } }: { readonly session: OpenSession }) {
  const end = useAction('delete', '/api/ehr/sessions/{id}', { onSuccess: () => refresh('/api/ehr/sessions') });
  return (
    <ActionButton
      label="End"
      isForAdmins
      mutation={end}
      input={{ params: { path: { id } } }}
      question={{
        title: `End the session of ${name}?`,
        text: 'The next request of this browser is refused. To keep the person from logging in again, take away the role at the identity provider, or revoke the key.',
        action: 'End the session',
      }}
      isDangerous
      isCompact
      aria-label={`End the session of ${name}`}
    />
  );
}
