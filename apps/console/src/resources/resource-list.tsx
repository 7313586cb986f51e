import { UnstyledButton } from '@mantine/core';
import { api, type Searchset } from '../api/api.ts';
import { EmptyState } from '../parts/page.tsx';
import { PagedTable, pageSize, pagesReadOnce } from '../parts/paged-table.tsx';
import type { Column } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { describeResource, type FhirResource } from './describe-resource.ts';
import { Labels } from './labels.tsx';
import type { ResourceReference } from './resource-drawer.tsx';

interface ResourceListProps extends ResourceReference {
  readonly patient: string | undefined;
  readonly label: string | undefined;
  readonly onOpen: (id: string) => void;
}

/** Reads page by page along the `next` links of the search. Each page is an audit event. */
export function ResourceList({ provider, connectionId, type, patient, label, onOpen }: ResourceListProps) {
  // Only the resources of one patient are few enough to be counted each time.
  const query = {
    connectionId,
    patient,
    ...(label ? { _security: label } : {}),
    _count: pageSize,
    ...(patient ? { _total: 'accurate' as const } : {}),
  };
  const resources = api.useInfiniteQuery(
    'get',
    '/api/ehr/{provider}/resources/{type}',
    { params: { path: { provider, type }, query } },
    {
      ...pagesReadOnce,
      pageParamName: '_cursor',
      getNextPageParam: ({ link }) => cursorOf(link.find(({ relation }) => relation === 'next')?.url),
      select: ({ pages: bundles, ...list }) => ({ ...list, pages: bundles.map(toPage) }),
    },
  );
  return (
    <PagedTable
      query={resources}
      caption={`Resources of type ${type}`}
      columns={columnsFor(onOpen)}
      keyOf={({ id }) => id}
      empty={<EmptyState title={`No ${type} is stored for this choice`} />}
    />
  );
}

function toPage({ entry = [], total }: Searchset) {
  return { data: entry.map(({ resource }) => resource as FhirResource), ...(total === undefined ? {} : { total }) };
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
    { header: 'Labels', cell: ({ meta }) => <Labels meta={meta} />, from: 'sm' },
    { header: 'Updated', cell: ({ meta }) => <Timestamp at={meta?.lastUpdated} />, from: 'md' },
  ];
}
