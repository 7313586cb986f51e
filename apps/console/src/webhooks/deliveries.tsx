import { useQuery } from '@tanstack/react-query';
import { api } from '../api/api.ts';
import { refreshMs } from '../api/query-client.ts';
import type { WebhookDelivery } from '../api/records.ts';
import { formatCount } from '../parts/format-count.ts';
import { LookedUp } from '../parts/looked-up.tsx';
import { Moment } from '../parts/moment.tsx';
import { NothingYet } from '../parts/nothing-yet.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { ResendButton } from './resend-button.tsx';

interface DeliveriesProps {
  readonly connectionId: string;
  readonly state: WebhookDelivery['state'] | undefined;
}

/** Between calls that are under way and their end there is not much time. */
const pendingRefreshMs = 1000;

/** Calls about exports and syncs of a connection, newest first. */
export function Deliveries({ connectionId, state }: DeliveriesProps) {
  const params = { query: { connectionId, state } };
  const options = api.queryOptions('get', '/api/ehr/webhook-deliveries', { params });
  const found = useQuery({
    ...options,
    refetchInterval: (query) =>
      query.state.data?.data.some((one) => one.state === 'pending') ? pendingRefreshMs : refreshMs,
  });
  return (
    <LookedUp query={found}>
      {({ data }) => (
        <RecordTable
          caption="Deliveries"
          columns={columns}
          rows={data}
          keyOf={({ id }) => id}
          empty={
            <NothingYet title={state === undefined ? 'Nobody was called yet' : 'No calls in this state'}>
              The next export or sync that ends is told.
            </NothingYet>
          }
        />
      )}
    </LookedUp>
  );
}

const columns: readonly Column<WebhookDelivery>[] = [
  { header: 'About', cell: ({ type }) => type },
  { header: 'When', cell: ({ createdAt }) => <Moment at={createdAt} />, from: 'sm' },
  { header: 'State', cell: ({ state }) => <StatusBadge status={state} /> },
  { header: 'Calls', cell: ({ attempts }) => formatCount(attempts.length), isFigure: true, from: 'sm' },
  { header: 'Last answer', cell: lastAnswer, from: 'md' },
  { header: 'Address', cell: ({ url }) => url, from: 'lg' },
  { header: 'Actions', cell: ({ id }) => <ResendButton id={id} /> },
];

function lastAnswer({ attempts }: WebhookDelivery): string {
  const { status, error } = attempts.at(-1) ?? {};
  return error ?? String(status ?? '–');
}
