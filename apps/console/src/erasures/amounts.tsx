import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { DataAmounts } from '../api/api.ts';
import { DetailList } from '../parts/detail-list.tsx';
import { formatBytes, formatCount } from '../parts/format.ts';
import { QueryResult } from '../parts/page.tsx';

interface AmountsFirstProps {
  /** Sent with `readOnce`, because new types move the fields, too. */
  readonly query: {
    readonly data: { readonly data: DataAmounts } | undefined;
    readonly error: unknown;
    readonly isPending: boolean;
  };
  readonly children: ReactNode;
}

/**
 * How much is stored, and below it the fields of a dialog that deletes it.
 * The fields wait for the amounts. Otherwise they would move, and a click could hit the wrong one.
 */
export function AmountsFirst({ query, children }: AmountsFirstProps) {
  return (
    <Stack>
      <QueryResult query={query}>{({ data }) => <Amounts amounts={data} />}</QueryResult>
      {!query.isPending && children}
    </Stack>
  );
}

/** How much is stored, by type and kind. */
function Amounts({ amounts }: { readonly amounts: DataAmounts }) {
  const { resources, records, contentBytes } = amounts;
  const rows = Object.entries({ ...resources, ...records }).map(([name, count]) => [name, formatCount(count)]);
  const staying = stays.reduce((sum, name) => sum + (records[name] ?? 0), 0);
  return (
    <Stack gap="xs">
      <Text size="sm">
        {formatCount(totalOf(amounts))} records, and {formatBytes(contentBytes)} of documents.
        {staying > 0 && ` ${formatCount(staying)} more can concern the patient or could not be checked. They stay.`}
      </Text>
      <DetailList facts={Object.fromEntries(rows)} />
    </Stack>
  );
}

/** What an erasure of a patient counts and does not delete. */
const stays: readonly string[] = [
  ...['mentioningResources', 'referencedResources', 'uncheckedResources', 'undecidedLines', 'namingCohorts'],
];

/** How much is deleted. */
export function totalOf({ resources, records }: DataAmounts): number {
  const counts = Object.entries({ ...resources, ...records }).filter(([name]) => !stays.includes(name));
  return counts.reduce((sum, [, count]) => sum + count, 0);
}
