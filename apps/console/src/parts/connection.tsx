import { MultiSelect, type MultiSelectProps, Select, type SelectProps, Skeleton, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Connection, connectionQuery } from '../api/api.ts';
import { useSession } from '../api/session.ts';
import { formatCount } from './format.ts';
import { PageLink } from './page.tsx';

/** A connection, for its name. Null if it was removed, and undefined until it is read. */
export function useConnection(id: string | undefined): Connection | null | undefined {
  return useQuery({ ...connectionQuery(id ?? ''), enabled: id !== undefined && id !== '' }).data;
}

/** The names of connections by their ids, for charts. A removed connection has its id as its name. */
export function useConnectionNames(ids: readonly string[]): (id: string) => string {
  const queries = useQueries({ queries: ids.map(connectionQuery) });
  const names = new Map(queries.flatMap(({ data }) => (data ? [[data.id, data.name] as const] : [])));
  return (id) => names.get(id) ?? id;
}

/** A person types at least this long between two letters of a search. */
const typingMs = 200;
/** More do not help to choose: the user types more letters. */
const maxOptions = 50;

/** The properties of a field that chooses from the connections that the API finds for the text that the user types. */
function useConnectionOptions(options: { readonly chosen: readonly string[]; readonly provider?: string | undefined }) {
  const { chosen, provider } = options;
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), typingMs);
  const chosenOnes = useQueries({ queries: chosen.map(connectionQuery) }).flatMap(({ data }) => data ?? []);
  // The text of a field that is not being edited is the name of its choice.
  const isName = chosenOnes.some(({ name }) => name === search);
  const query = { provider, limit: maxOptions, ...(search === '' || isName ? {} : { search }) };
  const init = { params: { query } };
  const { data } = api.useQuery('get', '/api/ehr/connections', init, { placeholderData: keepPreviousData });
  const found = new Map([...(data?.data ?? []), ...chosenOnes].map((connection) => [connection.id, connection]));
  return {
    data: [...found.values()].map(({ id, name }) => ({ value: id, label: name })),
    searchable: true,
    onSearchChange: setTyped,
    // The API has filtered them.
    filter: ({ options: all }: { readonly options: readonly object[] }) => all as Option[],
    renderOption: ({ option }: { readonly option: Option }) => (
      <Stack gap={0} style={{ overflowWrap: 'anywhere' }}>
        <Text size="sm">{option.label}</Text>
        <Text size="xs" c="dimmed">
          {describe(found.get(option.value))}
        </Text>
      </Stack>
    ),
  };
}

interface Option {
  readonly value: string;
  readonly label: string;
}

/** The practice, or the group, and the endpoint. */
function describe(connection: Connection | undefined): string {
  if (!connection) return '';
  const { practiceId, groupId, fhirEndpoint } = connection;
  const group = groupId === undefined ? '' : `Group ${groupId}, `;
  return `${practiceId === undefined ? group : `Practice ${practiceId}, `}${fhirEndpoint}`;
}

/** A connection. @param props.provider only those to this vendor */
export function ConnectionSelect({
  provider,
  ...props
}: Omit<SelectProps, 'data'> & { readonly provider?: string | undefined }) {
  const options = useConnectionOptions({
    provider,
    chosen: typeof props.value === 'string' && props.value ? [props.value] : [],
  });
  return <Select label="Connection" placeholder="All connections" miw={280} {...props} {...options} />;
}

/** Filters a list by the EHR vendor. */
export function VendorSelect(props: Omit<SelectProps, 'data'>) {
  const vendors = useSession().providers.map(({ id }) => id);
  return vendors.length > 1 && <Select label="Vendor" placeholder="Any" clearable {...props} data={vendors} />;
}

/** The connections that a key or a client may use. */
export function ConnectionsSelect(props: Omit<MultiSelectProps, 'data'>) {
  const options = useConnectionOptions({ chosen: props.value ?? [] });
  return (
    <MultiSelect
      label="Connections"
      description="Leave empty to allow all connections, including new ones"
      hidePickedOptions
      {...props}
      {...options}
    />
  );
}

/** A removed connection shows its id. */
export function ConnectionName({ id }: { readonly id: string }) {
  const connection = useConnection(id);
  // It keeps the place of the name, so that rows do not move.
  if (connection === undefined) return <Skeleton component="span" display="inline-block" w={140} h="0.8em" />;
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
