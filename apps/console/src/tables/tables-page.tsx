import { Button, Group, Select, Stack, Tabs, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMemo } from 'react';
import { anyProvider, api, readOnce, type TableView } from '../api/api.ts';
import { ConnectionSelect } from '../parts/connection.tsx';
import { EmptyState, Page, QueryResult } from '../parts/page.tsx';
import { type Column, RecordTable } from '../parts/record-table.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { type PreviewRow, readRows } from './read-rows.ts';

const formats = { parquet: 'Parquet', csv: 'CSV', ndjson: 'NDJSON' } as const;
/** Enough to see what the columns hold. */
const previewRows = 50;

/** The stored resources as tables: the first rows of a view, and downloads of the whole table. */
export function TablesPage() {
  const { filters, choiceField } = useFilters(['connectionId', 'view']);
  const { connectionId, view: name } = filters;
  const views = api.useQuery(
    'get',
    '/api/ehr/{provider}/tables',
    { params: { path: { provider: anyProvider } } },
    readOnce,
  );
  return (
    <Page title="Tables">
      <QueryResult query={views}>
        {({ data }) => {
          const view = data.find((candidate) => candidate.name === name);
          return (
            <>
              <Group align="end">
                <ConnectionSelect placeholder="Choose one" allowDeselect={false} {...choiceField('connectionId')} />
                <Select
                  label="View"
                  placeholder="Choose one"
                  allowDeselect={false}
                  data={data.map(({ name: value, title }) => ({ value, label: title }))}
                  {...choiceField('view')}
                />
              </Group>
              {connectionId && view ? (
                <Preview key={`${connectionId}/${view.name}`} connectionId={connectionId} view={view} />
              ) : (
                <EmptyState title="Choose a connection and a view">
                  The first {previewRows} rows are then shown, with downloads for DuckDB, databases and spreadsheets.
                </EmptyState>
              )}
            </>
          );
        }}
      </QueryResult>
    </Page>
  );
}

interface PreviewProps {
  readonly connectionId: string;
  readonly view: TableView;
}

/** Each preview is an event of the audit log. */
function Preview({ connectionId, view }: PreviewProps) {
  const { name, description } = view;
  const query = { connectionId, format: 'ndjson' as const, _limit: previewRows };
  const init = { params: { path: { provider: anyProvider, view: name }, query }, parseAs: 'text' as const };
  const preview = api.useQuery('get', '/api/ehr/{provider}/tables/{view}', init, readOnce);
  const rowColumns = useMemo(() => view.columns.map(toColumn), [view]);
  const address = `/api/ehr/${anyProvider}/tables/${name}`;
  return (
    <Stack gap="sm">
      <Group>
        {Object.entries(formats).map(([format, label]) => (
          <Button
            key={format}
            component="a"
            href={`${address}?${new URLSearchParams({ connectionId, format })}`}
            download
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            Download {label}
          </Button>
        ))}
      </Group>
      <Text size="sm" c="dimmed">
        {description} A download has all rows.
      </Text>
      <Tabs defaultValue="rows" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="rows">First {previewRows} rows</Tabs.Tab>
          <Tabs.Tab value="columns">Columns</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="rows" pt="sm">
          <QueryResult query={preview}>
            {(text) => (
              <RecordTable
                caption={`Rows of ${name}`}
                columns={rowColumns}
                rows={readRows(String(text))}
                keyOf={({ number }) => String(number)}
                empty={<EmptyState title="The table has no rows">No resource of this type is stored.</EmptyState>}
              />
            )}
          </QueryResult>
        </Tabs.Panel>
        <Tabs.Panel value="columns" pt="sm">
          <RecordTable
            caption={`Columns of ${name}`}
            columns={columnColumns}
            rows={view.columns}
            keyOf={(column) => column.name}
          />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}

function toColumn({ name, type }: TableView['columns'][number]): Column<PreviewRow> {
  return { header: name, cell: ({ cells }) => cells[name] ?? '', isFigure: type === 'decimal' };
}

const columnColumns: readonly Column<TableView['columns'][number]>[] = [
  { header: 'Name', cell: ({ name }) => name },
  { header: 'Type', cell: ({ type, isCollection }) => (isCollection ? `list of ${type}` : type) },
  { header: 'Description', cell: ({ description }) => description },
];
