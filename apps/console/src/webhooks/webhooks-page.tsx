import { Group, Paper, Select } from '@mantine/core';
import { api, type Connection, type WebhookDelivery } from '../api/api.ts';
import { ActionButton, FormButton, useAction } from '../parts/buttons.tsx';
import { ConnectionName, ConnectionSelect } from '../parts/connection.tsx';
import { DetailList } from '../parts/detail-list.tsx';
import { EmptyState, Page, PageLink, QueryResult, SectionTitle } from '../parts/page.tsx';
import { RecordTable } from '../parts/record-table.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { Deliveries } from './deliveries.tsx';
import { SetWebhookForm } from './set-webhook-form.tsx';

/** The webhooks of the connections, and the state of their calls. */
export function WebhooksPage() {
  const { filters, choiceField } = useFilters(['connectionId', 'state']);
  const { connectionId, state } = filters;
  const connectionsQuery = api.useQuery('get', '/api/ehr/connections');
  const chosen = connectionsQuery.data?.data.find(({ id }) => id === connectionId);
  return (
    <Page title="Webhooks" actions={chosen && <WebhookActions connection={chosen} />}>
      <Group align="end">
        <ConnectionSelect clearable {...choiceField('connectionId')} />
        {connectionId && (
          <Select label="State" placeholder="Any" clearable data={[...deliveryStates]} {...choiceField('state')} />
        )}
      </Group>
      {connectionId ? (
        <>
          <QueryResult query={connectionsQuery}>
            {() => (
              <Paper withBorder p="md">
                <DetailList
                  facts={{
                    Connection: <ConnectionName id={connectionId} />,
                    'Called at': chosen?.webhookUrl ?? 'no address',
                  }}
                />
              </Paper>
            )}
          </QueryResult>
          <SectionTitle>Deliveries</SectionTitle>
          <Deliveries connectionId={connectionId} state={deliveryStates.find((option) => option === state)} />
        </>
      ) : (
        <QueryResult query={connectionsQuery}>{({ data }) => <WebhookList connections={data} />}</QueryResult>
      )}
    </Page>
  );
}

/** The connections that have a webhook. */
function WebhookList({ connections }: { readonly connections: readonly Connection[] }) {
  return (
    <RecordTable
      caption="Webhooks"
      columns={[
        {
          header: 'Connection',
          cell: (connection) => <PageLink to={`/webhooks?connectionId=${connection.id}`}>{connection.name}</PageLink>,
        },
        { header: 'Called at', cell: ({ webhookUrl }) => webhookUrl },
      ]}
      rows={connections.filter(({ webhookUrl }) => webhookUrl !== undefined)}
      keyOf={({ id }) => id}
      empty={
        <EmptyState title="No webhooks configured">
          Choose a connection to set a webhook. It is called when an export or a sync of the connection ends.
        </EmptyState>
      }
    />
  );
}

function WebhookActions({ connection }: { readonly connection: Connection }) {
  const { id, webhookUrl } = connection;
  const remove = useAction('delete', '/api/ehr/connections/{id}/webhook');
  return (
    <>
      <FormButton label={webhookUrl === undefined ? 'Set a webhook' : 'Change'} title="Set the webhook" icon={null}>
        {(close) => <SetWebhookForm connection={connection} onDone={close} />}
      </FormButton>
      {webhookUrl !== undefined && (
        <ActionButton
          label="Remove"
          mutation={remove}
          input={{ params: { path: { id } } }}
          question={{
            title: 'Remove this webhook?',
            text: 'Exports and syncs of this connection will no longer call the webhook. Its secret is deleted.',
            action: 'Remove the webhook',
          }}
          isDangerous
        />
      )}
    </>
  );
}

const deliveryStates = ['pending', 'delivered', 'failed'] as const satisfies readonly WebhookDelivery['state'][];
