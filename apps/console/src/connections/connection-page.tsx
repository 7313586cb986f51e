import type { components } from '@bulkhead/client';
import { Alert, Button, Tabs } from '@mantine/core';
import { useParams } from 'react-router';
import { api, type Connection } from '../api/api.ts';
import { useSession } from '../api/session.ts';
import { ExportList } from '../exports/export-list.tsx';
import { StartExportForm } from '../exports/start-export-form.tsx';
import { FormButton } from '../parts/buttons.tsx';
import { Page, QueryResult } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { ScheduleForm } from '../schedules/schedule-form.tsx';
import { ScheduleList } from '../schedules/schedule-list.tsx';
import { StartSyncForm } from '../syncs/start-sync-form.tsx';
import { SyncList } from '../syncs/sync-list.tsx';
import { ConnectionWebhook } from '../webhooks/connection-webhook.tsx';
import { ConnectionHome } from './connection-home.tsx';
import { ConnectionProbe } from './connection-probe.tsx';
import { ConnectionSettings } from './connection-settings.tsx';
import { TestConnectionButton } from './test-connection.tsx';

const tabs = ['Overview', 'Exports', 'Syncs', 'Schedules', 'Types', 'Probe', 'Webhook', 'Settings'] as const;

/** The home of one practice: how it is doing, and everything that belongs to it. */
export function ConnectionPage() {
  const { id = '' } = useParams();
  const { filters, setFilters } = useFilters(['tab', 'edit']);
  const connectionQuery = api.useQuery('get', '/api/ehr/connections/{id}', { params: { path: { id } } });
  const connection = connectionQuery.data?.data;
  // A link to the form for the credentials opens the tab that has it.
  const tab = tabs.find((name) => name === filters.tab) ?? (filters.edit ? 'Settings' : 'Overview');
  return (
    <Page
      title={connection?.name ?? 'Connection'}
      actions={connection && <ConnectionActions connection={connection} />}
    >
      <QueryResult query={connectionQuery}>
        {({ data }) => (
          <>
            {data.needsAuthorization && (
              <Alert color="yellow" title="This connection needs an authorization">
                Nothing can be read until a user of the practice authorizes it.
              </Alert>
            )}
            <Tabs
              value={tab}
              onChange={(name) =>
                setFilters({ tab: name === 'Overview' || name === null ? undefined : name, edit: undefined })
              }
              keepMounted={false}
            >
              <Tabs.List mb="md" aria-label="Parts of the connection">
                {tabs.map((name) => (
                  <Tabs.Tab key={name} value={name}>
                    {name}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
              {tabs.map((name) => (
                <Tabs.Panel key={name} value={name}>
                  <Part name={name} connection={data} isEditing={filters.edit === 'credentials'} />
                </Tabs.Panel>
              ))}
            </Tabs>
          </>
        )}
      </QueryResult>
    </Page>
  );
}

interface PartProps {
  readonly name: (typeof tabs)[number];
  readonly connection: Connection;
  readonly isEditing: boolean;
}

function Part({ name, connection, isEditing }: PartProps) {
  const { id: connectionId } = connection;
  switch (name) {
    case 'Exports':
      return <ExportList connectionId={connectionId} withConnection={false} />;
    case 'Syncs':
      return <SyncList connectionId={connectionId} withConnection={false} />;
    case 'Schedules':
      return <ScheduleList connectionId={connectionId} />;
    case 'Types':
      return <ConnectionTypes connection={connection} />;
    case 'Probe':
      return <ConnectionProbe connection={connection} />;
    case 'Webhook':
      return <ConnectionWebhook connection={connection} />;
    case 'Settings':
      return <ConnectionSettings connection={connection} isEditing={isEditing} />;
    default:
      return <ConnectionHome connection={connection} />;
  }
}

/** What is done every day. Settings and dangerous actions have their own tab. */
function ConnectionActions({ connection }: { readonly connection: Connection }) {
  const { isOperator } = useSession();
  const { id, auth } = connection;
  return (
    <>
      {isOperator && auth.method === 'authorization_code' && <AuthorizeButton connection={connection} />}
      <TestConnectionButton connection={connection} />
      <FormButton label="Start an export" title="Start a bulk export">
        {() => <StartExportForm connectionId={id} />}
      </FormButton>
      <FormButton label="Start a sync" title="Start an enhanced sync" isSecondary>
        {() => <StartSyncForm connectionId={id} />}
      </FormButton>
      <FormButton label="Add a schedule" isSecondary>
        {(close) => <ScheduleForm connectionId={id} onDone={close} />}
      </FormButton>
    </>
  );
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

type TypeRow = components['schemas']['TypeRow'];

/** What is known of each type at the EHR: whether it is exported and searched, covered by the token, and stored here. */
function ConnectionTypes({ connection: { id: connectionId, provider } }: { readonly connection: Connection }) {
  const params = { path: { provider }, query: { connectionId } };
  const query = api.useQuery('get', '/api/ehr/{provider}/capabilities', { params });
  return (
    <QueryResult query={query}>
      {({ data }) => (
        <RecordTable
          caption="Resource types of the EHR"
          rows={data.types}
          keyOf={({ resourceType }) => resourceType}
          columns={columns}
        />
      )}
    </QueryResult>
  );
}

/** "unknown" is not a no: the EHR decides when it is asked. */
function yesOrNo(value: boolean | undefined): string {
  return value === undefined ? 'unknown' : value ? 'yes' : 'no';
}

const columns: readonly Column<TypeRow>[] = [
  { header: 'Type', cell: ({ resourceType }) => resourceType },
  { header: 'Declared', cell: ({ declared }) => yesOrNo(declared) },
  { header: 'Exported', cell: ({ exported = 'unknown' }) => exported.replace('-', ' ') },
  { header: 'Searched', cell: ({ searched = 'unknown' }) => searched.replace('-', ' ') },
  { header: 'Covered by the token', cell: ({ covered }) => yesOrNo(covered) },
  { header: 'Stored here', cell: ({ stored }) => yesOrNo(stored) },
  { header: 'Note', cell: ({ note = '' }) => note },
];
