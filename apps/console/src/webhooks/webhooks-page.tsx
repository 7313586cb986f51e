import { Group, Select, Stack, Switch, Text } from '@mantine/core';
import { api, type WebhookReceiver } from '../api/api.ts';
import { ConnectionName, ConnectionSelect } from '../parts/connection.tsx';
import { formatCount } from '../parts/format.ts';
import { EmptyState, Page, PageLink, QueryResult, SectionTitle } from '../parts/page.tsx';
import { PagedTable, pageSize, pages } from '../parts/paged-table.tsx';
import type { Column } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { ConnectionWebhook } from './connection-webhook.tsx';
import { Deliveries, deliveryStates } from './deliveries.tsx';

/** The webhooks of the connections, and the state of their calls. */
export function WebhooksPage() {
  const { filters, choiceField } = useFilters(['connectionId']);
  return (
    <Page title="Webhooks">
      <Group align="end">
        <ConnectionSelect clearable {...choiceField('connectionId')} />
      </Group>
      {filters.connectionId === undefined ? <AllWebhooks /> : <ChosenWebhook id={filters.connectionId} />}
    </Page>
  );
}

function ChosenWebhook({ id }: { readonly id: string }) {
  const connection = api.useQuery('get', '/api/ehr/connections/{id}', { params: { path: { id } } });
  return <QueryResult query={connection}>{({ data }) => <ConnectionWebhook connection={data} />}</QueryResult>;
}

/** The receivers of all connections, and all calls. */
function AllWebhooks() {
  const { filters, setFilter, choiceField } = useFilters(['failing', 'state']);
  const isFailing = filters.failing === 'true';
  const params = { query: { failing: isFailing ? 'true' : undefined, limit: pageSize } };
  const receivers = api.useInfiniteQuery('get', '/api/ehr/webhook-receivers', { params }, pages);
  return (
    <>
      <SectionTitle>Receivers</SectionTitle>
      <Switch
        label="Only those that did not accept a call"
        checked={isFailing}
        onChange={({ currentTarget }) => setFilter('failing', currentTarget.checked ? 'true' : null)}
      />
      <PagedTable
        query={receivers}
        order="failing first"
        caption="Webhooks"
        columns={columns}
        keyOf={({ connectionId, url }) => `${connectionId} ${url}`}
        empty={
          isFailing ? (
            <EmptyState title="Every receiver accepted its calls">Of the last 48 hours.</EmptyState>
          ) : (
            <EmptyState title="No webhooks configured">
              Choose a connection to set a webhook. It is called when an export or a sync of the connection ends.
            </EmptyState>
          )
        }
      />
      <SectionTitle>Calls</SectionTitle>
      <Select label="State" placeholder="Any" clearable maw={240} data={deliveryStates} {...choiceField('state')} />
      <Deliveries state={filters.state} />
    </>
  );
}

const columns: readonly Column<WebhookReceiver>[] = [
  { header: 'Connection', cell: ({ connectionId }) => <ConnectionName id={connectionId} /> },
  { header: 'URL', cell: (receiver) => <ReceiverLink receiver={receiver} /> },
  { header: 'Delivered', cell: ({ delivered }) => formatCount(delivered), isFigure: true, from: 'sm' },
  { header: 'Being repeated', cell: ({ repeated }) => formatCount(repeated), isFigure: true },
  { header: 'Failed', cell: ({ failed }) => formatCount(failed), isFigure: true },
  { header: 'Last delivery', cell: ({ lastDeliveredAt }) => <Timestamp at={lastDeliveredAt} />, from: 'sm' },
  { header: 'Last failure', cell: lastFailure, from: 'md' },
];

function ReceiverLink({ receiver: { connectionId, url } }: { readonly receiver: WebhookReceiver }) {
  return <PageLink to={`/webhooks?connectionId=${connectionId}`}>{url}</PageLink>;
}

function lastFailure({ lastFailure: failure }: WebhookReceiver) {
  if (!failure) return '–';
  return (
    <Stack gap={0}>
      {failure.error ?? `The receiver returned ${failure.status}`}
      <Text size="sm" c="dimmed">
        <Timestamp at={failure.at} />
      </Text>
    </Stack>
  );
}
