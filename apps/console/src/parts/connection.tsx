import { Select, type SelectProps, Stack, Text } from '@mantine/core';
import { api, type Connection } from '../api/api.ts';
import { useSession } from '../session/session-provider.tsx';
import { formatCount } from './format.ts';
import { PageLink } from './page.tsx';

/** The connections of the selected vendor. */
export function ConnectionSelect(props: Omit<SelectProps, 'data'>) {
  const { provider } = useSession();
  const { data } = api.useQuery('get', '/api/ehr/connections');
  const connections = (data?.data ?? []).filter((connection) => connection.provider === provider);
  return (
    <Select
      label="Connection"
      placeholder="All connections"
      searchable
      miw={280}
      {...props}
      {...connectionOptions(connections)}
    />
  );
}

/** The names of connections by their ids, for charts. A removed connection has its id as its name. */
export function useConnectionNames(): (id: string) => string {
  const { data } = api.useQuery('get', '/api/ehr/connections');
  const names = new Map(data?.data.map((connection) => [connection.id, connection.name]));
  return (id) => names.get(id) ?? id;
}

/** The properties of a field that chooses from connections. An option shows name, practice and endpoint, and is found by each of them. */
export function connectionOptions(connections: readonly Connection[]) {
  const descriptions = new Map(connections.map((connection) => [connection.id, describe(connection)]));
  const textOf = ({ value, label }: Option) => `${label} ${descriptions.get(value)}`.toLowerCase();
  return {
    data: connections.map(({ id, name }) => ({ value: id, label: name })),
    renderOption: ({ option }: { readonly option: Option }) => (
      <Stack gap={0} style={{ overflowWrap: 'anywhere' }}>
        <Text size="sm">{option.label}</Text>
        <Text size="xs" c="dimmed">
          {descriptions.get(option.value)}
        </Text>
      </Stack>
    ),
    filter: ({ options, search }: { readonly options: readonly object[]; readonly search: string }) =>
      (options as Option[]).filter((option) => textOf(option).includes(search.trim().toLowerCase())),
  };
}

interface Option {
  readonly value: string;
  readonly label: string;
}

/** The practice, or the group, and the endpoint. */
function describe({ practiceId, groupId, fhirEndpoint }: Connection): string {
  const group = groupId === undefined ? '' : `Group ${groupId}, `;
  return `${practiceId === undefined ? group : `Practice ${practiceId}, `}${fhirEndpoint}`;
}

/** A removed connection shows its id. */
export function ConnectionName({ id }: { readonly id: string }) {
  const { data } = api.useQuery('get', '/api/ehr/connections');
  const connection = data?.data.find((candidate) => candidate.id === id);
  if (!connection) return id;
  return <PageLink to={`/connections/${id}`}>{connection.name}</PageLink>;
}

/** As many names as fit in a row of a table. */
const shownConnections = 3;

/** The connections that a key or a client may use. @param props.ids undefined for all of them */
export function ConnectionNames({ ids }: { readonly ids: readonly string[] | undefined }) {
  if (ids === undefined) return 'all';
  if (ids.length > shownConnections) return `${formatCount(ids.length)} connections`;
  return (
    <Stack gap={0}>
      {ids.map((id) => (
        <span key={id}>
          <ConnectionName id={id} />
        </span>
      ))}
    </Stack>
  );
}
