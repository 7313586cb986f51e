import { Code, Drawer, Group, Tabs, Text } from '@mantine/core';
import { anyProvider, api, type ResourceSource } from '../api/api.ts';
import { PageLink, QueryResult } from '../parts/page.tsx';
import { type Column, QueryTable } from '../parts/record-table.tsx';
import { Timestamp } from '../parts/timestamp.tsx';
import { indentJson } from './describe-resource.ts';
import { Labels } from './labels.tsx';

interface ResourceDrawerProps extends ResourceReference {
  readonly id: string;
  readonly onClose: () => void;
}

/** One resource as received, and the source of each version. */
export function ResourceDrawer({ connectionId, type, id, onClose }: ResourceDrawerProps) {
  const init = {
    params: { path: { provider: anyProvider, type, id }, query: { connectionId } },
    parseAs: 'text' as const,
  };
  const once = { refetchInterval: false } as const;
  const resource = api.useQuery('get', '/api/ehr/{provider}/resources/{type}/{id}', init, once);
  const patientQuery = new URLSearchParams({ connectionId, type: 'Observation', patient: id });
  return (
    <Drawer opened onClose={onClose} position="right" size="xl" title={`${type}/${id}`}>
      {type === 'Patient' && (
        <Group mb="sm">
          <PageLink to={`/resources?${patientQuery}`} size="sm">
            Observations of this patient
          </PageLink>
        </Group>
      )}
      <Tabs defaultValue="json" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="json">JSON</Tabs.Tab>
          <Tabs.Tab value="sources">Sources</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="json" pt="sm">
          <QueryResult query={resource}>
            {(text) => (
              <>
                <Labels meta={JSON.parse(String(text)).meta} />
                <Code block tabIndex={0}>
                  {indentJson(String(text))}
                </Code>
              </>
            )}
          </QueryResult>
        </Tabs.Panel>
        <Tabs.Panel value="sources" pt="sm">
          <Text size="sm" c="dimmed" mb="xs">
            The source of each version, the stored one first.
          </Text>
          <ResourceSources connectionId={connectionId} type={type} id={id} />
        </Tabs.Panel>
      </Tabs>
    </Drawer>
  );
}

function ResourceSources({ connectionId, type, id }: ResourceReference & { readonly id: string }) {
  const init = { params: { path: { provider: anyProvider, type, id }, query: { connectionId } } };
  const once = { refetchInterval: false } as const;
  const sources = api.useQuery('get', '/api/ehr/{provider}/resources/{type}/{id}/sources', init, once);
  return (
    <QueryTable
      query={sources}
      caption="Sources of the versions"
      columns={columns}
      keyOf={({ versionId, lastUpdated, storedAt }) => `${versionId}/${lastUpdated}/${storedAt}`}
    />
  );
}

const columns: readonly Column<ResourceSource>[] = [
  { header: 'Version', cell: ({ versionId = '', deleted }) => (deleted ? `${versionId} deleted` : versionId) },
  { header: 'Updated', cell: ({ lastUpdated }) => <Timestamp at={lastUpdated} /> },
  { header: 'Stored', cell: ({ storedAt }) => <Timestamp at={storedAt} /> },
  { header: 'From', cell: ({ source }) => <Source source={source} /> },
];

function Source({ source }: { readonly source: ResourceSource['source'] }) {
  const [to, text] =
    'exportId' in source
      ? [`/exports/${source.exportId}`, `export, line ${source.line}`]
      : [`/syncs/${source.syncRunId}`, 'sync run'];
  return <PageLink to={to}>{text}</PageLink>;
}

/** The URL of the resources of a type. */
export interface ResourceReference {
  readonly connectionId: string;
  readonly type: string;
}
