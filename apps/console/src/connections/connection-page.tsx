import { Alert, Anchor, Group, Paper, Title } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { Link, useParams } from 'react-router';
import { api } from '../api/api.ts';
import type { Connection } from '../api/records.ts';
import { ErasePatientForm } from '../erasures/erase-patient-form.tsx';
import { Facts } from '../parts/facts.tsx';
import { FormButton } from '../parts/form-button.tsx';
import { LookedUp } from '../parts/looked-up.tsx';
import { Moment } from '../parts/moment.tsx';
import { Page } from '../parts/page.tsx';
import { useSession } from '../session/session-provider.tsx';
import { AuthorizeButton } from './authorize-button.tsx';
import { ConnectionTestSteps } from './connection-test-steps.tsx';
import { nameOfConnection } from './name-of-connection.ts';
import { RemoveConnectionForm } from './remove-connection-form.tsx';
import { TestConnectionButton } from './test-connection-button.tsx';
import { Watermarks } from './watermarks.tsx';

const trash = <IconTrash size={16} aria-hidden />;

/** One practice: how it is reached, whether it works, how current it is. */
export function ConnectionPage() {
  const { id = '' } = useParams();
  const { isOperator } = useSession();
  const found = api.useQuery('get', '/api/ehr/connections/{id}', { params: { path: { id } } });
  const connection = found.data?.data;
  return (
    <Page
      title={connection ? nameOfConnection(connection) : 'Connection'}
      actions={
        connection && (
          <>
            <TestConnectionButton connection={connection} />
            {isOperator && connection.auth.method === 'authorization_code' && (
              <AuthorizeButton connection={connection} />
            )}
            {isOperator && (
              <>
                <FormButton label="Erase a patient" title="Erase a patient" icon={trash} isDangerous>
                  {(close) => <ErasePatientForm connectionId={id} onDone={close} />}
                </FormButton>
                <FormButton label="Remove" title={`Remove ${nameOfConnection(connection)}?`} icon={trash} isDangerous>
                  {() => <RemoveConnectionForm connection={connection} />}
                </FormButton>
              </>
            )}
          </>
        )
      }
    >
      <LookedUp query={found}>
        {({ data }) => (
          <>
            {data.needsAuthorization && (
              <Alert color="yellow" title="Nobody has authorized it yet, or not any more">
                Nothing can be read until a user of the practice agrees.
              </Alert>
            )}
            <Paper withBorder p="md">
              <Facts facts={factsOf(data)} />
            </Paper>
            <Group>
              <Anchor size="sm" component={Link} to={`/exports?connectionId=${id}`}>
                Its exports
              </Anchor>
              <Anchor size="sm" component={Link} to={`/syncs?connectionId=${id}`}>
                Its syncs
              </Anchor>
              <Anchor size="sm" component={Link} to={`/resources?connectionId=${id}`}>
                Its resources
              </Anchor>
              <Anchor size="sm" component={Link} to={`/webhooks?connectionId=${id}`}>
                Its webhook
              </Anchor>
            </Group>
            <Title order={2} size="h4">
              Last test
            </Title>
            <ConnectionTestSteps test={data.lastTest} />
            <Title order={2} size="h4">
              Stored up to
            </Title>
            <Watermarks connectionId={id} />
          </>
        )}
      </LookedUp>
    </Page>
  );
}

function factsOf(connection: Connection) {
  const { id, provider, fhirEndpoint, practiceId, groupId, auth, webhookUrl, createdAt } = connection;
  return {
    Vendor: provider,
    'FHIR endpoint': fhirEndpoint,
    Practice: practiceId,
    Group: groupId,
    Credentials: auth.method.replaceAll('_', ' '),
    'Client id': 'clientId' in auth ? auth.clientId : undefined,
    Scope: 'scope' in auth ? auth.scope : undefined,
    Authorized: authorizedFor(connection),
    Webhook: webhookUrl,
    Added: <Moment at={createdAt} />,
    Id: id,
  };
}

/** Undefined where no user has to agree. */
function authorizedFor({ auth, needsAuthorization, userId }: Connection): string | undefined {
  if (auth.method !== 'authorization_code') return undefined;
  if (needsAuthorization) return 'no';
  return userId === undefined ? 'yes' : `yes, for patient ${userId}`;
}
