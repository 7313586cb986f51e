import { Code, ScrollArea, Text } from '@mantine/core';
import { api, type Provider } from '../api/api.ts';
import { FormButton } from '../parts/buttons.tsx';
import { Page, QueryResult } from '../parts/page.tsx';
import { type Column, QueryTable } from '../parts/record-table.tsx';

/** The EHR vendors that connections can use. */
export function ProvidersPage() {
  const providers = api.useQuery('get', '/api/ehr/providers');
  return (
    <Page title="Providers">
      <Text size="sm">
        The EHR vendors and their servers. To add or change one, edit the file that BULKHEAD_PROVIDERS_FILE names.
      </Text>
      <QueryTable query={providers} caption="Providers" columns={columns} keyOf={({ id }) => id} />
    </Page>
  );
}

const columns: readonly Column<Provider>[] = [
  { header: 'Name', cell: ({ name }) => name },
  { header: 'Id', cell: ({ id }) => <Code>{id}</Code>, from: 'sm' },
  {
    header: 'FHIR endpoints',
    cell: ({ fhirEndpoints }) =>
      Object.entries(fhirEndpoints).map(([environment, url]) => (
        <Text key={environment} size="sm" style={{ overflowWrap: 'anywhere' }}>
          {environment}: {url}
        </Text>
      )),
    from: 'md',
  },
  {
    header: 'Actions',
    cell: ({ id, name }) => (
      <FormButton label="Settings" title={`Settings of ${name}`} isSecondary>
        {() => <ProviderSettings id={id} />}
      </FormButton>
    ),
  },
];

function ProviderSettings({ id }: { readonly id: string }) {
  const provider = api.useQuery('get', '/api/ehr/providers/{id}', { params: { path: { id } } });
  return (
    <QueryResult query={provider}>
      {({ data }) => (
        // A scrollable area must be reachable by keyboard.
        <ScrollArea.Autosize mah={500} viewportProps={{ tabIndex: 0 }}>
          <Code block>{JSON.stringify(data.settings, undefined, 2)}</Code>
        </ScrollArea.Autosize>
      )}
    </QueryResult>
  );
}
