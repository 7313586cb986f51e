import { Anchor, Code, Group, Text } from '@mantine/core';
import { api, refresh, type SigningKey } from '../api/api.ts';
import { useSession } from '../api/session.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { ActionButton, FormButton, useAction } from '../parts/buttons.tsx';
import { EmptyState, Page } from '../parts/page.tsx';
import { type Column, QueryTable } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { NewSigningKeyForm } from './new-signing-key-form.tsx';

/** The keys of the deployment that sign assertions for connections without a secret. */
export function SigningKeysPage() {
  const keys = api.useQuery('get', '/api/ehr/signing-keys');
  return (
    <Page
      title="Signing keys"
      actions={
        <FormButton label="Create a key" title="Create a signing key" isForAdmins>
          {(close) => <NewSigningKeyForm onDone={close} />}
        </FormButton>
      }
    >
      <Text size="sm">
        Register{' '}
        <Anchor href="/.well-known/jwks.json" underline="always" inherit>
          /.well-known/jwks.json
        </Anchor>{' '}
        at the EHR, which verifies with the public keys there.
      </Text>
      <QueryTable
        query={keys}
        caption="Signing keys"
        columns={columns}
        keyOf={({ kid }) => kid}
        empty={
          <EmptyState title="No signing keys">
            Create one for connections that sign assertions (SMART Backend Services).
          </EmptyState>
        }
      />
    </Page>
  );
}

const whatToDo: Readonly<Record<SigningKey['state'], string>> = {
  active: 'It signs. To replace it, create another key and wait an hour.',
  published: 'It can be verified, and does not sign. The newest key signs an hour after it was created.',
  retired: 'It does not sign. Delete it ten minutes after it was retired.',
};

const columns: readonly Column<SigningKey>[] = [
  { header: 'Key id', cell: ({ kid }) => <Code style={{ overflowWrap: 'anywhere' }}>{kid}</Code> },
  { header: 'Algorithm', cell: ({ alg }) => alg, from: 'sm' },
  { header: 'State', cell: ({ state }) => <StatusBadge status={state} /> },
  { header: 'What to do', cell: ({ state }) => <Text size="sm">{whatToDo[state]}</Text>, from: 'md' },
  { header: 'Created', cell: ({ createdAt }) => <Timestamp at={createdAt} />, from: 'lg' },
  { header: 'Actions', cell: (key) => <SigningKeyActions signingKey={key} /> },
];

/** The actions that the API allows in the state of the key. */
function SigningKeyActions({ signingKey: { kid, state } }: { readonly signingKey: SigningKey }) {
  const { isOperator } = useSession();
  const params = { path: { kid } };
  const options = { onSuccess: () => refresh('/api/ehr/signing-keys') };
  const activate = useAction('post', '/api/ehr/signing-keys/{kid}/activate', options);
  const retire = useAction('post', '/api/ehr/signing-keys/{kid}/retire', options);
  const remove = useAction('delete', '/api/ehr/signing-keys/{kid}', options);
  if (!isOperator || state === 'active') return null;
  if (state === 'retired') {
    return (
      <ActionButton
        label="Delete"
        isForAdmins
        mutation={remove}
        input={{ params }}
        question={{
          title: 'Delete this key?',
          text: 'EHRs can no longer verify what it has signed.',
          action: 'Delete the key',
        }}
        isDangerous
        isCompact
      />
    );
  }
  return (
    <Group gap="xs">
      <ActionButton
        label="Activate"
        isForAdmins
        mutation={activate}
        input={{ params }}
        question={{
          title: 'Let this key sign from now on?',
          text: 'An EHR that has not read the key yet refuses what it signs. Without this, it signs an hour after its creation.',
          action: 'Activate the key',
        }}
        isCompact
      />
      <ActionButton
        label="Retire"
        isForAdmins
        mutation={retire}
        input={{ params }}
        question={{ title: 'Retire this key?', text: 'A retired key never signs again.', action: 'Retire the key' }}
        isDangerous
        isCompact
      />
    </Group>
  );
}
