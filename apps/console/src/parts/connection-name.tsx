import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { api } from '../api/api.ts';
import { nameOfConnection } from '../connections/name-of-connection.ts';

/** One that was removed since has only its id left. */
export function ConnectionName({ id }: { readonly id: string }) {
  const { data } = api.useQuery('get', '/api/ehr/connections');
  const connection = data?.data.find((one) => one.id === id);
  if (!connection) return id;
  return (
    <Anchor component={Link} to={`/connections/${id}`} inherit>
      {nameOfConnection(connection)}
    </Anchor>
  );
}
