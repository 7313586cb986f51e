import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import type { Connection } from '../api/records.ts';
import { nameOfConnection } from '../connections/name-of-connection.ts';
import { NothingYet } from '../parts/nothing-yet.tsx';
import { RecordTable } from '../parts/record-table.tsx';

/** The connections whose ends are told to somebody. */
export function WebhookList({ connections }: { readonly connections: readonly Connection[] }) {
  return (
    <RecordTable
      caption="Webhooks"
      columns={[
        {
          header: 'Connection',
          cell: (connection) => (
            <Anchor component={Link} to={`/webhooks?connectionId=${connection.id}`} inherit>
              {nameOfConnection(connection)}
            </Anchor>
          ),
        },
        { header: 'Called at', cell: ({ webhookUrl }) => webhookUrl },
      ]}
      rows={connections.filter(({ webhookUrl }) => webhookUrl !== undefined)}
      keyOf={({ id }) => id}
      empty={
        <NothingYet title="Nobody is called">
          Choose a connection: an address of yours can be called whenever an export or a sync of it has ended.
        </NothingYet>
      }
    />
  );
}
