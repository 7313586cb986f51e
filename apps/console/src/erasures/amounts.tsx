import { Stack, Text } from '@mantine/core';
import type { DataAmounts } from '../api/records.ts';
import { Facts } from '../parts/facts.tsx';
import { formatBytes } from '../parts/format-bytes.ts';
import { formatCount } from '../parts/format-count.ts';
import { totalOf } from './total-of.ts';

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
