import { titleOf } from '@bulkhead/client';
import { Button, Group, Select, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useCallback, useMemo, useState } from 'react';
import { api, type QuarantinedLine, type QuarantineGroup } from '../api/api.ts';
import { StatusBadge } from '../parts/badges.tsx';
import { ConnectionName, ConnectionSelect } from '../parts/connection.tsx';
import { formatBytes, shortened } from '../parts/format.ts';
import { EmptyState, Page, PageLink } from '../parts/page.tsx';
import { JoinedTable, pageSize, pages } from '../parts/paged-table.tsx';
import type { Column } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { type JoinedLine, joinLines, repetitionText } from './join-lines.ts';
import { LineGroups } from './line-groups.tsx';
import { LineModal, placeOf } from './line-modal.tsx';

const states = ['open', 'dismissed', 'replayed', 'withheld'] as const;

/** Lines that could not be stored, by their reason and their run. A group, or a filter, leads to its lines. */
export function QuarantinePage() {
  const { filters, setFilter, setFilters, choiceField } = useFilters(['connectionId', 'runId', 'reason', 'state']);
  const { connectionId, runId, reason, state } = filters;
  const onReason = useCallback((value: string) => setFilter('reason', value), [setFilter]);
  const onShow = useCallback(
    (group: QuarantineGroup) => setFilters({ runId: group.runId, reason: group.reason }),
    [setFilters],
  );
  const showsLines = [runId, reason, state].some((filter) => filter !== undefined);
  return (
    <Page title="Quarantine">
      <Group align="end">
        <ConnectionSelect clearable {...choiceField('connectionId')} />
        <TextInput
          label="Export or sync run"
          placeholder="Any"
          value={runId ?? ''}
          onChange={({ currentTarget }) => setFilter('runId', currentTarget.value.trim())}
        />
        <Select label="State" placeholder="Any" clearable data={[...states]} {...choiceField('state')} />
        {reason && (
          <Button variant="default" onClick={() => setFilter('reason', null)}>
            Only "{titleOf('quarantine', reason)}": show all
          </Button>
        )}
        {showsLines && (
          <Button
            variant="default"
            onClick={() => setFilters({ runId: undefined, reason: undefined, state: undefined })}
          >
            Show the groups
          </Button>
        )}
      </Group>
      {showsLines ? (
        <Lines filter={filters} onReason={onReason} />
      ) : (
        <LineGroups connectionId={connectionId} onShow={onShow} />
      )}
    </Page>
  );
}

interface LinesProps {
  readonly filter: Readonly<Record<'connectionId' | 'runId' | 'reason' | 'state', string | undefined>>;
  readonly onReason: (reason: string) => void;
}

function Lines({ filter, onReason }: LinesProps) {
  const [opened, setOpened] = useState<JoinedLine>();
  const columns = useMemo(() => columnsFor({ onOpen: setOpened, onReason }), [onReason]);
  const state = states.find((option) => option === filter.state);
  const params = { query: { ...filter, state, limit: pageSize, total: 'true' } };
  const lines = api.useInfiniteQuery('get', '/api/ehr/quarantine', { params }, pages);
  return (
    <>
      <JoinedTable
        join={joinLines}
        query={lines}
        order={filter.runId === undefined ? 'newest first' : 'in the order of the file'}
        caption="Lines in quarantine"
        columns={columns}
        keyOf={({ id }) => id}
        empty={<EmptyState title="No line matches">Clear a filter to see more.</EmptyState>}
      />
      {opened && <LineModal line={opened} onClose={() => setOpened(undefined)} />}
    </>
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
function File({ line: { source, runId, fileId } }: { readonly line: QuarantinedLine }) {
  return (
    <Text size="xs" title={fileId}>
      <PageLink to={`/${source === 'sync' ? 'syncs' : 'exports'}/${runId}`}>{shortened(fileId)}</PageLink>
    </Text>
  );
}
