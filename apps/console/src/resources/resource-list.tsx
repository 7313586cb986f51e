import { Button, Group, Text, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { api } from '../api/api.ts';
import { Moment } from '../parts/moment.tsx';
import { NothingYet, QueryResult } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { describeResource, type FhirResource } from './describe-resource.ts';
import type { ResourceReference } from './resource-drawer.tsx';

interface ResourceListProps extends ResourceReference {
  readonly patient: string | undefined;
  readonly onOpen: (id: string) => void;
}

const pageSize = 25;

/** Reads page by page along the `next` links of the search. */
export function ResourceList({ provider, connectionId, type, patient, onOpen }: ResourceListProps) {
  // The cursors of the pages before this one, for the way back.
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const query = { connectionId, patient, _count: pageSize, _cursor: cursors.at(-1) };
  const init = { params: { path: { provider, type }, query } };
  // Searched again only at the user's request, because each search is an audit event.
  const resources = api.useQuery('get', '/api/ehr/{provider}/resources/{type}', init, { refetchInterval: false });
  return (
    <QueryResult query={resources}>
      {({ entry = [], link }) => {
        const next = cursorOf(link.find(({ relation }) => relation === 'next')?.url);
        if (entry.length === 0) return <NothingYet title={`No ${type} is stored for this choice`} />;
        return (
          <>
            <RecordTable
              caption={`Resources of type ${type}`}
              columns={columnsFor(onOpen)}
              rows={entry.map(({ resource }) => resource as FhirResource)}
              keyOf={({ id }) => id}
            />
            <Group>
              <Button
                variant="default"
                disabled={cursors.length === 0}
                onClick={() => setCursors((before) => before.slice(0, -1))}
              >
                Previous
              </Button>
              <Button
                variant="default"
                disabled={next === undefined}
                onClick={() => setCursors((before) => (next === undefined ? before : [...before, next]))}
              >
                Next
              </Button>
              <Text size="sm" c="dimmed">
                Page {cursors.length + 1}
              </Text>
            </Group>
          </>
        );
      }}
    </QueryResult>
  );
}

function cursorOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : (new URL(url, window.location.href).searchParams.get('_cursor') ?? undefined);
}

function columnsFor(onOpen: (id: string) => void): readonly Column<FhirResource>[] {
  return [
    {
      header: 'Id',
      cell: ({ id }) => (
        <UnstyledButton onClick={() => onOpen(id)} c="var(--mantine-color-anchor)" fz="inherit">
          {id}
        </UnstyledButton>
      ),
    },
    { header: 'What', cell: describeResource },
    { header: 'Status', cell: ({ status }) => status, from: 'sm' },
    { header: 'Updated', cell: ({ meta }) => <Moment at={meta?.lastUpdated} />, from: 'md' },
  ];
}
