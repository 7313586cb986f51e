import { Skeleton, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { Problem } from './problem.tsx';

interface LookedUpProps<Data> {
  readonly query: { readonly data: Data | undefined; readonly error: unknown };
  readonly children: (data: Data) => ReactNode;
}

/**
 * What was asked of the API: its shape while it is not there, the reason where it does not come. What was there before stays
 * where only the last look has failed.
 */
export function LookedUp<Data>({ query, children }: LookedUpProps<Data>) {
  const { data, error } = query;
  return (
    <>
      {error !== null && error !== undefined && <Problem error={error} />}
      {data === undefined ? !error && <Shape /> : children(data)}
    </>
  );
}

function Shape() {
  return (
    <Stack gap="xs" aria-busy="true" aria-label="Loading" role="status">
      {[1, 2, 3].map((row) => (
        <Skeleton key={row} h={28} />
      ))}
    </Stack>
  );
}
