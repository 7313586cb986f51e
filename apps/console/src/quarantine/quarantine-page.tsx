import { Button, Group, Select, TextInput, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { api } from '../api/api.ts';
import type { QuarantinedLine } from '../api/records.ts';
import { ConnectionName } from '../parts/connection-name.tsx';
import { ConnectionSelect } from '../parts/connection-select.tsx';
import { formatBytes } from '../parts/format-bytes.ts';
import { LookedUp } from '../parts/looked-up.tsx';
import { Moment } from '../parts/moment.tsx';
import { NothingYet } from '../parts/nothing-yet.tsx';
import { Page } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { useSession } from '../session/session-provider.tsx';
import { LineModal } from './line-modal.tsx';
import { placeOf } from './place-of.ts';
import { ReplayAllButton } from './replay-all-button.tsx';

const states = ['open', 'replayed', 'withheld'] as const;
const limit = 100;

/** Lines that could not be stored as they are: why, and what to do with each. */
export function QuarantinePage() {
  const { isOperator } = useSession();
  const { filters, setFilter } = useFilters(['connectionId', 'exportId', 'reason', 'state']);
  const [opened, setOpened] = useState<QuarantinedLine>();
  const { connectionId, exportId, reason, state } = filters;
  const query = { connectionId, exportId, reason, state: states.find((one) => one === state), limit };
  const found = api.useQuery('get', '/api/ehr/quarantine', { params: { query } });
  return (
    <Page title="Quarantine" actions={isOperator && exportId && <ReplayAllButton exportId={exportId} />}>
      <Group align="end">
        <ConnectionSelect clearable value={connectionId ?? null} onChange={(id) => setFilter('connectionId', id)} />
        <TextInput
          label="Export or sync run"
          placeholder="Any"
          value={exportId ?? ''}
          onChange={({ currentTarget }) => setFilter('exportId', currentTarget.value.trim())}
        />
        <Select
          label="State"
          placeholder="Any"
          clearable
          data={[...states]}
          value={state ?? null}
          onChange={(value) => setFilter('state', value)}
        />
        {reason && (
          <Button variant="default" onClick={() => setFilter('reason', null)}>
            Only {reason}: show all
          </Button>
        )}
      </Group>
      <LookedUp query={found}>
        {({ data }) => (
          <RecordTable
            caption="Lines in quarantine"
            columns={columnsFor({ onOpen: setOpened, onReason: (value) => setFilter('reason', value) })}
            rows={data}
            keyOf={({ id }) => id}
            empty={
              <NothingYet title="Nothing is in quarantine">
                Every line of every file and every entry of every search could be stored.
              </NothingYet>
            }
          />
        )}
      </LookedUp>
      {opened && <LineModal line={opened} onClose={() => setOpened(undefined)} />}
    </Page>
  );
}

function columnsFor(options: {
  readonly onOpen: (line: QuarantinedLine) => void;
  readonly onReason: (reason: string) => void;
}): readonly Column<QuarantinedLine>[] {
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
    {
      header: 'Reason',
      cell: ({ reason }) => (
        <UnstyledButton onClick={() => onReason(reason)} fz="inherit" title="Only these">
          {reason}
        </UnstyledButton>
      ),
    },
    { header: 'State', cell: ({ state }) => <StatusBadge status={state} /> },
    { header: 'Connection', cell: ({ connectionId }) => <ConnectionName id={connectionId} />, from: 'md' },
    { header: 'Size', cell: ({ sizeBytes }) => formatBytes(sizeBytes), isFigure: true, from: 'sm' },
    { header: 'Kept since', cell: ({ createdAt }) => <Moment at={createdAt} />, from: 'sm' },
  ];
}
