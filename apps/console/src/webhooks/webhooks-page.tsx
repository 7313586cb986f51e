import { Group, Paper, Select, Title } from '@mantine/core';
import { api } from '../api/api.ts';
import { ConnectionName } from '../parts/connection-name.tsx';
import { ConnectionSelect } from '../parts/connection-select.tsx';
import { Facts } from '../parts/facts.tsx';
import { LookedUp } from '../parts/looked-up.tsx';
import { Page } from '../parts/page.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { Deliveries } from './deliveries.tsx';
import { deliveryStates } from './delivery-states.ts';
import { WebhookActions } from './webhook-actions.tsx';
import { WebhookList } from './webhook-list.tsx';

/** Who is called when an export or a sync has ended, and what became of the calls. */
export function WebhooksPage() {
  const { filters, setFilter } = useFilters(['connectionId', 'state']);
  const { connectionId, state } = filters;
  const found = api.useQuery('get', '/api/ehr/connections');
  const chosen = found.data?.data.find(({ id }) => id === connectionId);
  return (
    <Page title="Webhooks" actions={chosen && <WebhookActions connection={chosen} />}>
      <Group align="end">
        <ConnectionSelect clearable value={connectionId ?? null} onChange={(id) => setFilter('connectionId', id)} />
        {connectionId && (
          <Select
            label="State"
            placeholder="Any"
            clearable
            data={[...deliveryStates]}
            value={state ?? null}
            onChange={(value) => setFilter('state', value)}
          />
        )}
      </Group>
      {connectionId ? (
        <>
          <LookedUp query={found}>
            {() => (
              <Paper withBorder p="md">
                <Facts
                  facts={{
                    Connection: <ConnectionName id={connectionId} />,
                    'Called at': chosen?.webhookUrl ?? 'no address',
                  }}
                />
              </Paper>
            )}
          </LookedUp>
          <Title order={2} size="h4">
            Deliveries
          </Title>
          <Deliveries connectionId={connectionId} state={deliveryStates.find((one) => one === state)} />
        </>
      ) : (
        <LookedUp query={found}>{({ data }) => <WebhookList connections={data} />}</LookedUp>
      )}
    </Page>
  );
}
