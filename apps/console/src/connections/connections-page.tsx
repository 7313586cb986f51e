import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { api, type ListedConnection } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { FormButton } from '../parts/buttons.tsx';
import { VendorSelect } from '../parts/connection.tsx';
import { formatCount, formatShortDuration } from '../parts/format.ts';
import { EmptyState, Page, PageLink } from '../parts/page.tsx';
import { JoinedTable, pageSize, pages } from '../parts/paged-table.tsx';
import type { Column } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { NewConnectionForm } from './new-connection-form.tsx';
import { TestConnectionButton } from './test-connection.tsx';

const statuses = ['critical', 'warning', 'ok', 'unchecked'] as const;
const typingMs = 200;

/** The connected practices, those with a problem first. */
export function ConnectionsPage() {
  const { filters, setFilter, textField, choiceField } = useFilters(['search', 'status', 'provider', 'problem']);
  const [search] = useDebouncedValue(filters.search, typingMs);
  const { provider, problem } = filters;
  const status = statuses.find((option) => option === filters.status);
  const params = {
    query: { search, status, provider, problem, sort: 'worst' as const, limit: pageSize, total: 'true' },
  };
  const connections = api.useInfiniteQuery('get', '/api/ehr/connections', { params }, pages);
  const counts = api.useQuery('get', '/api/ehr/connections/counts').data?.data;
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  return (
    <Page
      title="Connections"
      actions={
        <FormButton label="Add a connection" isForOperators>
          {() => <NewConnectionForm />}
        </FormButton>
      }
    >
      <Group gap="xs" role="group" aria-label="Connections by status">
        {statuses.map((name) => (
          <Button
            key={name}
            size="compact-sm"
            variant={status === name ? 'filled' : 'default'}
            aria-pressed={status === name}
            onClick={() => setFilter('status', status === name ? null : name)}
          >
            {formatCount(counts?.byStatus[name] ?? 0)} {name}
          </Button>
        ))}
      </Group>
      <Group align="end">
        <TextInput label="Search" placeholder="Name, practice, id or URL" miw={240} {...textField('search')} />
        <Select
          label="Problem"
          placeholder="Any"
          clearable
          miw={280}
          data={(counts?.problems ?? []).map(({ key, title, connections: count }) => {
            return { value: key, label: `${title} (${formatCount(count)})` };
          })}
          {...choiceField('problem')}
        />
        <VendorSelect {...choiceField('provider')} />
      </Group>
      <JoinedTable
        query={connections}
        join={withLagAsText}
        order="worst first"
        caption="Connections"
        columns={columns}
        keyOf={({ id }) => id}
        empty={
          <EmptyState title={isFiltered ? 'No connection matches' : 'No connections'}>
            {isFiltered
              ? 'Clear a filter to see more.'
              : 'Add a connection with the practice’s credentials, or let a user of the practice authorize it.'}
          </EmptyState>
        }
      />
    </Page>
  );
}

type ShownConnection = ListedConnection & { readonly behind: string | undefined };

/** Each read has other seconds. With the text alone, a row is drawn again only when that changes. */
function withLagAsText(connections: readonly ListedConnection[]): readonly ShownConnection[] {
  return connections.map(({ lagSeconds, ...connection }) => {
    return { ...connection, behind: lagSeconds === undefined ? undefined : formatShortDuration(lagSeconds * 1000) };
  });
}

const columns: readonly Column<ShownConnection>[] = [
  {
    header: 'Connection',
    cell: (connection) => <PageLink to={`/connections/${connection.id}`}>{connection.name}</PageLink>,
  },
  { header: 'Status', cell: ({ status }) => <StatusBadge status={status} /> },
  { header: 'Problem', cell: (connection) => <Problems connection={connection} /> },
  { header: 'Behind', cell: ({ behind }) => behind, from: 'sm' },
  { header: 'Last export', cell: (connection) => <LastExport connection={connection} />, from: 'md' },
  { header: 'Next run', cell: ({ nextRunAt }) => <Timestamp at={nextRunAt} />, from: 'md' },
  { header: 'Practice', cell: ({ practiceId, groupId }) => practiceId ?? groupId, from: 'lg' },
  { header: 'Vendor', cell: ({ provider, environment }) => `${provider} ${environment}`, from: 'lg' },
];

function Problems({ connection }: { readonly connection: ListedConnection }) {
  const { problems, needsAuthorization } = connection;
  if (needsAuthorization) return <StatusBadge status="needs authorization" />;
  if (problems.length === 0) return null;
  const isUntested = problems.every(({ key }) => key === 'connection-tests');
  return (
    <Stack gap={2} align="start">
      {problems.map(({ key, title }) => (
        <Text key={key} size="sm">
          {title}
        </Text>
      ))}
      {isUntested && <TestConnectionButton connection={connection} label="Test now" isCompact />}
    </Stack>
  );
}

function LastExport({ connection: { lastExport } }: { readonly connection: ListedConnection }) {
  if (!lastExport) return 'none yet';
  const { id, status, endedAt } = lastExport;
  return (
    <Group gap="xs" wrap="nowrap">
      <PageLink to={`/exports/${id}`}>
        <Timestamp at={endedAt} none="export" />
      </PageLink>
      <StatusBadge status={status} />
    </Group>
  );
}
