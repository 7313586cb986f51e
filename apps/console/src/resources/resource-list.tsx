import { UnstyledButton } from '@mantine/core';
import { useMemo } from 'react';
import { anyProvider, api, type Searchset } from '../api/api.ts';
import { EmptyState, PageLink } from '../parts/page.tsx';
import { PagedTable, pageSize, pagesReadOnce } from '../parts/paged-table.tsx';
import type { Column } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { describeResource, type FhirResource } from './describe-resource.ts';
import { Labels } from './labels.tsx';
import type { ResourceReference } from './resource-drawer.tsx';
import { dateOf, parseWithValues, patientOf, valueText } from './resource-facts.ts';

/** The search parameters that the page has fields for. */
export interface ResourceFilters {
  readonly patient: string | undefined;
  readonly code: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly label: string | undefined;
}

interface ResourceListProps extends ResourceReference {
  readonly filters: ResourceFilters;
  readonly onOpen: (id: string) => void;
}

/** Reads page by page along the `next` links of the search. Each page is an audit event. */
export function ResourceList({ connectionId, type, filters, onOpen }: ResourceListProps) {
  const { patient, code, from, to, label } = filters;
  const dates = [...(from ? [`ge${from}`] : []), ...(to ? [`le${to}`] : [])];
  const query = {
    connectionId,
    patient,
    ...(code ? { code: [code] } : {}),
    ...(dates.length > 0 ? { date: dates } : {}),
    ...(label ? { _security: label } : {}),
    _count: pageSize,
    // Only the resources of one patient are few enough to be counted each time.
    ...(patient ? { _total: 'accurate' as const } : {}),
  };
  const init = { params: { path: { provider: anyProvider, type }, query }, parseAs: 'text' as const };
  const resources = api.useInfiniteQuery('get', '/api/ehr/{provider}/resources/{type}', init, {
    ...pagesReadOnce,
    pageParamName: '_cursor',
    getNextPageParam: (text) => cursorOf(toBundle(text).link.find(({ relation }) => relation === 'next')?.url),
    select: ({ pages: bundles, ...list }) => ({ ...list, pages: bundles.map((text) => toPage(toBundle(text))) }),
  });
  const columns = useMemo(() => columnsFor({ connectionId, type, onOpen }), [connectionId, type, onOpen]);
  return (
    <PagedTable
      query={resources}
      caption={`Resources of type ${type}`}
      columns={columns}
      keyOf={({ id }) => id}
      empty={<EmptyState title={`No stored ${type} matches`} />}
    />
  );
}

function toBundle(text: unknown): Searchset {
  return parseWithValues(String(text)) as Searchset;
}

function toPage({ entry = [], total }: Searchset) {
  return { data: entry.map(({ resource }) => resource as FhirResource), ...(total === undefined ? {} : { total }) };
}

function cursorOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : (new URL(url, window.location.href).searchParams.get('_cursor') ?? undefined);
}

function columnsFor(options: {
  readonly connectionId: string;
  readonly type: string;
  readonly onOpen: (id: string) => void;
}): readonly Column<FhirResource>[] {
  const { connectionId, type, onOpen } = options;
  const ofPatient = (patient: string) => `/resources?${new URLSearchParams({ connectionId, type, patient })}`;
  const facts = (resource: FhirResource) => resource as unknown as Parameters<typeof valueText>[0];
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
    ...(type === 'Observation'
      ? [{ header: 'Value', cell: (resource: FhirResource) => valueText(facts(resource)) }]
      : []),
    { header: 'Date', cell: (resource) => <span className="timestamp">{dateOf(facts(resource))}</span>, from: 'sm' },
    ...(type === 'Patient'
      ? []
      : [
          {
            header: 'Patient',
            cell: (resource: FhirResource) => {
              const patient = patientOf(facts(resource));
              return patient && <PageLink to={ofPatient(patient)}>{patient}</PageLink>;
            },
            from: 'sm' as const,
          },
        ]),
    { header: 'Status', cell: ({ status }) => status, from: 'md' },
    { header: 'Labels', cell: ({ meta }) => <Labels meta={meta} />, from: 'xl' },
    { header: 'Updated', cell: ({ meta }) => <Timestamp at={meta?.lastUpdated} />, from: 'xl' },
  ];
}
