import { Group } from '@mantine/core';
import { api } from '../api/api.ts';
import { ConnectionSelect } from '../parts/connection.tsx';
import { EmptyState, Page, PageLink, QueryResult } from '../parts/page.tsx';
import { PagedTable, pageSize, pages } from '../parts/paged-table.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { ConnectionWebhook } from './connection-webhook.tsx';

/** The webhooks of the connections, and the state of their calls. */
export function WebhooksPage() {
  const { filters, choiceField } = useFilters(['connectionId']);
  return (
    <Page title="Webhooks">
      <Group align="end">
        <ConnectionSelect clearable {...choiceField('connectionId')} />
      </Group>
      {filters.connectionId === undefined ? <WebhookList /> : <ChosenWebhook id={filters.connectionId} />}
    </Page>
  );
}

function ChosenWebhook({ id }: { readonly id: string }) {
  const connection = api.useQuery('get', '/api/ehr/connections/{id}', { params: { path: { id } } });
  return <QueryResult query={connection}>{({ data }) => <ConnectionWebhook connection={data} />}</QueryResult>;
}

/** The connections that have a webhook. */
function WebhookList() {
  const params = { query: { hasWebhook: 'true', limit: pageSize } };
  const connections = api.useInfiniteQuery('get', '/api/ehr/connections', { params }, pages);
  return (
    <PagedTable
      query={connections}
      caption="Webhooks"
      columns={[
        {
          header: 'Connection',
          cell: ({ id, name }) => <PageLink to={`/webhooks?connectionId=${id}`}>{name}</PageLink>,
        },
        { header: 'URL', cell: ({ webhookUrl }) => webhookUrl },
      ]}
      keyOf={({ id }) => id}
      empty={
        <EmptyState title="No webhooks configured">
          Choose a connection to set a webhook. It is called when an export or a sync of the connection ends.
        </EmptyState>
      }
    />
  );
}
