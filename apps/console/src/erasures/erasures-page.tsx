import { Text, Title } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { api } from '../api/api.ts';
import type { Erasure, RetentionPass } from '../api/records.ts';
import { FormButton } from '../parts/form-button.tsx';
import { formatCount } from '../parts/format-count.ts';
import { LookedUp } from '../parts/looked-up.tsx';
import { Moment } from '../parts/moment.tsx';
import { NothingYet } from '../parts/nothing-yet.tsx';
import { Page } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { useSession } from '../session/session-provider.tsx';
import { PurgeRemovedForm } from './purge-removed-form.tsx';
import { totalOf } from './total-of.ts';

/** What was deleted on purpose, and what is deleted because of its age. */
export function ErasuresPage() {
  const { isOperator } = useSession();
  const erasures = api.useQuery('get', '/api/ehr/erasures');
  const retention = api.useQuery('get', '/api/ehr/retention');
  return (
    <Page
      title="Erasures and retention"
      actions={
        isOperator && (
          <FormButton
            label="Purge a removed connection"
            title="Purge a connection that was removed and left its data"
            icon={<IconTrash size={16} aria-hidden />}
            isDangerous
          >
            {(close) => <PurgeRemovedForm onDone={close} />}
          </FormButton>
        )
      }
    >
      <Text size="sm">Purge a connection, or erase a patient, under Connections on the page of the connection.</Text>
      <LookedUp query={erasures}>
        {({ data }) => (
          <RecordTable
            caption="Erasures"
            columns={erasureColumns}
            rows={data}
            keyOf={({ id }) => id}
            empty={<NothingYet title="No erasures">Nothing was erased so far.</NothingYet>}
          />
        )}
      </LookedUp>
      <Title order={2} size="h4">
        Deleted because of their age
      </Title>
      <LookedUp query={retention}>
        {({ data }) => (
          <RecordTable
            caption="Retention"
            columns={retentionColumns}
            rows={data}
            keyOf={({ kind }) => kind}
            empty={<NothingYet title="No pass yet">Workers look at every record once a day.</NothingYet>}
          />
        )}
      </LookedUp>
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
    cell: ({ warnings, error }) => [...warnings, ...(error ? [error] : [])].map(({ message }) => message).join(' '),
    from: 'lg',
  },
  { header: 'By', cell: ({ requestedBy }) => requestedBy, from: 'md' },
  { header: 'Asked for', cell: ({ createdAt }) => <Moment at={createdAt} />, from: 'sm' },
  { header: 'Completed', cell: ({ completedAt }) => <Moment at={completedAt} none="not yet" />, from: 'sm' },
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
  { header: 'Last pass', cell: ({ startedAt }) => <Moment at={startedAt} /> },
  { header: 'Ended', cell: ({ endedAt }) => <Moment at={endedAt} none="under way" />, from: 'sm' },
];
