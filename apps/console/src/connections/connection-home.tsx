import { Code, Group, Paper, Stack, Text } from '@mantine/core';
import { api, type Connection, readOnce, type Watermark } from '../api/api.ts';
import { useSession } from '../api/session.ts';
import { useExportColumns } from '../exports/export-list.tsx';
import { StatusBadge } from '../parts/badges.tsx';
import { DetailList } from '../parts/detail-list.tsx';
import { formatCount, formatDuration } from '../parts/format.ts';
import { EmptyState, PageLink, QueryResult, SectionTitle } from '../parts/page.tsx';
import { type Column, QueryTable, RecordTable } from '../parts/record-table.tsx';
import { Timestamp, useNow } from '../parts/timestamp.tsx';
import { authorizedFor } from './authorized-for.ts';
import { completeUpTo } from './complete-up-to.ts';
import { LastTest } from './test-connection.tsx';

/** How a connection is doing: its status, the last and the next run, how far it is behind, and what is stored. */
export function ConnectionHome({ connection }: { readonly connection: Connection }) {
  const { id: connectionId, provider, lastTest } = connection;
  const { isOperator } = useSession();
  const newest = { params: { path: { provider }, query: { connectionId, limit: shownExports } } };
  const exports = api.useQuery('get', '/api/ehr/{provider}/bulk-export', newest);
  const columns = useExportColumns(false);
  return (
    <Stack>
      <Figures connection={connection} />
      <SectionTitle>Newest exports</SectionTitle>
      <QueryTable
        query={exports}
        caption="Newest exports"
        columns={columns}
        keyOf={({ id }) => id}
        empty={<EmptyState title="No exports">The first export imports everything that the EHR has.</EmptyState>}
      />
      {isOperator && <StoredTypes connection={connection} />}
      <SectionTitle>Last test</SectionTitle>
      <LastTest test={lastTest} />
      {connection.scopeSearch && <GrantedScopes search={connection.scopeSearch} />}
      <SectionTitle>Stored up to</SectionTitle>
      <Watermarks connectionId={connectionId} />
    </Stack>
  );
}

const shownExports = 3;
/** The newest run of a kind that has ended is among them. */
const searchedRuns = 5;
/** More than a connection has. Not the page size of the lists, which keep their pages under the key of that request. */
const comparedSchedules = 150;

function Figures({ connection }: { readonly connection: Connection }) {
  const { id: connectionId, provider, lastTest, needsAuthorization, webhookUrl } = connection;
  const now = useNow();
  const ofConnection = { connectionId, limit: searchedRuns };
  const path = { provider };
  const exports = api.useQuery('get', '/api/ehr/{provider}/bulk-export', { params: { path, query: ofConnection } });
  const syncs = api.useQuery('get', '/api/ehr/{provider}/sync-runs', { params: { path, query: ofConnection } });
  const schedules = api.useQuery('get', '/api/ehr/schedules', {
    params: { query: { connectionId, limit: comparedSchedules } },
  });
  const watermarks = api.useQuery('get', '/api/ehr/connections/{id}/watermarks', {
    params: { path: { id: connectionId } },
  });
  const lastExport = exports.data?.data.find(({ completedAt }) => completedAt !== undefined);
  const lastSync = syncs.data?.data.find(({ completedAt }) => completedAt !== undefined);
  const runs = [
    ...(lastExport ? [{ ...lastExport, kind: 'export', to: `/exports/${lastExport.id}` }] : []),
    ...(lastSync ? [{ ...lastSync, kind: 'sync', to: `/syncs/${lastSync.id}` }] : []),
  ];
  const [last] = runs.toSorted((left, right) => `${right.completedAt}`.localeCompare(`${left.completedAt}`));
  const [next] = (schedules.data?.data ?? []).flatMap(({ nextRunAt }) => nextRunAt ?? []).toSorted();
  const until = completeUpTo(watermarks.data?.data ?? [], syncs.data?.data ?? []);
  const status = needsAuthorization ? 'needs authorization' : !lastTest ? 'not tested' : lastTest.ok ? 'ok' : 'failed';
  return (
    <Paper withBorder p="md">
      <DetailList
        areFigures
        facts={{
          Status: <StatusBadge status={status} />,
          Authorized: authorizedFor(connection),
          'Last run': last ? (
            <Group gap={6}>
              <PageLink to={last.to}>
                <Timestamp at={last.completedAt} />
              </PageLink>
              <StatusBadge status={'partial' in last && last.partial ? 'PARTIAL' : last.status} />
            </Group>
          ) : (
            'none yet'
          ),
          'Next run': next === undefined ? 'not scheduled' : <Timestamp at={next} />,
          Lag: until === undefined ? 'not known' : formatDuration(Math.max(now.getTime() - Date.parse(until), 0)),
          Webhook: webhookUrl === undefined ? 'none' : new URL(webhookUrl).host,
        }}
      />
    </Paper>
  );
}

/** What is stored, by type. The types lead to their resources. */
function StoredTypes({ connection: { id } }: { readonly connection: Connection }) {
  const amounts = api.useQuery('get', '/api/ehr/connections/{id}/data', { params: { path: { id } } }, readOnce);
  return (
    <>
      <SectionTitle>Stored resources</SectionTitle>
      <QueryResult query={amounts}>
        {({ data: { resources } }) => {
          const types = Object.entries(resources).toSorted(([, left], [, right]) => right - left);
          if (types.length === 0) return <EmptyState title="Nothing is stored yet">Start an export.</EmptyState>;
          return (
            <Paper withBorder p="md">
              <DetailList
                facts={Object.fromEntries(
                  types.map(([type, count]) => [
                    type,
                    <PageLink key={type} to={`/resources?${new URLSearchParams({ connectionId: id, type })}`}>
                      {formatCount(count)}
                    </PageLink>,
                  ]),
                )}
              />
            </Paper>
          );
        }}
      </QueryResult>
    </>
  );
}

/** The watermark of exports of every type. */
const everyType = '*';

const watermarkColumns: readonly Column<Watermark>[] = [
  {
    header: 'Type',
    cell: ({ resourceType }) => (resourceType === everyType ? 'every type' : resourceType),
  },
  { header: 'Level', cell: ({ level }) => level, from: 'sm' },
  { header: 'Stored up to', cell: ({ until }) => <Timestamp at={until} isExact /> },
];

/** The time up to which each type is completely stored. The next export or sync continues there. */
function Watermarks({ connectionId }: { readonly connectionId: string }) {
  const params = { path: { id: connectionId } };
  const watermarks = api.useQuery('get', '/api/ehr/connections/{id}/watermarks', { params });
  return (
    <QueryResult query={watermarks}>
      {({ data }) => (
        <RecordTable
          caption="Watermarks"
          columns={watermarkColumns}
          rows={data}
          keyOf={({ resourceType, level }) => `${resourceType}/${level}`}
          empty={<Text size="sm">No type is completely stored yet. The first completed export sets the time.</Text>}
        />
      )}
    </QueryResult>
  );
}

type ScopeSearch = NonNullable<Connection['scopeSearch']>;

interface Row {
  readonly scope: string;
  readonly result: string;
}

const columns: readonly Column<Row>[] = [
  { header: 'Scope', cell: ({ scope }) => <Code>{scope}</Code> },
  { header: 'Result', cell: ({ result }) => result },
];

/** Which of the requested scopes the application has. The EHR refuses all of them together, and does not say which are missing. */
function GrantedScopes({ search }: { readonly search: ScopeSearch }) {
  const { requested, granted, refused, endedAt } = search;
  const resultOf = (scope: string) =>
    granted.includes(scope) ? 'granted' : refused.includes(scope) ? 'refused' : 'not tried';
  const tried = granted.length + refused.length;
  return (
    <>
      <SectionTitle>Scopes of the application</SectionTitle>
      <Text size="sm">
        {endedAt === undefined
          ? `${tried} of ${requested.length} tried. The EHR limits new tokens, so this takes minutes.`
          : `The application has ${granted.length} of the ${requested.length} scopes that were requested.`}
      </Text>
      <RecordTable
        caption="Scopes of the application"
        columns={columns}
        rows={requested.map((scope) => ({ scope, result: resultOf(scope) }))}
        keyOf={({ scope }) => scope}
      />
    </>
  );
}
