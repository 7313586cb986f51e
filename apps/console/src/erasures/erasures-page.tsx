import { Checkbox, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconTrash } from '@tabler/icons-react';
import { api, type Erasure, type RetentionPass, refreshAll } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { ActionButton, FormButton, useAction } from '../parts/buttons.tsx';
import { errorText, warningText } from '../parts/coded-text.ts';
import { notify } from '../parts/dialogs.ts';
import { formatCount } from '../parts/format.ts';
import { EntryForm } from '../parts/forms.tsx';
import { EmptyState, Page, SectionTitle } from '../parts/page.tsx';
import { PagedTable, pageSize, pages } from '../parts/paged-table.tsx';
import { type Column, QueryTable } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { totalOf } from './amounts.tsx';

/** What operators deleted, and what was deleted because of its age. */
export function ErasuresPage() {
  const params = { query: { limit: pageSize } };
  const erasures = api.useInfiniteQuery('get', '/api/ehr/erasures', { params }, pages);
  const retention = api.useQuery('get', '/api/ehr/retention');
  return (
    <Page
      title="Erasures and retention"
      actions={
        <FormButton
          label="Purge a removed connection"
          isForAdmins
          title="Purge the data of a removed connection"
          icon={<IconTrash size={16} aria-hidden />}
          isDangerous
          isForOperators
        >
          {(close) => <PurgeRemovedForm onDone={close} />}
        </FormButton>
      }
    >
      <Text size="sm">To purge a connection or erase a patient, open the connection under Connections.</Text>
      <PagedTable
        query={erasures}
        order="newest first"
        caption="Erasures"
        columns={erasureColumns}
        keyOf={({ id }) => id}
        empty={<EmptyState title="No erasures">Nothing was erased yet.</EmptyState>}
      />
      <SectionTitle>Deleted because of their age</SectionTitle>
      <QueryTable
        query={retention}
        caption="Retention"
        columns={retentionColumns}
        keyOf={({ kind }) => kind}
        empty={<EmptyState title="No pass yet">Workers check every record once a day.</EmptyState>}
      />
    </Page>
  );
}

const erasureColumns: readonly Column<Erasure>[] = [
  { header: 'Erased', cell: ({ kind }) => kind },
  { header: 'Connection', cell: ({ connectionId }) => connectionId, from: 'md' },
  { header: 'State', cell: ({ phase }) => <StatusBadge status={phase} /> },
  {
    header: 'Deleted',
    cell: ({ deleted, found }) =>
      found ? `${formatCount(totalOf(deleted))} of ${formatCount(totalOf(found))}` : formatCount(totalOf(deleted)),
    isFigure: true,
  },
  {
    header: 'Remarks',
    cell: ({ id, waitsFor = [], warnings, error }) => (
      <>
        {[...warnings.map(warningText), ...(error ? [errorText(error)] : [])].map(({ text }) => text).join(' ')}
        {waitsFor.map((process) => (
          <WaitsFor key={process.id} erasureId={id} process={process} />
        ))}
      </>
    ),
    from: 'lg',
  },
  { header: 'By', cell: ({ requestedBy }) => requestedBy, from: 'md' },
  { header: 'Asked for', cell: ({ createdAt }) => <Timestamp at={createdAt} />, from: 'sm' },
  { header: 'Completed', cell: ({ completedAt }) => <Timestamp at={completedAt} none="not yet" />, from: 'sm' },
];

const retentionColumns: readonly Column<RetentionPass>[] = [
  { header: 'Kind', cell: ({ kind }) => kind },
  {
    header: 'Kept days',
    cell: ({ keptDays }) => (keptDays === undefined ? '' : formatCount(keptDays)),
    isFigure: true,
  },
  {
    header: 'Deleted in the last pass',
    cell: ({ deleted }) => (deleted === undefined ? '' : formatCount(deleted)),
    isFigure: true,
  },
  { header: 'Last pass', cell: ({ startedAt }) => <Timestamp at={startedAt} /> },
  { header: 'Ended', cell: ({ endedAt }) => <Timestamp at={endedAt} none="under way" />, from: 'sm' },
];

interface WaitsForProps {
  readonly erasureId: string;
  readonly process: NonNullable<Erasure['waitsFor']>[number];
}

/** A process that may still write what was deleted. */
function WaitsFor({ erasureId, process }: WaitsForProps) {
  const { id: processId, kind, host, pid, reportedAt } = process;
  const confirm = useAction('post', '/api/ehr/erasures/{id}/confirm-stopped');
  return (
    <>
      <Text size="sm">
        Everything that was found is deleted. Waiting for the {kind} {host}:{pid}, which last reported{' '}
        <Timestamp at={reportedAt} />.
      </Text>
      <ActionButton
        label="This process no longer exists"
        isForAdmins
        isCompact
        mutation={confirm}
        input={{ params: { path: { id: erasureId } }, body: { processId } }}
        question={{
          title: 'Is the process really gone?',
          text: `If the ${kind} ${host}:${pid} is only paused, it can write deleted data again when it continues. Confirm only if it, or its machine, is gone for good.`,
          action: 'It is gone',
        }}
      />
    </>
  );
}

/** A removed connection has no page. Only its id is known. */
function PurgeRemovedForm({ onDone }: { readonly onDone: () => void }) {
  const purge = api.useMutation('delete', '/api/ehr/connections/{id}', {
    onSuccess: async () => {
      onDone();
      notify.done('The purge has started.');
      await refreshAll();
    },
  });
  const form = useForm({
    initialValues: { id: '', isSure: false },
    validate: {
      id: (id) => (id.trim() === '' ? 'Enter the id of the removed connection' : null),
      isSure: (isSure) => (isSure ? null : 'Confirm the deletion'),
    },
  });
  const submit = ({ id }: { readonly id: string }) =>
    purge.mutate({ params: { path: { id: id.trim() }, query: { data: 'purge' } } });
  return (
    <EntryForm action="Purge" mutation={purge} onSubmit={form.onSubmit(submit)}>
      <TextInput
        label="Id of the connection"
        description="You find it in the audit log"
        withAsterisk
        {...form.getInputProps('id')}
      />
      <Checkbox
        label="Delete all its stored data permanently"
        {...form.getInputProps('isSure', { type: 'checkbox' })}
      />
    </EntryForm>
  );
}
