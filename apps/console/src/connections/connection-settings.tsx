import { Group, Paper, Stack, Text, Title } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Connection } from '../api/api.ts';
import { useSession } from '../api/session.ts';
import { ErasePatientForm } from '../erasures/erase-patient-form.tsx';
import { FormButton } from '../parts/buttons.tsx';
import { DetailList } from '../parts/detail-list.tsx';
import { fhirBaseUrlOf, usePublicUrl } from '../parts/public-url.ts';
import { ShortText } from '../parts/short-text.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { authorizedFor } from './authorized-for.ts';
import { EditCredentialsForm, OriginsForm, RenameForm } from './edit-connection.tsx';
import { RemoveConnectionForm } from './remove-connection-form.tsx';

const pencil = <IconPencil size={16} aria-hidden />;
const trash = <IconTrash size={16} aria-hidden />;

interface ConnectionSettingsProps {
  readonly connection: Connection;
  /** Whether the form for the credentials is open at first. */
  readonly isEditing: boolean;
}

/** The endpoint and the credentials of a connection, and what deletes data. */
export function ConnectionSettings({ connection, isEditing }: ConnectionSettingsProps) {
  const { isOperator, isAdmin } = useSession();
  return (
    <Stack>
      <Paper withBorder p="md">
        <ConnectionDetails connection={connection} />
      </Paper>
      {isOperator && (
        <>
          <Group>
            <FormButton label="Edit credentials" isForAdmins icon={pencil} isSecondary isOpenAtFirst={isEditing}>
              {(close) => <EditCredentialsForm connection={connection} onDone={close} />}
            </FormButton>
            <FormButton label="Edit origins" title="Origins of the EHR" isForAdmins icon={pencil} isSecondary>
              {(close) => <OriginsForm connection={connection} onDone={close} />}
            </FormButton>
            <FormButton label="Rename" title="Rename the connection" icon={pencil} isSecondary>
              {(close) => <RenameForm connection={connection} onDone={close} />}
            </FormButton>
          </Group>
          {isAdmin && <DangerZone connection={connection} />}
        </>
      )}
    </Stack>
  );
}

function ConnectionDetails({ connection }: { readonly connection: Connection }) {
  const { data: publicUrl } = usePublicUrl();
  const baseUrl = publicUrl && fhirBaseUrlOf(publicUrl, connection);
  return (
    <DetailList
      facts={{
        ...detailsOf(connection),
        'FHIR base URL for clients': baseUrl && <ShortText text={baseUrl} name="FHIR base URL" />,
      }}
    />
  );
}

function DangerZone({ connection }: { readonly connection: Connection }) {
  const { id, name } = connection;
  return (
    <Paper
      withBorder
      p="md"
      style={{ borderColor: 'var(--mantine-color-red-6)' }}
      component="section"
      aria-label="Danger zone"
    >
      <Stack>
        <Title order={2} size="h4">
          Danger zone
        </Title>
        <Danger text="Deletes everything that is stored about one patient. You see how much that is first.">
          <FormButton label="Erase a patient" icon={trash} isDangerous>
            {(close) => <ErasePatientForm connectionId={id} onDone={close} />}
          </FormButton>
        </Danger>
        <Danger text="Deletes the connection with its credentials and schedules. You choose whether the stored data stays.">
          <FormButton label="Remove" title={`Remove ${name}?`} icon={trash} isDangerous>
            {() => <RemoveConnectionForm connection={connection} />}
          </FormButton>
        </Danger>
      </Stack>
    </Paper>
  );
}

function Danger({ text, children }: { readonly text: string; readonly children: ReactNode }) {
  return (
    <Group justify="space-between">
      <Text size="sm">{text}</Text>
      {children}
    </Group>
  );
}

function detailsOf(connection: Connection) {
  const { id, provider, environment, fhirEndpoint, origins, aliases, practiceId, groupId, auth, createdAt } =
    connection;
  return {
    Vendor: `${provider}, ${environment}`,
    'FHIR endpoint': fhirEndpoint,
    'Further origins': origins?.join(', '),
    'Other names of its origin': aliases?.join(', '),
    Practice: practiceId,
    Group: groupId,
    Credentials: auth.method.replaceAll('_', ' '),
    'Client id': 'clientId' in auth ? auth.clientId : undefined,
    Scope: 'scope' in auth ? auth.scope : undefined,
    Authorized: authorizedFor(connection),
    Added: <Timestamp at={createdAt} />,
    Id: <ShortText text={id} name="id" />,
  };
}
