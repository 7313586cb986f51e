import { Alert, Button, Group, Paper } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useParams, useSearchParams } from 'react-router';
import { api, type Connection } from '../api/api.ts';
import { ErasePatientForm } from '../erasures/erase-patient-form.tsx';
import { FormButton } from '../parts/buttons.tsx';
import { DetailList } from '../parts/detail-list.tsx';
import { EmptyState, Page, PageLink, QueryResult, SectionTitle } from '../parts/page.tsx';
import { QueryTable } from '../parts/record-table.tsx';
import { ShortText } from '../parts/short-text.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { useSession } from '../session/session-provider.tsx';
import { EditCredentialsForm, RenameForm } from './edit-connection.tsx';
import { RemoveConnectionForm } from './remove-connection-form.tsx';
import { LastTest, TestConnectionButton } from './test-connection.tsx';

const pencil = <IconPencil size={16} aria-hidden />;
const trash = <IconTrash size={16} aria-hidden />;

const pagesOfConnection = {
  exports: 'Its exports',
  syncs: 'Its syncs',
  resources: 'Its resources',
  webhooks: 'Its webhook',
};

/** One practice: its settings, its last test, and how current its data is. */
export function ConnectionPage() {
  const { id = '' } = useParams();
  const { isOperator } = useSession();
  const connectionQuery = api.useQuery('get', '/api/ehr/connections/{id}', { params: { path: { id } } });
  const connection = connectionQuery.data?.data;
  const isEditing = useSearchParams()[0].get('edit') === 'credentials';
  return (
    <Page
      title={connection?.name ?? 'Connection'}
      actions={
        connection && (
          <>
            <TestConnectionButton connection={connection} />
            {isOperator && connection.auth.method === 'authorization_code' && (
              <AuthorizeButton connection={connection} />
            )}
            {isOperator && (
              <>
                <FormButton label="Edit credentials" icon={pencil} isSecondary isOpenAtFirst={isEditing}>
                  {(close) => <EditCredentialsForm connection={connection} onDone={close} />}
                </FormButton>
                <FormButton label="Rename" title="Rename the connection" icon={pencil} isSecondary>
                  {(close) => <RenameForm connection={connection} onDone={close} />}
                </FormButton>
                <FormButton label="Erase a patient" icon={trash} isDangerous>
                  {(close) => <ErasePatientForm connectionId={id} onDone={close} />}
                </FormButton>
                <FormButton label="Remove" title={`Remove ${connection.name}?`} icon={trash} isDangerous>
                  {() => <RemoveConnectionForm connection={connection} />}
                </FormButton>
              </>
            )}
          </>
        )
      }
    >
      <QueryResult query={connectionQuery}>
        {({ data }) => (
          <>
            {data.needsAuthorization && (
              <Alert color="yellow" title="This connection needs an authorization">
                Nothing can be read until a user of the practice authorizes it.
              </Alert>
            )}
            <Paper withBorder p="md">
              <DetailList facts={detailsOf(data)} />
            </Paper>
            <Group>
              {Object.entries(pagesOfConnection).map(([path, text]) => (
                <PageLink key={path} size="sm" to={`/${path}?connectionId=${id}`}>
                  {text}
                </PageLink>
              ))}
            </Group>
            <SectionTitle>Last test</SectionTitle>
            <LastTest test={data.lastTest} />
            <SectionTitle>Stored up to</SectionTitle>
            <Watermarks connectionId={id} />
          </>
        )}
      </QueryResult>
    </Page>
  );
}

function detailsOf(connection: Connection) {
  const { id, provider, environment, fhirEndpoint, practiceId, groupId, auth, webhookUrl, createdAt } = connection;
  return {
    Vendor: `${provider}, ${environment}`,
    'FHIR endpoint': fhirEndpoint,
    Practice: practiceId,
    Group: groupId,
    Credentials: auth.method.replaceAll('_', ' '),
    'Client id': 'clientId' in auth ? auth.clientId : undefined,
    Scope: 'scope' in auth ? auth.scope : undefined,
    Authorized: authorizedFor(connection),
    Webhook: webhookUrl,
    Added: <Timestamp at={createdAt} />,
    Id: <ShortText text={id} name="id" />,
  };
}

/** Undefined if no user must authorize the connection. */
function authorizedFor({ auth, needsAuthorization, userId }: Connection): string | undefined {
  if (auth.method !== 'authorization_code') return undefined;
  if (needsAuthorization) return 'no';
  return userId === undefined ? 'yes' : `yes, for patient ${userId}`;
}

/** Opens the EHR in this browser and returns here. For another user's browser, use an invitation from the API. */
function AuthorizeButton({ connection }: { readonly connection: Connection }) {
  const { id, provider, needsAuthorization = false } = connection;
  const address = `/api/ehr/${provider}/authorize?${new URLSearchParams({ connectionId: id })}`;
  return (
    <Button component="a" href={address} variant={needsAuthorization ? 'filled' : 'outline'}>
      {needsAuthorization ? 'Authorize' : 'Authorize again'}
    </Button>
  );
}

/** The watermark of exports of every type. */
const everyType = '*';

/** The time up to which each type is completely stored. The next export or sync continues there. */
function Watermarks({ connectionId }: { readonly connectionId: string }) {
  const params = { path: { id: connectionId } };
  const watermarks = api.useQuery('get', '/api/ehr/connections/{id}/watermarks', { params });
  return (
    <QueryTable
      query={watermarks}
      caption="Watermarks"
      columns={[
        {
          header: 'Type',
          cell: ({ resourceType }) => (resourceType === everyType ? 'every type' : resourceType),
        },
        { header: 'Level', cell: ({ level }) => level, from: 'sm' },
        { header: 'Stored up to', cell: ({ until }) => <Timestamp at={until} isExact /> },
      ]}
      keyOf={({ resourceType, level }) => `${resourceType}/${level}`}
      empty={
        <EmptyState title="No type is completely stored yet">The first completed export sets the time.</EmptyState>
      }
    />
  );
}
