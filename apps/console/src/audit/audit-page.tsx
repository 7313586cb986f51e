import { Group, Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { api } from '../api/api.ts';
import type { AuditEvent } from '../api/records.ts';
import { LookedUp } from '../parts/looked-up.tsx';
import { Moment } from '../parts/moment.tsx';
import { NothingYet } from '../parts/nothing-yet.tsx';
import { Page } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { useFilters } from '../parts/use-filters.ts';

const outcomes = ['success', 'refused', 'failed'] as const;
/** While somebody types, not every letter is a question. */
const typingMs = 300;

/** Who did what, newest first. */
export function AuditPage() {
  const { filters, setFilter } = useFilters(['actor', 'action', 'outcome']);
  const [{ actor, action, outcome }] = useDebouncedValue(filters, typingMs);
  const query = { actor, action, outcome: outcomes.find((one) => one === outcome) };
  const found = api.useQuery('get', '/api/ehr/audit-events', { params: { query } });
  return (
    <Page title="Audit">
      <Group align="end">
        <TextInput
          label="Who"
          placeholder="Id of a key"
          value={filters.actor ?? ''}
          onChange={({ currentTarget }) => setFilter('actor', currentTarget.value)}
        />
        <TextInput
          label="What"
          placeholder="export.create"
          value={filters.action ?? ''}
          onChange={({ currentTarget }) => setFilter('action', currentTarget.value)}
        />
        <Select
          label="Outcome"
          placeholder="Any"
          clearable
          data={[...outcomes]}
          value={filters.outcome ?? null}
          onChange={(value) => setFilter('outcome', value)}
        />
      </Group>
      <LookedUp query={found}>
        {({ data }) => (
          <RecordTable
            caption="Audit events"
            columns={columns}
            rows={data}
            keyOf={({ id }) => id}
            empty={<NothingYet title="No events for this choice" />}
          />
        )}
      </LookedUp>
    </Page>
  );
}

const columns: readonly Column<AuditEvent>[] = [
  { header: 'When', cell: ({ at }) => <Moment at={at} /> },
  { header: 'Who', cell: ({ actor }) => actor.name ?? actor.kind },
  { header: 'What', cell: ({ action, count }) => (count === undefined ? action : `${action} × ${count}`) },
  { header: 'Outcome', cell: ({ outcome, code }) => <StatusBadge status={code ?? outcome} />, from: 'sm' },
  {
    header: 'On what',
    cell: ({ target }) =>
      Object.entries(target)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    from: 'md',
  },
  { header: 'From', cell: ({ address }) => address, from: 'lg' },
];
