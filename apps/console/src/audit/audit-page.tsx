import { Group, Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { type AuditEvent, api } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { Moment } from '../parts/moment.tsx';
import { NothingYet, Page, QueryResult } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { useFilters } from '../parts/use-filters.ts';

const outcomes = ['success', 'unchanged', 'refused', 'failed'] as const;
const patientId = /^[A-Za-z0-9\-._]{1,128}$/;
/** So that typing does not send a request for each letter. */
const typingMs = 300;

/** Who did what, newest first. Each read of it is recorded in the audit log, so it is read again only when the operator asks. */
export function AuditPage() {
  const { filters, setFilter } = useFilters(['patient', 'actor', 'action', 'outcome']);
  const [{ patient, actor, action, outcome }] = useDebouncedValue(filters, typingMs);
  const isPatientId = patient === undefined || patientId.test(patient);
  const query = { patient, actor, action, outcome: outcomes.find((option) => option === outcome) };
  const once = { refetchInterval: false, enabled: isPatientId } as const;
  const events = api.useQuery('get', '/api/ehr/audit-events', { params: { query } }, once);
  return (
    <Page title="Audit">
      <Group align="end">
        <TextInput
          label="Patient"
          placeholder="Id at the EHR"
          error={isPatientId ? undefined : 'An id has no spaces and no slash'}
          value={filters.patient ?? ''}
          onChange={({ currentTarget }) => setFilter('patient', currentTarget.value)}
        />
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
      <QueryResult query={events}>
        {({ data }) => (
          <RecordTable
            caption="Audit events"
            columns={columns}
            rows={data}
            keyOf={({ id }) => id}
            empty={<NothingYet title="No events for this choice" />}
          />
        )}
      </QueryResult>
    </Page>
  );
}

const columns: readonly Column<AuditEvent>[] = [
  { header: 'When', cell: ({ at }) => <Moment at={at} isExact /> },
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
  { header: 'Patients', cell: ({ patients = [] }) => patientsText(patients), from: 'md' },
  { header: 'From', cell: ({ address }) => address, from: 'lg' },
];

const shownPatients = 3;

function patientsText(patients: readonly string[]): string {
  const names = patients.slice(0, shownPatients).map((patient) => (patient === '*' ? 'any' : patient));
  const hiddenCount = patients.length - names.length;
  return hiddenCount > 0 ? `${names.join(', ')} and ${hiddenCount} others` : names.join(', ');
}
