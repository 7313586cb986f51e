import { titleOf } from '@bulkhead/client';
import { Button, Group, Select, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { api, type QuarantinedLine, refresh } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { ActionButton, useAction } from '../parts/buttons.tsx';
import { ConnectionName, ConnectionSelect, useConnection } from '../parts/connection.tsx';
import { notify } from '../parts/dialogs.ts';
import { formatBytes, formatCount, shortened } from '../parts/format.ts';
import { EmptyState, Page, PageLink } from '../parts/page.tsx';
import { JoinedTable, pageSize, pages } from '../parts/paged-table.tsx';
import type { Column } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { useSession } from '../session/session-provider.tsx';
import { type JoinedLine, joinLines, repetitionText } from './join-lines.ts';
import { LineModal, placeOf } from './line-modal.tsx';
import { canReplayUnchanged } from './replayable.ts';

const states = ['open', 'replayed', 'withheld'] as const;

/** Lines that could not be stored, with the reason and the actions. */
export function QuarantinePage() {
  const { isOperator } = useSession();
  const { filters, setFilter, choiceField } = useFilters(['connectionId', 'exportId', 'reason', 'state']);
  const [opened, setOpened] = useState<JoinedLine>();
  const { connectionId, exportId, reason, state } = filters;
  const filter = { connectionId, exportId, reason, state: states.find((option) => option === state) };
  const params = { query: { ...filter, limit: pageSize, total: 'true' } };
  const lines = api.useInfiniteQuery('get', '/api/ehr/quarantine', { params }, pages);
  return (
    <Page
      title="Quarantine"
      actions={isOperator && exportId && hasReplayable(lines.data) && <ReplayAllButton exportId={exportId} />}
    >
      <Group align="end">
        <ConnectionSelect clearable {...choiceField('connectionId')} />
        <TextInput
          label="Export or sync run"
          placeholder="Any"
          value={exportId ?? ''}
          onChange={({ currentTarget }) => setFilter('exportId', currentTarget.value.trim())}
        />
        <Select label="State" placeholder="Any" clearable data={[...states]} {...choiceField('state')} />
        {reason && (
          <Button variant="default" onClick={() => setFilter('reason', null)}>
            Only "{titleOf('quarantine', reason)}": show all
          </Button>
        )}
      </Group>
      <JoinedTable
        join={joinLines}
        query={lines}
        order="oldest export first"
        caption="Lines in quarantine"
        columns={columnsFor({ onOpen: setOpened, onReason: (value) => setFilter('reason', value) })}
        keyOf={({ id }) => id}
        empty={
          <EmptyState title="The quarantine is empty">
            All lines of files and all entries of searches were stored.
          </EmptyState>
        }
      />
      {opened && <LineModal line={opened} onClose={() => setOpened(undefined)} />}
    </Page>
  );
}

function columnsFor(options: {
  readonly onOpen: (line: JoinedLine) => void;
  readonly onReason: (reason: string) => void;
}): readonly Column<JoinedLine>[] {
  const { onOpen, onReason } = options;
  return [
    {
      header: 'Place',
      cell: (line) => (
        <UnstyledButton onClick={() => onOpen(line)} c="var(--mantine-color-anchor)" fz="inherit">
          {placeOf(line)}
        </UnstyledButton>
      ),
    },
    { header: 'Type', cell: ({ resourceType }) => resourceType ?? 'not known' },
    { header: 'File', cell: (line) => <File line={line} />, from: 'md' },
    {
      header: 'Reason',
      cell: ({ reason }) => (
        <UnstyledButton onClick={() => onReason(reason)} fz="inherit" title="Only these">
          {titleOf('quarantine', reason)}
        </UnstyledButton>
      ),
    },
    {
      header: 'Repeated',
      cell: ({ repetitions }) => repetitionText(repetitions.length),
      from: 'sm',
    },
    { header: 'State', cell: ({ state }) => <StatusBadge status={state} /> },
    { header: 'Connection', cell: ({ connectionId }) => <ConnectionName id={connectionId} />, from: 'md' },
    { header: 'Size', cell: ({ sizeBytes }) => formatBytes(sizeBytes), isFigure: true, from: 'sm' },
    { header: 'Kept since', cell: ({ createdAt }) => <Timestamp at={createdAt} />, from: 'sm' },
  ];
}

/** The file of the export, or the search of the sync run, with a link to the run. */
function File({ line: { source, connectionId, exportId, fileId } }: { readonly line: QuarantinedLine }) {
  const provider = useConnection(connectionId)?.provider;
  return (
    <Text size="xs" title={fileId}>
      {provider === undefined ? (
        shortened(fileId)
      ) : (
        <PageLink to={`/${source === 'sync' ? 'syncs' : 'exports'}/${provider}/${exportId}`}>
          {shortened(fileId)}
        </PageLink>
      )}
    </Text>
  );
}

/** Whether a line that is shown can be stored without a correction. */
function hasReplayable(list: { readonly pages: readonly { readonly data: readonly QuarantinedLine[] }[] } | undefined) {
  return list?.pages.some(({ data }) => data.some(canReplayUnchanged)) === true;
}

/** Replays every open line of an export, or entry of a sync run, after the cause was fixed. */
function ReplayAllButton({ exportId }: { readonly exportId: string }) {
  const replay = useAction('post', '/api/ehr/quarantine/replay', {
    onSuccess: ({ data }) => {
      notify.done(`${formatCount(data.count)} lines are being stored again.`);
      return refresh('/api/ehr/quarantine');
    },
  });
  return <ActionButton label="Replay all of this run" mutation={replay} input={{ body: { exportId } }} />;
}
