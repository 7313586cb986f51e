import { titleOf } from '@bulkhead/client';
import { Button, Group, Select, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconDownload } from '@tabler/icons-react';
import { type AuditEvent, api } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { shortened } from '../parts/format.ts';
import { EmptyState, Page, PageLink } from '../parts/page.tsx';
import { PagedTable, pageSize, pagesReadOnce } from '../parts/paged-table.tsx';
import type { Column } from '../parts/record-table.tsx';
import { fromLocalInput, localZone, toLocalInput } from '../parts/times.ts';
import { Timestamp } from '../parts/timestamp.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { targetLinks } from './target-links.ts';

const filterNames = ['patient', 'actor', 'action', 'outcome', 'from', 'to'] as const;
const outcomes = ['success', 'unchanged', 'refused', 'failed'] as const;
const patientId = /^[A-Za-z0-9\-._]{1,128}$/;
/** So that typing does not send a request for each letter. */
const typingMs = 300;

/** Who did what, newest first. Each read of it is recorded in the audit log, so it is read again only when the operator asks. */
export function AuditPage() {
  const { filters, setFilter, textField, choiceField } = useFilters(filterNames);
  const [{ patient, actor, action, outcome, from, to }] = useDebouncedValue(filters, typingMs);
  const isPatientId = patient === undefined || patientId.test(patient);
  const filter = { patient, actor, action, from, to, outcome: outcomes.find((option) => option === outcome) };
  const init = { params: { query: { ...filter, limit: pageSize, total: 'true' as const } } };
  const options = { ...pagesReadOnce, enabled: isPatientId };
  const events = api.useInfiniteQuery('get', '/api/ehr/audit-events', init, options);
  return (
    <Page title="Audit" actions={isPatientId && !events.error && <Downloads filter={filter} />}>
      <Group align="end">
        <TextInput
          label="Patient"
          placeholder="Id at the EHR"
          error={isPatientId ? undefined : 'An id has no spaces and no slash'}
          {...textField('patient')}
        />
        <TextInput label="Who" placeholder="Id of a key or client" {...textField('actor')} />
        <TextInput label="What" placeholder="export.create" {...textField('action')} />
        <Select label="Outcome" placeholder="Any" clearable data={[...outcomes]} {...choiceField('outcome')} />
        <TimeField label="From" at={filters.from} onChange={(at) => setFilter('from', at)} />
        <TimeField label="Before" at={filters.to} onChange={(at) => setFilter('to', at)} />
      </Group>
      <PagedTable
        query={events}
        order="newest first"
        caption="Audit events"
        columns={columns}
        keyOf={({ id }) => id}
        empty={<EmptyState title="No events for this choice" />}
      />
    </Page>
  );
}

const formats = { csv: 'Download CSV', ndjson: 'Download NDJSON' };

/** Links to all events of the filter, as files. */
function Downloads({ filter }: { readonly filter: Readonly<Record<string, string | undefined>> }) {
  const chosen = Object.entries(filter).flatMap(([name, value]) => (value ? [[name, value]] : []));
  return Object.entries(formats).map(([format, label]) => (
    <Button
      key={format}
      component="a"
      variant="default"
      leftSection={<IconDownload size={16} aria-hidden />}
      href={`/api/ehr/audit-events/download?${new URLSearchParams([...chosen, ['format', format]])}`}
      download
    >
      {label}
    </Button>
  ));
}

const columns: readonly Column<AuditEvent>[] = [
  { header: 'When', cell: ({ at }) => <Timestamp at={at} isExact /> },
  { header: 'Who', cell: ({ actor }) => <Actor actor={actor} /> },
  { header: 'What', cell: ({ action, count }) => (count === undefined ? action : `${action} × ${count}`) },
  { header: 'Outcome', cell: ({ outcome, code }) => <Outcome outcome={outcome} code={code} />, from: 'sm' },
  {
    header: 'On what',
    cell: (event) => <Targets event={event} />,
    from: 'md',
  },
  { header: 'Patients', cell: ({ patients = [] }) => patientsText(patients), from: 'md' },
  { header: 'From', cell: ({ address }) => address, from: 'lg' },
];

/** A FHIR client can have the same name as a key, so its kind is below its name. */
function Actor({ actor: { kind, name = kind } }: Pick<AuditEvent, 'actor'>) {
  if (kind !== 'client') return name;
  return (
    <>
      <PageLink to="/clients">{name}</PageLink>
      <Text size="xs">FHIR client</Text>
    </>
  );
}

/** Why the action was refused, below its outcome. */
function Outcome({ outcome, code }: Pick<AuditEvent, 'outcome' | 'code'>) {
  return (
    <>
      <StatusBadge status={outcome} />
      {code !== undefined && <Text size="xs">{titleOf('error', code)}</Text>}
    </>
  );
}

interface TimeFieldProps {
  readonly label: string;
  readonly at: string | undefined;
  readonly onChange: (at: string | null) => void;
}

function TimeField({ label, at, onChange }: TimeFieldProps) {
  return (
    <TextInput
      type="datetime-local"
      label={label}
      description={`Time in ${localZone}`}
      value={toLocalInput(at)}
      onChange={({ currentTarget }) => onChange(fromLocalInput(currentTarget.value) ?? null)}
    />
  );
}

/** The things that an event names, with links to their pages. A removed thing no longer has a page. */
function Targets({ event }: { readonly event: AuditEvent }) {
  return targetLinks(event).map(({ name, value, to }) => (
    <Text key={name} size="sm" title={value} style={{ overflowWrap: 'anywhere' }}>
      {name} {to === undefined ? shortened(value) : <PageLink to={to}>{shortened(value)}</PageLink>}
    </Text>
  ));
}

const shownPatients = 3;

function patientsText(patients: readonly string[]): string {
  const names = patients.slice(0, shownPatients).map((patient) => (patient === '*' ? 'any' : patient));
  const hiddenCount = patients.length - names.length;
  return hiddenCount > 0 ? `${names.join(', ')} and ${hiddenCount} others` : names.join(', ');
}
