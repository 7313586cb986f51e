import { Anchor, Group, Select, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { anyProvider, api, type PatientDocument, refresh } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { ActionButton, useAction } from '../parts/buttons.tsx';
import { ConnectionSelect } from '../parts/connection.tsx';
import { notify } from '../parts/dialogs.ts';
import { formatBytes } from '../parts/format.ts';
import { EmptyState, Page, PageLink } from '../parts/page.tsx';
import { PagedTable, pageSize, pagesReadOnce } from '../parts/paged-table.tsx';
import type { Column } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { documentStates, whatToDo } from './document-texts.ts';

/** So that typing does not send a request for each letter. */
const typingMs = 300;

/** The documents of a connection: whether their content is stored, and why it is not. Each read is an audit event. */
export function DocumentsPage() {
  const { filters, setFilter, choiceField } = useFilters(['connectionId', 'state', 'patient']);
  const { connectionId } = filters;
  return (
    <Page title="Documents">
      <Group align="end">
        <ConnectionSelect placeholder="Choose one" {...choiceField('connectionId')} />
        <Select label="State" placeholder="Any" clearable data={[...documentStates]} {...choiceField('state')} />
        <TextInput
          label="Patient"
          placeholder="Id at the EHR"
          value={filters.patient ?? ''}
          onChange={({ currentTarget }) => setFilter('patient', currentTarget.value.trim())}
        />
      </Group>
      {connectionId === undefined ? (
        <EmptyState title="Choose a connection">
          Documents are the attachments of DiagnosticReport and DocumentReference.
        </EmptyState>
      ) : (
        <DocumentList filters={{ ...filters, connectionId }} />
      )}
    </Page>
  );
}

interface DocumentListProps {
  readonly filters: Readonly<Record<'state' | 'patient', string | undefined>> & { readonly connectionId: string };
}

function DocumentList({ filters }: DocumentListProps) {
  const [{ connectionId, state, patient }] = useDebouncedValue(filters, typingMs);
  const filter = { connectionId, patient, state: documentStates.find((option) => option === state) };
  const query = { ...filter, limit: pageSize, total: 'true' as const };
  const init = { params: { path: { provider: anyProvider }, query } };
  const documents = api.useInfiniteQuery('get', '/api/ehr/{provider}/documents', init, pagesReadOnce);
  return (
    <PagedTable
      query={documents}
      caption="Documents"
      columns={columns}
      keyOf={({ id }) => id}
      empty={
        <EmptyState title="No documents for this choice">
          Documents appear here once a resource that references them is stored.
        </EmptyState>
      }
    />
  );
}

const columns: readonly Column<PatientDocument>[] = [
  { header: 'Document', cell: (document) => <Title document={document} /> },
  { header: 'State', cell: ({ state }) => <StatusBadge status={state} /> },
  { header: 'What to do', cell: (document) => <Text size="sm">{whatToDo(document)}</Text> },
  { header: 'Of', cell: (document) => <Resource document={document} />, from: 'md' },
  { header: 'Patient', cell: ({ patientId }) => patientId, from: 'lg' },
  {
    header: 'Size',
    cell: ({ sizeBytes }) => (sizeBytes === undefined ? '' : formatBytes(sizeBytes)),
    isFigure: true,
    from: 'sm',
  },
  { header: 'Ended', cell: ({ completedAt }) => <Timestamp at={completedAt} none="" />, from: 'lg' },
  {
    header: 'Actions',
    cell: ({ id, state }) => (state === 'failed' || state === 'skipped') && <RetryButton id={id} />,
  },
];

function Title({ document }: { readonly document: PatientDocument }) {
  const { id, title, contentType, state } = document;
  const name = title ?? contentType ?? id;
  if (state !== 'stored') return name;
  return (
    <Anchor
      href={`/api/ehr/${anyProvider}/documents/${encodeURIComponent(id)}`}
      target="_blank"
      rel="noreferrer"
      inherit
    >
      {name}
    </Anchor>
  );
}

function Resource({ document: { connectionId, resource } }: { readonly document: PatientDocument }) {
  const { type, id } = resource;
  return (
    <PageLink to={`/resources?${new URLSearchParams({ connectionId, type, id })}`}>
      {type} {id}
    </PageLink>
  );
}

function RetryButton({ id }: { readonly id: string }) {
  const retry = useAction('post', '/api/ehr/{provider}/documents/{id}/retry', {
    onSuccess: async () => {
      notify.done('The document will be fetched again.');
      await refresh('/api/ehr/{provider}/documents');
    },
  });
  return (
    <ActionButton
      label="Fetch again"
      mutation={retry}
      input={{ params: { path: { provider: anyProvider, id } } }}
      isCompact
    />
  );
}
