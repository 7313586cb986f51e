import { api, refresh, type WebhookDelivery } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { ActionButton, useAction } from '../parts/buttons.tsx';
import { ConnectionName } from '../parts/connection.tsx';
import { notify } from '../parts/dialogs.ts';
import { formatCount } from '../parts/format.ts';
import { EmptyState } from '../parts/page.tsx';
import { PagedTable, pageSize, pages } from '../parts/paged-table.tsx';
import type { Column } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';

/** The states of a call by which the list can be filtered. */
export const deliveryStates = [
  { value: 'pending', label: 'pending' },
  { value: 'repeated', label: 'being repeated' },
  { value: 'delivered', label: 'delivered' },
  { value: 'failed', label: 'failed' },
] as const;

interface DeliveriesProps {
  /** Default: the calls of all connections. */
  readonly connectionId?: string;
  /** A value of `deliveryStates`. Others are ignored. */
  readonly state: string | undefined;
}

/** A call takes little time, so read often. */
const pendingRefreshMs = 1000;

/** Webhook calls, the newest first. */
export function Deliveries({ connectionId, state: chosen }: DeliveriesProps) {
  const state = deliveryStates.find(({ value }) => value === chosen)?.value;
  const init = { params: { query: { connectionId, state, limit: pageSize } } };
  const deliveries = api.useInfiniteQuery('get', '/api/ehr/webhook-deliveries', init, {
    ...pages,
    refetchInterval: (query) => {
      const [newest] = query.state.data?.pages ?? [];
      const isPending = newest?.data.some((delivery) => delivery.state === 'pending');
      return isPending ? pendingRefreshMs : pages.refetchInterval(query);
    },
  });
  return (
    <PagedTable
      query={deliveries}
      order="newest first"
      caption="Deliveries"
      columns={connectionId === undefined ? columnsOfAll : columns}
      keyOf={({ id }) => id}
      empty={
        <EmptyState title={state === undefined ? 'No calls yet' : 'No calls in this state'}>
          The webhook is called when the next export or sync ends.
        </EmptyState>
      }
    />
  );
}

const connectionColumn: Column<WebhookDelivery> = {
  header: 'Connection',
  cell: ({ connectionId }) => <ConnectionName id={connectionId} />,
};

const columns: readonly Column<WebhookDelivery>[] = [
  { header: 'About', cell: ({ type }) => type },
  { header: 'When', cell: ({ createdAt }) => <Timestamp at={createdAt} />, from: 'sm' },
  { header: 'State', cell: (delivery) => <StatusBadge status={stateOf(delivery)} /> },
  { header: 'Calls', cell: ({ attempts }) => formatCount(attempts.length), isFigure: true, from: 'sm' },
  { header: 'Last response', cell: lastAnswer, from: 'md' },
  { header: 'URL', cell: ({ url }) => url, from: 'lg' },
  { header: 'Actions', cell: ({ id }) => <ResendButton id={id} /> },
];

const columnsOfAll = [connectionColumn, ...columns];

/** A call that had no success yet is not merely pending. */
function stateOf({ state, attempts }: WebhookDelivery): string {
  return state === 'pending' && attempts.length > 0 ? 'being repeated' : state;
}

function lastAnswer({ attempts }: WebhookDelivery): string {
  const { status, error } = attempts.at(-1) ?? {};
  return error ?? String(status ?? '–');
}

function ResendButton({ id }: { readonly id: string }) {
  const resend = useAction('post', '/api/ehr/webhook-deliveries/{id}/resend', {
    onSuccess: () => {
      notify.done('The call will be repeated.');
      return refresh('/api/ehr/webhook-deliveries');
    },
  });
  return <ActionButton label="Resend" mutation={resend} input={{ params: { path: { id } } }} isCompact />;
}
