import { Group } from '@mantine/core';
import { api, type Connection } from '../api/api.ts';
import { ConnectionSelect } from '../parts/connection.tsx';
import { EmptyState, Page, PageLink, QueryResult } from '../parts/page.tsx';
import { RecordTable } from '../parts/record-table.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { ConnectionWebhook } from './connection-webhook.tsx';

/** The webhooks of the connections, and the state of their calls. */
export function WebhooksPage() {
  const { filters, choiceField } = useFilters(['connectionId']);
  const connectionsQuery = api.useQuery('get', '/api/ehr/connections');
  return (
    <Page title="Webhooks">
      <Group align="end">
        <ConnectionSelect clearable {...choiceField('connectionId')} />
      </Group>
      <QueryResult query={connectionsQuery}>
        {({ data }) => {
          const chosen = data.find(({ id }) => id === filters.connectionId);
          return chosen ? <ConnectionWebhook connection={chosen} /> : <WebhookList connections={data} />;
        }}
      </QueryResult>
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
        { header: 'URL', cell: ({ webhookUrl }) => webhookUrl },
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
