import { titleOf } from '@bulkhead/client';
import { Group, UnstyledButton } from '@mantine/core';
import { useMemo } from 'react';
import { api, type QuarantineGroup, refresh } from '../api/api.ts';
import { useSession } from '../api/session.ts';
import { ActionButton, useAction } from '../parts/buttons.tsx';
import { ConnectionName } from '../parts/connection.tsx';
import { notify } from '../parts/dialogs.ts';
import { formatCount, shortened } from '../parts/format.ts';
import { EmptyState, PageLink } from '../parts/page.tsx';
import { PagedTable, pageSize, pages } from '../parts/paged-table.tsx';
import type { Column } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { canHelp } from './replayable.ts';

interface LineGroupsProps {
  readonly connectionId: string | undefined;
  readonly onShow: (group: QuarantineGroup) => void;
}

/** The open lines by reason and run, the newest group first. */
export function LineGroups({ connectionId, onShow }: LineGroupsProps) {
  const params = { query: { connectionId, limit: pageSize } };
  const groups = api.useInfiniteQuery('get', '/api/ehr/quarantine/groups', { params }, pages);
  const columns = useMemo(() => columnsFor(onShow), [onShow]);
  return (
    <PagedTable
      query={groups}
      order="newest first"
      caption="Groups of open lines"
      columns={columns}
      keyOf={({ runId, reason }) => `${runId} ${reason}`}
      empty={
        <EmptyState title="No line is open">All lines of files and all entries of searches were stored.</EmptyState>
      }
    />
  );
}

function columnsFor(onShow: LineGroupsProps['onShow']): readonly Column<QuarantineGroup>[] {
  return [
    {
      header: 'Reason',
      cell: (group) => (
        <UnstyledButton onClick={() => onShow(group)} c="var(--mantine-color-anchor)" fz="inherit">
          {titleOf('quarantine', group.reason)}
        </UnstyledButton>
      ),
    },
    { header: 'Lines', cell: ({ count }) => formatCount(count), isFigure: true },
    { header: 'Run', cell: (group) => <RunOf group={group} />, from: 'sm' },
    { header: 'Connection', cell: (group) => <ConnectionName id={group.connectionId} /> },
    { header: 'Last', cell: ({ lastAt }) => <Timestamp at={lastAt} /> },
    { header: 'Actions', cell: (group) => <GroupActions group={group} /> },
  ];
}

function RunOf({ group: { runId } }: { readonly group: QuarantineGroup }) {
  const kind = runId.startsWith('sync_') ? 'sync' : 'export';
  return (
    <PageLink to={`/${kind}s/${runId}`} title={runId}>
      {kind} {shortened(runId)}
    </PageLink>
  );
}

function GroupActions({ group: { runId, reason, count } }: { readonly group: QuarantineGroup }) {
  const { isOperator } = useSession();
  const refreshLists = () => refresh('/api/ehr/quarantine', '/api/ehr/quarantine/groups');
  const replay = useAction('post', '/api/ehr/quarantine/replay', {
    onSuccess: ({ data }) => {
      notify.done(`${formatCount(data.count)} lines are being stored again.`);
      return refreshLists();
    },
  });
  const dismiss = useAction('post', '/api/ehr/quarantine/dismiss', {
    onSuccess: ({ data }) => {
      notify.done(`${formatCount(data.count)} lines are dismissed.`);
      return refreshLists();
    },
  });
  if (!isOperator) return null;
  const body = { runId, reason };
  return (
    <Group gap="xs">
      {canHelp(reason) && <ActionButton label="Replay all" mutation={replay} input={{ body }} isCompact />}
      <ActionButton
        label="Dismiss all"
        mutation={dismiss}
        input={{ body }}
        question={{
          title: `Dismiss ${formatCount(count)} ${count === 1 ? 'line' : 'lines'}?`,
          text: 'They are no longer shown as open. They keep their content until their retention ends, and can be replayed one by one.',
          action: 'Dismiss',
        }}
        isCompact
      />
    </Group>
  );
}
