import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { api } from '../api/api.ts';
import type { ResourceSource } from '../api/records.ts';
import { LookedUp } from '../parts/looked-up.tsx';
import { Moment } from '../parts/moment.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import type { WhichResources } from './which-resources.ts';

export function ResourceSources({ provider, connectionId, type, id }: WhichResources & { readonly id: string }) {
  const init = { params: { path: { provider, type, id }, query: { connectionId } } };
  const once = { refetchInterval: false } as const;
  const found = api.useQuery('get', '/api/ehr/{provider}/resources/{type}/{id}/sources', init, once);
  return (
    <LookedUp query={found}>
      {({ data }) => (
        <RecordTable
          caption="Sources of the resource"
          columns={columnsFor(provider)}
          rows={data}
          keyOf={({ versionId, lastUpdated, storedAt }) => `${versionId}/${lastUpdated}/${storedAt}`}
        />
      )}
    </LookedUp>
  );
}

function columnsFor(provider: string): readonly Column<ResourceSource>[] {
  return [
    { header: 'Version', cell: ({ versionId = '', deleted }) => (deleted ? `${versionId} deleted` : versionId) },
    { header: 'Updated', cell: ({ lastUpdated }) => <Moment at={lastUpdated} /> },
    { header: 'Stored', cell: ({ storedAt }) => <Moment at={storedAt} /> },
    { header: 'From', cell: ({ source }) => <Source provider={provider} source={source} /> },
  ];
}

function Source({ provider, source }: { readonly provider: string; readonly source: ResourceSource['source'] }) {
  const [to, text] =
    'exportId' in source
      ? [`/exports/${provider}/${source.exportId}`, `export, line ${source.line}`]
      : [`/syncs/${provider}/${source.syncRunId}`, 'sync run'];
  return (
    <Anchor component={Link} to={to} inherit>
      {text}
    </Anchor>
  );
}
