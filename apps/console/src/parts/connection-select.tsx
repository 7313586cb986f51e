import { Select, type SelectProps } from '@mantine/core';
import { api } from '../api/api.ts';
import { nameOfConnection } from '../connections/name-of-connection.ts';
import { useSession } from '../session/session-provider.tsx';

/** The connections of the vendor that is looked at. */
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
