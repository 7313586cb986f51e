import type { components } from '@bulkhead/client';
import { Anchor, Select, type SelectProps } from '@mantine/core';
import { Link } from 'react-router';
import { api } from '../api/api.ts';
import { useSession } from '../session/session-provider.tsx';

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
      data={connections.map((connection) => ({ value: connection.id, label: nameOfConnection(connection) }))}
    />
  );
}

/** The names of connections by their ids, for charts. A removed connection has its id as its name. */
export function useConnectionNames(): (id: string) => string {
  const { data } = api.useQuery('get', '/api/ehr/connections');
  const names = new Map(data?.data.map((connection) => [connection.id, nameOfConnection(connection)]));
  return (id) => names.get(id) ?? id;
}

/** A removed connection shows its id. */
export function ConnectionName({ id }: { readonly id: string }) {
  const { data } = api.useQuery('get', '/api/ehr/connections');
  const connection = data?.data.find((candidate) => candidate.id === id);
  if (!connection) return id;
  return (
    <Anchor component={Link} to={`/connections/${id}`} inherit>
      {nameOfConnection(connection)}
    </Anchor>
  );
}

type Named = Pick<components['schemas']['Connection'], 'practiceId' | 'fhirEndpoint' | 'environment'>;

/** The name of a connection: its practice, or the server if there are no practices. */
export function nameOfConnection({ practiceId, fhirEndpoint, environment }: Named): string {
  return `${practiceId === undefined ? new URL(fhirEndpoint).host : `Practice ${practiceId}`} (${environment})`;
}
