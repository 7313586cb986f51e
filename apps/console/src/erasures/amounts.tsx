import { Stack, Text } from '@mantine/core';
import type { DataAmounts } from '../api/api.ts';
import { Facts } from '../parts/facts.tsx';
import { formatBytes, formatCount } from '../parts/format.ts';

/** How much is stored, by type and kind. */
export function Amounts({ amounts }: { readonly amounts: DataAmounts }) {
  const { resources, records, contentBytes } = amounts;
  const rows = Object.entries({ ...resources, ...records }).map(([name, count]) => [name, formatCount(count)]);
  return (
    <Stack gap="xs">
      <Text size="sm">
        {formatCount(totalOf(amounts))} records, and {formatBytes(contentBytes)} of documents.
      </Text>
      <Facts facts={Object.fromEntries(rows)} />
    </Stack>
  );
}

export function totalOf({ resources, records }: DataAmounts): number {
  return Object.values({ ...resources, ...records }).reduce((sum, count) => sum + count, 0);
}
